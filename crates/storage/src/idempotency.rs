//! Idempotency keys (幂等键): the row that makes a repeated call harmless. It commits with the effect or not at all.

use domain::id::PersonId;
use domain::time::Instant;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use crate::database::WriteTx;
use crate::error::{Result, StorageError};

/// What a key is unique within.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Who calls.
    pub person: PersonId,
    /// What is called.
    pub operation: &'static str,
    /// What the client chose.
    pub key: String,
}

/// What the key says about this call.
#[derive(Debug)]
pub enum Claim {
    /// Never seen: go on.
    Fresh,
    /// Done before with the same request: give the same answer.
    Done {
        /// The stored status.
        status: u16,
        /// The stored JSON body.
        body: String,
    },
    /// Done before with another request.
    OtherRequest,
}

/// Claims the key for this transaction. While another transaction holds the same key this waits for it to end,
/// or fails as busy.
pub async fn claim(tx: &mut WriteTx, scope: &Scope, request_hash: &[u8], now: Instant) -> Result<Claim> {
    loop {
        if insert(tx, scope, request_hash, now).await? {
            return Ok(Claim::Fresh);
        }
        let id = (scope.person.uuid(), scope.operation.to_owned(), scope.key.clone());
        // An answer that is forgotten at this very moment is gone: the key is claimed anew.
        let Some(stored) = row::Entity::find_by_id(id).one(&tx.on()).await? else { continue };
        if stored.request_hash != request_hash {
            return Ok(Claim::OtherRequest);
        }
        return Ok(Claim::Done { status: u16::try_from(stored.status).unwrap_or(200), body: stored.body });
    }
}

async fn insert(tx: &mut WriteTx, scope: &Scope, request_hash: &[u8], now: Instant) -> Result<bool> {
    let inserted = row::Entity::insert(row::ActiveModel {
        person_id: Set(scope.person.uuid()),
        operation: Set(scope.operation.into()),
        key: Set(scope.key.clone()),
        request_hash: Set(request_hash.to_vec()),
        status: Set(0),
        body: Set(String::new()),
        created_at: Set(now),
    })
    .on_conflict(
        OnConflict::columns([row::Column::PersonId, row::Column::Operation, row::Column::Key]).do_nothing().to_owned(),
    )
    .exec_without_returning(&tx.on())
    .await?;
    Ok(inserted == 1)
}

/// Stores the answer beside the effect.
pub async fn settle(tx: &mut WriteTx, scope: &Scope, status: u16, body: String) -> Result<()> {
    let settled = row::Entity::update_many()
        .col_expr(row::Column::Status, i32::from(status).into())
        .col_expr(row::Column::Body, body.into())
        .filter(row::Column::PersonId.eq(scope.person.uuid()))
        .filter(row::Column::Operation.eq(scope.operation))
        .filter(row::Column::Key.eq(&scope.key))
        .exec(&tx.on())
        .await?;
    if settled.rows_affected == 1 { Ok(()) } else { Err(StorageError::corrupt("idempotency", "key", &scope.key)) }
}

/// Forgets answers stored before the instant; the effects stay unique by their transfer ids.
pub async fn forget_before(tx: &mut WriteTx, before: Instant) -> Result<u64> {
    let forgotten =
        row::Entity::delete_many().filter(row::Column::CreatedAt.lt(before)).exec(&tx.on()).await?.rows_affected;
    Ok(forgotten)
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "idempotency")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub operation: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub request_hash: Vec<u8>,
        pub status: i32,
        pub body: String,
        pub created_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
