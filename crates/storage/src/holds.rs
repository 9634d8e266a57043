//! Holds (冻结). Whoever places or ends one holds its account's row; comparing the state once more is the net below that lock.

use domain::id::{HoldId, MemberId, TransferId};
use domain::points::{Hold, HoldState, Posting};
use domain::time::Instant;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::accounts::row as account;
use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{join, transfers};

/// Keeps a new hold on a locked purse.
pub async fn place(tx: &mut WriteTx, hold: &Hold) -> Result<()> {
    change_held(tx, hold, hold.amount).await?;
    row::Entity::insert(row::ActiveModel {
        id: Set(hold.id.uuid()),
        account_id: Set(hold.account.uuid()),
        amount: Set(hold.amount),
        purpose: Set(code::write(hold.purpose)),
        state: Set(code::write(hold.state)),
        created_at: Set(hold.placed_at),
        expires_at: Set(hold.expires_at),
        transfer_id: Set(None),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// A hold as it stands. Whoever will end it locks its purse first, which keeps it so.
pub async fn find(tx: &ReadTx, id: HoldId) -> Result<Option<Hold>> {
    row::Entity::find_by_id(id.uuid()).one(&tx.on()).await?.map(Hold::try_from).transpose()
}

/// Keeps that a hold was posted, with what it posted.
pub async fn post(tx: &mut WriteTx, hold: &Hold, posting: &Posting) -> Result<()> {
    change_held(tx, hold, -hold.amount).await?;
    transfers::post(tx, posting).await?;
    end(tx, hold, Some(posting.id())).await
}

/// Keeps that a hold was voided or has expired, with the debt that was paid out of it.
pub async fn free(tx: &mut WriteTx, hold: &Hold, paid: Option<&Posting>) -> Result<()> {
    change_held(tx, hold, -hold.amount).await?;
    if let Some(posting) = paid {
        transfers::post(tx, posting).await?;
    }
    end(tx, hold, None).await
}

/// Holds after this one, by id, whose time is over and that nobody has ended, with whose points they are.
pub async fn list_overdue(
    tx: &ReadTx,
    now: Instant,
    after: Option<HoldId>,
    limit: u64,
) -> Result<Vec<(HoldId, MemberId)>> {
    let later = after.map(|after| row::Column::Id.gt(after.uuid()));
    let query = row::Entity::find().select_only().column(row::Column::Id);
    let found: Vec<(Uuid, Uuid)> = join::by_id(query, account::Entity, "account", row::Column::AccountId.into_expr())
        .expr_as(join::of("account", "member_id"), "member_id")
        .filter(row::Column::State.eq(code::write(HoldState::Pending)))
        .filter(row::Column::ExpiresAt.lte(now))
        .filter(Condition::all().add_option(later))
        .order_by_asc(row::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(&tx.on())
        .await?;
    Ok(found.into_iter().map(|(id, member)| (id.into(), member.into())).collect())
}

async fn change_held(tx: &mut WriteTx, hold: &Hold, by: i64) -> Result<()> {
    let changed = account::Entity::update_many()
        .col_expr(account::Column::Held, account::Column::Held.into_expr().add(by))
        .filter(account::Column::Id.eq(hold.account.uuid()))
        .exec(&tx.on())
        .await?;
    if changed.rows_affected == 1 { Ok(()) } else { Err(StorageError::corrupt("hold", "account_id", hold.id)) }
}

async fn end(tx: &mut WriteTx, hold: &Hold, transfer: Option<TransferId>) -> Result<()> {
    let ended = row::Entity::update_many()
        .col_expr(row::Column::State, code::write(hold.state).into())
        .col_expr(row::Column::TransferId, transfer.map(TransferId::uuid).into())
        .filter(row::Column::Id.eq(hold.id.uuid()))
        .filter(row::Column::State.eq(code::write(HoldState::Pending)))
        .exec(&tx.on())
        .await?;
    if ended.rows_affected == 1 { Ok(()) } else { Err(StorageError::conflict("hold_state")) }
}

impl TryFrom<row::Model> for Hold {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            account: row.account_id.into(),
            amount: row.amount,
            purpose: code::read("hold", "purpose", row.id, &row.purpose)?,
            state: code::read("hold", "state", row.id, &row.state)?,
            placed_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "hold")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub account_id: Uuid,
        pub amount: i64,
        pub purpose: String,
        pub state: String,
        pub created_at: DateTimeUtc,
        pub expires_at: DateTimeUtc,
        pub transfer_id: Option<Uuid>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
