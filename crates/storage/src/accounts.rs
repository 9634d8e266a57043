//! Ledger accounts (账户): each member's points and debt, and the books' own.

use std::collections::HashMap;

use domain::code::Code;
use domain::id::{AccountId, MemberId};
use domain::organisation::NodePath;
use domain::points::{Account, SystemAccount};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect,
};

use crate::database::{CHUNK, ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::lots::{self, row as lot};
use crate::mapping::few_lengths;
use crate::{enrolments, exclusions, members, organisations};

const POINTS: &str = "points";
const DEBT: &str = "debt";

/// How far ahead a balance tells what expires.
const EXPIRING_SOON: chrono::Duration = chrono::Duration::days(60);

/// What a member sees of their points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// What can be spent: neither held nor expired.
    pub available: i64,
    /// What is reserved.
    pub held: i64,
    /// What is owed, from zero upwards.
    pub debt: i64,
    /// Whether spending is stopped.
    pub frozen: bool,
    /// Why spending is stopped, as the member reads it.
    pub frozen_because: Option<String>,
    /// What goes within 60 days, earliest first: the first instant at which it is gone, and how much.
    pub expiring: Vec<(Instant, i64)>,
    /// What was ever earned, less what was taken back.
    pub lifetime_earned: i64,
    /// The verified service minutes of a lifetime.
    pub verified_minutes: i64,
    /// Whether confirmed service may await its credit.
    pub awaits: bool,
    /// Whether the member's unit may have stopped something.
    pub excluded: bool,
}

/// Opens the books' own accounts, once.
pub async fn ensure_system_accounts(tx: &mut WriteTx) -> Result<()> {
    let accounts = SystemAccount::ALL.iter().map(|account| row(AccountId::of_system(*account), account.code(), None));
    insert_missing(tx, accounts).await
}

/// Opens the two accounts of each of these members, once. The locks do it by themselves when they find none.
pub async fn open_many(tx: &mut WriteTx, members: &[MemberId]) -> Result<()> {
    for members in members.chunks(CHUNK) {
        let accounts = members.iter().flat_map(|member| {
            let points = row(AccountId::points_of(*member), POINTS, Some(*member));
            [points, row(AccountId::debt_of(*member), DEBT, Some(*member))]
        });
        insert_missing(tx, accounts).await?;
    }
    Ok(())
}

async fn insert_missing(tx: &mut WriteTx, accounts: impl IntoIterator<Item = row::ActiveModel>) -> Result<()> {
    // No target is named: of two at once, the second may meet the first in either unique index.
    row::Entity::insert_many(accounts)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&tx.on())
        .await?;
    Ok(())
}

fn row(id: AccountId, kind: &str, member: Option<MemberId>) -> row::ActiveModel {
    row::ActiveModel {
        id: Set(id.uuid()),
        kind: Set(kind.into()),
        member_id: Set(member.map(MemberId::uuid)),
        cached: Set(member.is_some()),
        balance: Set(0),
        held: Set(0),
        sequence: Set(0),
        last_hash: Set(None),
        frozen_at: Set(None),
        frozen_because: Set(None),
        frozen_until: Set(None),
        lifetime_earned: Set(0),
        verified_minutes: Set(0),
    }
}

/// Locks a member's accounts without reading them, so that nothing is posted while they are looked at.
pub async fn lock(tx: &mut WriteTx, member: MemberId) -> Result<()> {
    let locked: Vec<uuid::Uuid> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::MemberId.eq(member.uuid()))
        .order_by_asc(row::Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(&tx.on())
        .await?;
    if locked.is_empty() { Err(StorageError::corrupt("account", "member_id", member)) } else { Ok(()) }
}

/// Reads a member's balance.
pub async fn balance(tx: &ReadTx, member: MemberId, now: Instant) -> Result<Balance> {
    Ok(balances(tx, &[member], now).await?.remove(&member).unwrap_or_default())
}

/// Reads the balances of members in one query: their two accounts by key, and the open lots by their end.
pub async fn balances(tx: &ReadTx, members: &[MemberId], now: Instant) -> Result<HashMap<MemberId, Balance>> {
    let mut select = select((row::Entity, row::Column::MemberId));
    select
        .column((row::Entity, row::Column::MemberId))
        .from(row::Entity)
        .and_where(row::Column::Id.is_in(few_lengths(members).flat_map(ids_of)));
    let mut rows: HashMap<MemberId, Vec<BalanceRow>> = members.iter().map(|member| (*member, Vec::new())).collect();
    for row in read::<BalanceOf>(tx, select).await? {
        rows.entry(row.member_id.into()).or_default().push(row.balance);
    }
    Ok(rows.into_iter().map(|(member, rows)| (member, sum_up(rows, now))).collect())
}

