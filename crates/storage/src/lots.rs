//! Lots (积分批次) and what was taken out of them. Whoever changes a lot holds its account's row, so the account's lock is
//! the lots' lock too.

use domain::code::Code;
use domain::id::{AccountId, MemberId, TransferId};
use domain::points::{Lot, LotUse, Spent, TransferKind};
use domain::time::Instant;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, NullOrdering, Query};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::accounts;
use crate::database::ReadTx;
use crate::error::Result;
use crate::mapping::code;
use crate::transfers;

/// The open lots of an account, earliest expiry first.
pub(crate) async fn list_open(tx: &ReadTx, account: AccountId) -> Result<Vec<Lot>> {
    let rows = row::Entity::find()
        .filter(row::Column::AccountId.eq(account.uuid()))
        .filter(open())
        .order_by_with_nulls(row::Column::ExpiresAt, Order::Asc, NullOrdering::Last)
        .order_by_asc(row::Column::Id)
        .all(&tx.on())
        .await?;
    Ok(rows.into_iter().map(Lot::from).collect())
}

/// At most so many lots of these accounts whose time has come and that still hold something, account by account.
pub(crate) async fn list_expired(
    tx: &ReadTx,
    accounts: impl Iterator<Item = AccountId>,
    now: Instant,
    limit: u64,
) -> Result<Vec<(AccountId, Lot)>> {
    let rows = row::Entity::find()
        .filter(row::Column::AccountId.is_in(accounts.map(AccountId::uuid)))
        .filter(open())
        .filter(row::Column::ExpiresAt.lte(now))
        .order_by_asc(row::Column::AccountId)
        .order_by_asc(row::Column::ExpiresAt)
        .order_by_asc(row::Column::Id)
        .limit(limit)
        .all(&tx.on())
        .await?;
    Ok(rows.into_iter().map(|row| (row.account_id.into(), row.into())).collect())
}

/// A spending with the lots it used, if it touched any of this account.
pub(crate) async fn list_used(tx: &ReadTx, account: AccountId, id: TransferId) -> Result<Option<(Vec<Lot>, Spent)>> {
    use transfers::row as transfer;
    let (head, reversal, again) = (Alias::new("head"), Alias::new("reversal"), Alias::new("again"));
    let expiry = Query::select()
        .expr(Expr::val(1))
        .from_as(used::Entity, again.clone())
        .inner_join(
            transfer::Entity,
            Expr::col((transfer::Entity, transfer::Column::Id)).equals((again.clone(), used::Column::TransferId)),
        )
        .and_where(Expr::col((again, used::Column::LotId)).equals((row::Entity, row::Column::Id)))
        .and_where(transfer::Column::Kind.eq(TransferKind::Expire.code()))
        .to_owned();
    let select = Query::select()
        .columns([
            (row::Entity, row::Column::Id),
            (row::Entity, row::Column::Granted),
            (row::Entity, row::Column::Remaining),
            (row::Entity, row::Column::ExpiresAt),
        ])
        .column((used::Entity, used::Column::Amount))
        .column((head.clone(), transfer::Column::Kind))
        .expr_as(Expr::col((reversal.clone(), transfer::Column::Id)), "reversed_by")
        .expr_as(Expr::exists(expiry), "expired")
        .from(used::Entity)
        .inner_join(row::Entity, Expr::col((row::Entity, row::Column::Id)).equals((used::Entity, used::Column::LotId)))
        .join_as(
            sea_orm::JoinType::InnerJoin,
            transfer::Entity,
            head.clone(),
            Expr::col((head, transfer::Column::Id)).equals((used::Entity, used::Column::TransferId)),
        )
        .join_as(
            sea_orm::JoinType::LeftJoin,
            transfer::Entity,
            reversal.clone(),
            Expr::col((reversal, transfer::Column::Reverses)).equals((used::Entity, used::Column::TransferId)),
        )
        .and_where(used::Column::TransferId.eq(id.uuid()))
        .and_where(row::Column::AccountId.eq(account.uuid()))
        .to_owned();
    let rows = UsedRow::find_by_statement(tx.backend().build(&select)).all(&tx.on()).await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let spent = Spent {
        transfer: id,
        kind: code::read("transfer", "kind", id, &first.kind)?,
        uses: rows.iter().map(|row| LotUse { lot: row.id.into(), amount: row.amount }).collect(),
        expired: rows.iter().filter(|row| row.expired).map(|row| row.id.into()).collect(),
        reversed_by: first.reversed_by.map(TransferId::new),
    };
    let lot = |row: &UsedRow| Lot {
        id: row.id.into(),
        granted: row.granted,
        remaining: row.remaining,
        expires_at: row.expires_at,
    };
    Ok(Some((rows.iter().map(lot).collect(), spent)))
}

