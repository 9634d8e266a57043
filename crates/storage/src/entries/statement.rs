//! A member's statement: every transfer that touched their points or their debt, each once, newest first.
//!
//! The two accounts count their entries apart. What touched both stands in both counts and holds them together; between
//! such transfers it is the time of posting that says how the two go beside each other, and each account's own order is
//! kept even where clocks differ. A page continues where both accounts were left, so it can neither skip nor repeat.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::iter::Peekable;
use std::str::FromStr;
use std::vec::IntoIter;

use domain::id::{AccountId, MemberId, TransferId};
use domain::page::{Page, PageRequest};
use domain::points::TransferKind;
use domain::time::Instant;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, JoinType, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, FromQueryResult, Order};
use uuid::Uuid;

use super::row;
use crate::database::ReadTx;
use crate::error::Result;
use crate::mapping::code;
use crate::transfers::row as transfer;

/// What is read at once of each account when only some of it is wanted. The order and the balances follow from the whole
/// history, so that is what a filter goes through.
const MANY: u64 = 500;

/// Which of a member's entries a list is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only what did this.
    pub kind: Option<TransferKind>,
    /// Only from this instant on, by business time.
    pub from: Option<Instant>,
    /// Only before this instant, by business time.
    pub to: Option<Instant>,
}

impl Filter {
    fn admits(&self, line: &EntryLine) -> bool {
        self.kind.is_none_or(|kind| kind == line.kind)
            && self.from.is_none_or(|from| from <= line.business_at)
            && self.to.is_none_or(|to| line.business_at < to)
    }
}

/// Where a page ended: in each account, every entry with a lower number follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the points account's last entry shown.
    pub points: i64,
    /// The number of the debt account's last entry shown.
    pub debt: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.points, self.debt)
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> std::result::Result<Self, PlaceError> {
        let (points, debt) = text.split_once('.').ok_or(PlaceError)?;
        let number = |text: &str| text.parse().map_err(|_| PlaceError);
        Ok(Self { points: number(points)?, debt: number(debt)? })
    }
}

/// A text that says where no page of a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not where a page of a statement ended")]
pub struct PlaceError;

/// One line of a member's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryLine {
    /// Where it stands.
    pub place: Place,
    /// The transfer.
    pub transfer: TransferId,
    /// What it did.
    pub kind: TransferKind,
    /// Points in or out.
    pub points: i64,
    /// Debt paid; negative, debt made.
    pub debt: i64,
    /// The balance of points after it.
    pub balance_after: i64,
    /// Why.
    pub reason: String,
    /// When, by business time.
    pub business_at: Instant,
}

/// A member's statement, newest first.
pub async fn list_own(
    tx: &ReadTx,
    member: MemberId,
    filter: &Filter,
    page: &PageRequest<Place>,
) -> Result<Page<EntryLine, Place>> {
    let enough = page.limit + 1;
    let at_once = if *filter == Filter::default() { enough } else { MANY };
    let (mut lines, mut after) = (Vec::new(), page.after);
    loop {
        let mut both = Both::read(tx, member, after, at_once).await?;
        while let Some(line) = both.next()? {
            lines.extend(filter.admits(&line).then_some(line));
            if lines.len() as u64 == enough {
                return Ok(Page::from_one_more(lines, page.limit, |line| line.place));
            }
        }
        if !both.more_follows() {
            return Ok(Page { items: lines, next: None });
        }
        after = Some(both.place);
    }
}

/// Some entries of both accounts, from the newest.
struct Both {
    points: Newest,
    debt: Newest,
    place: Place,
}

struct Newest {
    rows: Peekable<IntoIter<Row>>,
    /// Whether older ones were left unread.
    cut: bool,
}

enum Next {
    Points,
    Debt,
    Together,
}