/// The same for a member of a unit within these subtrees; nobody else exists.
pub async fn balance_within(
    tx: &ReadTx,
    paths: &[NodePath],
    member: MemberId,
    now: Instant,
) -> Result<Option<Balance>> {
    use members::row as person;
    use organisations::row as node;
    let mut select = select((person::Entity, person::Column::Id));
    select
        .from(person::Entity)
        .inner_join(
            node::Entity,
            Expr::col((node::Entity, node::Column::Id)).equals((person::Entity, person::Column::UnitId)),
        )
        .left_join(
            row::Entity,
            Expr::col((row::Entity, row::Column::MemberId)).equals((person::Entity, person::Column::Id)),
        )
        .and_where(person::Column::Id.eq(member.uuid()))
        .cond_where(organisations::inside(paths))
        .group_by_col((person::Entity, person::Column::Id));
    let rows = read(tx, select).await?;
    Ok((!rows.is_empty()).then(|| sum_up(rows, now)))
}

fn select(member: impl IntoColumnRef) -> SelectStatement {
    let member = Expr::col(member);
    Query::select()
        .columns([
            (row::Entity, row::Column::Kind),
            (row::Entity, row::Column::Balance),
            (row::Entity, row::Column::Held),
            (row::Entity, row::Column::FrozenAt),
            (row::Entity, row::Column::FrozenBecause),
            (row::Entity, row::Column::LifetimeEarned),
            (row::Entity, row::Column::VerifiedMinutes),
        ])
        .column((lot::Entity, lot::Column::ExpiresAt))
        .expr_as(lot::Column::Remaining.sum().cast_as("bigint"), "points")
        // One look into a small index each, so that only those for whom something waits or is stopped pay for finding out
        // what.
        .expr_as(Expr::exists(enrolments::awaiting(member.clone())), "awaits")
        .expr_as(Expr::exists(exclusions::open(member, None)), "excluded")
        .group_by_col((row::Entity, row::Column::Id))
        .group_by_col((lot::Entity, lot::Column::ExpiresAt))
        .order_by((lot::Entity, lot::Column::ExpiresAt), Order::Asc)
        .to_owned()
}

/// Which lots end soon is seen here and not asked: an instant in the question would have PostgreSQL plan it anew each time.
async fn read<R: FromQueryResult + Send + Sync>(tx: &ReadTx, mut select: SelectStatement) -> Result<Vec<R>> {
    let open_lots = Condition::all()
        .add(lot::Column::AccountId.into_expr().equals((row::Entity, row::Column::Id)))
        .add(lots::open());
    select.left_join(lot::Entity, open_lots);
    Ok(R::find_by_statement(tx.backend().build(&select)).all(&tx.on()).await?)
}

fn sum_up(rows: Vec<BalanceRow>, now: Instant) -> Balance {
    // Who has no accounts yet may have served all the same, and whoever is stopped got accounts then.
    let (awaits, excluded) = (rows.first().is_none_or(|row| row.awaits), rows.first().is_some_and(|row| row.excluded));
    let mut balance = Balance { awaits, excluded, ..Balance::default() };
    let mut gone = 0;
    for row in rows {
        match row.kind.as_deref() {
            Some(DEBT) => balance.debt = -row.balance.unwrap_or(0),
            Some(_) => {
                balance.held = row.held.unwrap_or(0);
                balance.available = row.balance.unwrap_or(0) - balance.held;
                balance.frozen = row.frozen_at.is_some();
                balance.frozen_because = row.frozen_because.or(balance.frozen_because);
                balance.lifetime_earned = row.lifetime_earned.unwrap_or(0);
                balance.verified_minutes = row.verified_minutes.unwrap_or(0);
                match row.expires_at.zip(row.points) {
                    Some((at, points)) if at <= now => gone += points,
                    Some(soon) if soon.0 < now + EXPIRING_SOON => balance.expiring.push(soon),
                    _ => {}
                }
            }
            None => {}
        }
    }
    balance.available = Ord::max(balance.available - gone, 0);
    balance
}

