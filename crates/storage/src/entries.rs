//! Entries (积分流水): the legs of transfers, as a member reads them.

use domain::id::{AccountId, MemberId, TransferId};
use domain::page::{Page, PageRequest};
use domain::points::TransferKind;
use domain::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, FromQueryResult, Order};
use uuid::Uuid;

use crate::accounts;
use crate::database::ReadTx;
use crate::error::Result;
use crate::mapping::code;
use crate::transfers::row as transfer;

/// Which of a member's entries a list is about.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only what did this.
    pub kind: Option<TransferKind>,
    /// Only from this instant on, by business time.
    pub from: Option<Instant>,
    /// Only before this instant, by business time.
    pub to: Option<Instant>,
}

/// One line of a member's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryLine {
    /// Its number within the account.
    pub sequence: i64,
    /// The transfer.
    pub transfer: TransferId,
    /// What it did.
    pub kind: TransferKind,
    /// Points in or out.
    pub amount: i64,
    /// The balance after it.
    pub balance_after: i64,
    /// Why.
    pub reason: String,
    /// When, by business time.
    pub business_at: Instant,
}

/// What one transfer did to a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferLine {
    /// The transfer.
    pub transfer: TransferId,
    /// What it did.
    pub kind: TransferKind,
    /// Points in or out.
    pub points: i64,
    /// Debt paid; negative, debt made.
    pub debt: i64,
    /// Why.
    pub reason: String,
    /// When, by business time.
    pub business_at: Instant,
}

/// A member's entries, newest first; the cursor is the sequence.
pub async fn list_own(
    tx: &ReadTx,
    member: MemberId,
    filter: &Filter,
    page: &PageRequest<i64>,
) -> Result<Page<EntryLine, i64>> {
    let mut select = select();
    select
        .and_where(row::Column::AccountId.eq(AccountId::points_of(member).uuid()))
        .order_by((row::Entity, row::Column::Sequence), Order::Desc)
        .limit(page.limit + 1);
    if let Some(after) = page.after {
        select.and_where(row::Column::Sequence.lt(after));
    }
    if let Some(kind) = filter.kind {
        select.and_where(transfer::Column::Kind.eq(code::write(kind)));
    }
    if let Some(from) = filter.from {
        select.and_where(transfer::Column::BusinessAt.gte(from));
    }
    if let Some(to) = filter.to {
        select.and_where(transfer::Column::BusinessAt.lt(to));
    }
    let rows = Line::find_by_statement(tx.backend().build(&select)).all(&tx.on()).await?;
    let lines = rows
        .into_iter()
        .map(|row| {
            Ok(EntryLine {
                sequence: row.sequence,
                transfer: row.transfer_id.into(),
                kind: code::read("transfer", "kind", row.transfer_id, &row.kind)?,
                amount: row.amount,
                balance_after: row.balance_after,
                reason: row.reason,
                business_at: row.business_at,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(lines, page.limit, |line| line.sequence))
}

/// What a transfer did to this member, if it touched them.
pub async fn find_own(tx: &ReadTx, member: MemberId, id: TransferId) -> Result<Option<TransferLine>> {
    let mut select = select();
    select
        .and_where(row::Column::TransferId.eq(id.uuid()))
        .and_where(row::Column::AccountId.is_in(accounts::ids_of(member)));
    let rows = Line::find_by_statement(tx.backend().build(&select)).all(&tx.on()).await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let points_account = AccountId::points_of(member).uuid();
    let (mut points, mut debt) = (0, 0);
    for row in &rows {
        *(if row.account_id == points_account { &mut points } else { &mut debt }) += row.amount;
    }
    Ok(Some(TransferLine {
        transfer: id,
        kind: code::read("transfer", "kind", id, &first.kind)?,
        points,
        debt,
        reason: first.reason.clone(),
        business_at: first.business_at,
    }))
}

fn select() -> SelectStatement {
    Query::select()
        .columns([
            (row::Entity, row::Column::TransferId),
            (row::Entity, row::Column::AccountId),
            (row::Entity, row::Column::Sequence),
            (row::Entity, row::Column::Amount),
            (row::Entity, row::Column::BalanceAfter),
        ])
        .columns([
            (transfer::Entity, transfer::Column::Kind),
            (transfer::Entity, transfer::Column::Reason),
            (transfer::Entity, transfer::Column::BusinessAt),
        ])
        .from(row::Entity)
        .inner_join(
            transfer::Entity,
            Expr::col((transfer::Entity, transfer::Column::Id)).equals((row::Entity, row::Column::TransferId)),
        )
        .to_owned()
}

#[derive(Debug, FromQueryResult)]
struct Line {
    transfer_id: Uuid,
    account_id: Uuid,
    sequence: i64,
    amount: i64,
    balance_after: i64,
    kind: String,
    reason: String,
    business_at: Instant,
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "entry")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub transfer_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub leg: i32,
        pub account_id: Uuid,
        pub amount: i64,
        pub sequence: Option<i64>,
        pub balance_after: Option<i64>,
        pub previous_hash: Option<Vec<u8>>,
        pub hash: Option<Vec<u8>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