impl Both {
    /// Reads both accounts by one question, so that they are seen at the same moment.
    async fn read(tx: &ReadTx, member: MemberId, after: Option<Place>, at_once: u64) -> Result<Self> {
        let (points, debt) = (AccountId::points_of(member).uuid(), AccountId::debt_of(member).uuid());
        let mut both = newest((points, debt), DEBT_LEG, after.map(|place| place.points), at_once);
        both.union(UnionType::All, newest((debt, points), POINTS_LEG, after.map(|place| place.debt), at_once));
        let mut rows = Row::find_by_statement(tx.backend().build(&both)).all(&tx.on()).await?;
        rows.sort_by_key(|row| Reverse(row.sequence));
        let (points, debt): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.account_id == points);
        // What is posted while somebody turns the pages is newer than the first of them, and on none of the others.
        let above = |rows: &[Row]| rows.first().map_or(0, |row| row.sequence) + 1;
        let place = after.unwrap_or(Place { points: above(&points), debt: above(&debt) });
        let of = |rows: Vec<Row>| Newest { cut: rows.len() as u64 == at_once, rows: rows.into_iter().peekable() };
        Ok(Self { points: of(points), debt: of(debt), place })
    }

    /// The next line; none if there is none, or if what was not read could come before it.
    fn next(&mut self) -> Result<Option<EntryLine>> {
        let (points, debt) = (self.points.rows.peek(), self.debt.rows.peek());
        if self.points.cut && points.is_none() || self.debt.cut && debt.is_none() {
            return Ok(None);
        }
        let next = match (points, debt) {
            (None, None) => return Ok(None),
            (Some(_), None) => Next::Points,
            (None, Some(_)) => Next::Debt,
            (Some(points), Some(debt)) => newer(points, debt),
        };
        let points = if matches!(next, Next::Debt) { None } else { self.points.rows.next() };
        let debt = if matches!(next, Next::Points) { None } else { self.debt.rows.next() };
        self.place.points = points.as_ref().map_or(self.place.points, |row| row.sequence);
        self.place.debt = debt.as_ref().map_or(self.place.debt, |row| row.sequence);
        let before = self.points.rows.peek().map_or(0, |row| row.balance_after);
        let balance_after = points.as_ref().map_or(before, |row| row.balance_after);
        let amount = |row: &Option<Row>| row.as_ref().map_or(0, |row| row.amount);
        let (in_points, in_debt) = (amount(&points), amount(&debt));
        let Some(row) = points.or(debt) else { return Ok(None) };
        Ok(Some(EntryLine {
            place: self.place,
            transfer: row.transfer_id.into(),
            kind: code::read("transfer", "kind", row.transfer_id, &row.kind)?,
            points: in_points,
            debt: in_debt,
            balance_after,
            reason: row.reason,
            business_at: row.business_at,
        }))
    }

    fn more_follows(&self) -> bool {
        self.points.cut || self.debt.cut
    }
}

/// Which of the newest entries of the two accounts was posted last.
fn newer(points: &Row, debt: &Row) -> Next {
    if points.transfer_id == debt.transfer_id {
        return Next::Together;
    }
    // The other half of what touched both is further down, and so is older than what stands here.
    match (points.touched_both, debt.touched_both) {
        (false, true) => return Next::Points,
        (true, false) => return Next::Debt,
        _ => {}
    }
    match points.posted_at.cmp(&debt.posted_at) {
        Ordering::Greater => Next::Points,
        // In one transaction: debt moves by itself while there are no points.
        Ordering::Equal if points.balance_after > 0 => Next::Points,
        Ordering::Equal | Ordering::Less => Next::Debt,
    }
}

/// A transfer's first leg is that of the points account, if it touched it, and the next that of the debt account.
const POINTS_LEG: i32 = 0;
const DEBT_LEG: i32 = 1;

/// The newest entries of an account, and whether each touched the member's other account too: a single row is looked up by
/// its key for that, as for the transfer.
fn newest((account, other): (Uuid, Uuid), its_leg: i32, below: Option<i64>, at_once: u64) -> SelectStatement {
    use row::Column as C;
    const OTHER: &str = "other";
    let other_leg = Expr::col((OTHER, C::TransferId))
        .equals((row::Entity, C::TransferId))
        .and(Expr::col((OTHER, C::Leg)).eq(its_leg))
        .and(Expr::col((OTHER, C::AccountId)).eq(other));
    let mut select = Query::select();
    select
        .columns([C::TransferId, C::AccountId, C::Sequence, C::Amount, C::BalanceAfter].map(|own| (row::Entity, own)))
        .expr_as(Expr::col((OTHER, C::TransferId)).is_not_null(), "touched_both")
        .columns([
            (transfer::Entity, transfer::Column::Kind),
            (transfer::Entity, transfer::Column::Reason),
            (transfer::Entity, transfer::Column::BusinessAt),
            (transfer::Entity, transfer::Column::PostedAt),
        ])
        .from(row::Entity)
        .inner_join(
            transfer::Entity,
            Expr::col((transfer::Entity, transfer::Column::Id)).equals((row::Entity, C::TransferId)),
        )
        .join_as(JoinType::LeftJoin, row::Entity, OTHER, other_leg)
        .and_where(C::AccountId.eq(account))
        .order_by((row::Entity, C::Sequence), Order::Desc)
        .limit(at_once);
    if let Some(below) = below {
        select.and_where(C::Sequence.lt(below));
    }
    // Only as a question within one may each half have an order and a limit of its own.
    Query::select().column(Asterisk).from_subquery(select, "newest").to_owned()
}

#[derive(Debug, FromQueryResult)]
struct Row {
    transfer_id: Uuid,
    account_id: Uuid,
    sequence: i64,
    amount: i64,
    balance_after: i64,
    touched_both: bool,
    kind: String,
    reason: String,
    business_at: Instant,
    posted_at: Instant,
}