#[derive(Debug, FromQueryResult)]
struct BalanceOf {
    member_id: uuid::Uuid,
    #[sea_orm(nested)]
    balance: BalanceRow,
}

#[derive(Debug, FromQueryResult)]
struct BalanceRow {
    kind: Option<String>,
    balance: Option<i64>,
    held: Option<i64>,
    frozen_at: Option<Instant>,
    frozen_because: Option<String>,
    lifetime_earned: Option<i64>,
    verified_minutes: Option<i64>,
    expires_at: Option<Instant>,
    points: Option<i64>,
    awaits: bool,
    excluded: bool,
}

/// Stops spending from a locked purse until an instant, or until somebody lifts it, which is longer than any instant; what
/// is stopped for longer already stays so. `because` is what the member reads.
pub async fn freeze(
    tx: &mut WriteTx,
    member: MemberId,
    because: &str,
    now: Instant,
    until: Option<Instant>,
) -> Result<()> {
    use row::Column as C;
    let shorter = until.map_or(C::FrozenUntil.is_not_null(), |until| C::FrozenUntil.lt(until));
    row::Entity::update_many()
        .col_expr(C::FrozenAt, now.into())
        .col_expr(C::FrozenBecause, because.into())
        .col_expr(C::FrozenUntil, until.into())
        .filter(C::Id.eq(AccountId::points_of(member).uuid()))
        .filter(C::FrozenAt.is_null().or(shorter))
        .exec(&tx.on())
        .await?;
    Ok(())
}

/// Lets a member spend again, if it was this that stopped them; says whether it was.
pub async fn unfreeze(tx: &mut WriteTx, member: MemberId, because: &str) -> Result<bool> {
    thaw(tx, Condition::all().add(row::Column::FrozenBecause.eq(because)), member).await
}

/// Lets a member spend again whose time is over; says whether it was.
pub async fn lift_freeze(tx: &mut WriteTx, member: MemberId, now: Instant) -> Result<bool> {
    thaw(tx, Condition::all().add(row::Column::FrozenUntil.lte(now)), member).await
}

async fn thaw(tx: &mut WriteTx, which: Condition, member: MemberId) -> Result<bool> {
    use row::Column as C;
    let thawed = row::Entity::update_many()
        .col_expr(C::FrozenAt, Expr::null())
        .col_expr(C::FrozenBecause, Expr::null())
        .col_expr(C::FrozenUntil, Expr::null())
        .filter(C::Id.eq(AccountId::points_of(member).uuid()))
        .filter(which)
        .exec(&tx.on())
        .await?;
    Ok(thawed.rows_affected == 1)
}

/// Members after this one, by id, whose spending was stopped until a time that has come.
pub async fn list_thawing(tx: &ReadTx, now: Instant, after: Option<MemberId>, limit: u64) -> Result<Vec<MemberId>> {
    let later = after.map(|after| row::Column::MemberId.gt(after.uuid()));
    let members: Vec<Option<uuid::Uuid>> = row::Entity::find()
        .select_only()
        .column(row::Column::MemberId)
        .filter(row::Column::FrozenUntil.lte(now))
        .filter(Condition::all().add_option(later))
        .order_by_asc(row::Column::MemberId)
        .limit(limit)
        .into_tuple()
        .all(&tx.on())
        .await?;
    Ok(members.into_iter().flatten().map(MemberId::new).collect())
}

/// The two accounts of a member.
pub(crate) fn ids_of(member: MemberId) -> [uuid::Uuid; 2] {
    [AccountId::points_of(member).uuid(), AccountId::debt_of(member).uuid()]
}

impl TryFrom<row::Model> for Account {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let last_hash = row
            .last_hash
            .map(|hash| hash.try_into().map_err(|_| StorageError::corrupt("account", "last_hash", row.id)));
        Ok(Self {
            id: row.id.into(),
            balance: row.balance,
            held: row.held,
            sequence: row.sequence,
            last_hash: last_hash.transpose()?,
            frozen: row.frozen_at.is_some(),
        })
    }
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "account")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub kind: String,
        pub member_id: Option<Uuid>,
        pub cached: bool,
        pub balance: i64,
        pub held: i64,
        pub sequence: i64,
        pub last_hash: Option<Vec<u8>>,
        pub frozen_at: Option<DateTimeUtc>,
        pub frozen_because: Option<String>,
        pub frozen_until: Option<DateTimeUtc>,
        pub lifetime_earned: i64,
        pub verified_minutes: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
