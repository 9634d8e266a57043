//! The audit trail (审计): one row per write in its own transaction, and one per refusal that matters.

use domain::time::Instant;
use sea_orm::{ActiveValue::Set, EntityTrait};
use uuid::Uuid;

use crate::database::WriteTx;
use crate::error::Result;

/// Who did what to which thing, when, from where.
#[derive(Clone, Debug)]
pub struct Record {
    /// Wall time.
    pub at: Instant,
    /// Business time.
    pub business_at: Instant,
    /// `member`, `merchant`, `admin`, `job`, `operator` (at the command line) or `anonymous`.
    pub actor_kind: &'static str,
    /// The person, if known.
    pub actor: Option<Uuid>,
    /// The operation.
    pub action: &'static str,
    /// The kind of thing.
    pub object_kind: &'static str,
    /// The thing.
    pub object: Option<Uuid>,
    /// The problem code, if it was refused.
    pub refused: Option<String>,
    /// Why it was done, where a reason is asked for.
    pub reason: Option<String>,
    /// The caller's network address.
    pub ip: Option<String>,
    /// The request that did it.
    pub request_id: String,
}

/// Writes one row.
pub async fn record(tx: &mut WriteTx, record: Record) -> Result<()> {
    let result = if record.refused.is_some() { "refused" } else { "done" };
    row::Entity::insert(row::ActiveModel {
        id: Set(Uuid::now_v7()),
        at: Set(record.at),
        business_at: Set(record.business_at),
        actor_kind: Set(record.actor_kind.into()),
        actor_id: Set(record.actor),
        action: Set(record.action.into()),
        object_kind: Set(record.object_kind.into()),
        object_id: Set(record.object),
        result: Set(result.into()),
        reason: Set(record.refused.or(record.reason)),
        ip: Set(record.ip),
        request_id: Set(record.request_id),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub at: DateTimeUtc,
        pub business_at: DateTimeUtc,
        pub actor_kind: String,
        pub actor_id: Option<Uuid>,
        pub action: String,
        pub object_kind: String,
        pub object_id: Option<Uuid>,
        pub result: String,
        pub reason: Option<String>,
        pub ip: Option<String>,
        pub request_id: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