/// Whether any lot's time has come.
pub async fn any_expired(tx: &ReadTx, now: Instant) -> Result<bool> {
    let earliest: Option<Instant> = row::Entity::find()
        .select_only()
        .column(row::Column::ExpiresAt)
        .filter(open())
        .filter(row::Column::ExpiresAt.lte(now))
        .order_by_asc(row::Column::ExpiresAt)
        .limit(1)
        .into_tuple()
        .one(&tx.on())
        .await?;
    Ok(earliest.is_some())
}

/// The members behind the next `limit` lots whose time has come, in the order of their accounts; `after` is the account where
/// the last list ended. Asked lot by lot, so that the index answers without sorting what is due of everybody.
pub async fn list_members_with_expired(
    tx: &ReadTx,
    now: Instant,
    after: Option<AccountId>,
    limit: u64,
) -> Result<Vec<(AccountId, MemberId)>> {
    use accounts::row as account;
    let mut select = Query::select();
    select
        .column((row::Entity, row::Column::AccountId))
        .column((account::Entity, account::Column::MemberId))
        .from(row::Entity)
        .inner_join(
            account::Entity,
            Expr::col((account::Entity, account::Column::Id)).equals((row::Entity, row::Column::AccountId)),
        )
        .cond_where(open())
        .and_where(row::Column::ExpiresAt.lte(now))
        // While something is held no lot of the account goes.
        .and_where(Expr::col((account::Entity, account::Column::Held)).eq(0))
        .order_by((row::Entity, row::Column::AccountId), Order::Asc)
        .limit(limit);
    if let Some(after) = after {
        select.and_where(row::Column::AccountId.gt(after.uuid()));
    }
    let rows = OwnerRow::find_by_statement(tx.backend().build(&select)).all(&tx.on()).await?;
    let mut owners: Vec<_> = rows.into_iter().map(|row| (row.account_id.into(), row.member_id.into())).collect();
    owners.dedup();
    Ok(owners)
}

/// The condition "something is left", spelled so that both databases see that the partial indexes hold the answer.
pub(crate) fn open() -> sea_orm::Condition {
    sea_orm::Condition::all().add(Expr::cust("lot.remaining > 0"))
}

#[derive(Debug, FromQueryResult)]
struct UsedRow {
    id: Uuid,
    granted: i64,
    remaining: i64,
    expires_at: Option<Instant>,
    amount: i64,
    kind: String,
    expired: bool,
    reversed_by: Option<Uuid>,
}

#[derive(Debug, FromQueryResult)]
struct OwnerRow {
    account_id: Uuid,
    member_id: Uuid,
}

impl From<row::Model> for Lot {
    fn from(row: row::Model) -> Self {
        Self { id: row.id.into(), granted: row.granted, remaining: row.remaining, expires_at: row.expires_at }
    }
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "lot")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub account_id: Uuid,
        pub transfer_id: Uuid,
        pub granted: i64,
        pub remaining: i64,
        pub expires_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod used {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "lot_use")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub lot_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub transfer_id: Uuid,
        pub amount: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
