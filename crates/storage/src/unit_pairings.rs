//! Pairings (结队): which home unit has entered which community as a block.

use domain::id::NodeId;
use domain::time::Instant;
use sea_orm::{ActiveValue::Set, EntityTrait};
use uuid::Uuid;

use crate::database::WriteTx;
use crate::error::Result;

/// Keeps a new pairing. Conflicts if the two are paired already.
pub async fn insert(tx: &mut WriteTx, id: Uuid, unit: NodeId, community: NodeId, now: Instant) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(id),
        unit_id: Set(unit.uuid()),
        community_id: Set(community.uuid()),
        paired_at: Set(now),
        ended_at: Set(None),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit_pairing")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub unit_id: Uuid,
        pub community_id: Uuid,
        pub paired_at: DateTimeUtc,
        pub ended_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
