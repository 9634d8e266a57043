//! The outbox (发件箱): messages that leave in the transaction that gave rise to them, to be delivered when they can be.

use domain::time::Instant;
use sea_orm::{ActiveValue::Set, EntityTrait};
use uuid::Uuid;

use crate::database::{CHUNK, WriteTx};
use crate::error::Result;

/// A message to somebody outside.
#[derive(Clone, Debug)]
pub struct Message {
    /// The message; the same one cannot be queued twice.
    pub id: Uuid,
    /// What it says, as in `expiry_notice`.
    pub kind: &'static str,
    /// The facts, without personal data.
    pub payload: serde_json::Value,
}

/// Queues messages. Conflicts if one of them was queued before.
pub async fn queue(tx: &mut WriteTx, messages: &[Message], now: Instant) -> Result<()> {
    for messages in messages.chunks(CHUNK) {
        let rows = messages.iter().map(|message| row::ActiveModel {
            id: Set(message.id),
            kind: Set(message.kind.into()),
            payload: Set(message.payload.to_string()),
            attempts: Set(0),
            created_at: Set(now),
            next_attempt_at: Set(now),
            delivered_at: Set(None),
        });
        row::Entity::insert_many(rows).exec_without_returning(&tx.on()).await?;
    }
    Ok(())
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub kind: String,
        #[sea_orm(column_type = "Text")]
        pub payload: String,
        pub attempts: i32,
        pub created_at: DateTimeUtc,
        pub next_attempt_at: DateTimeUtc,
        pub delivered_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
