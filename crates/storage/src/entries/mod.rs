//! Entries (积分流水): the legs of transfers, as a member reads them.

mod statement;

use domain::id::{AccountId, MemberId, TransferId};
use domain::points::TransferKind;
use domain::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, FromQueryResult};
use uuid::Uuid;

pub use self::statement::{EntryLine, Filter, Place, list_own};
use crate::accounts;
use crate::database::ReadTx;
use crate::error::Result;
use crate::mapping::code;
use crate::transfers::row as transfer;

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
        .columns([(row::Entity, row::Column::AccountId), (row::Entity, row::Column::Amount)])
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
    account_id: Uuid,
    amount: i64,
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
