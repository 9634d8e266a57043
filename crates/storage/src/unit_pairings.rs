//! Pairings (结队): which home unit has entered which community as a block.

use domain::id::NodeId;
use domain::time::Instant;
use sea_orm::{ActiveValue::Set, EntityTrait};
use uuid::Uuid;

use crate::database::WriteTx;
use crate::error::Result;

/// Keeps new pairings of a unit and a community, each with its id.
pub async fn insert_many(tx: &mut WriteTx, pairings: &[(Uuid, NodeId, NodeId)], now: Instant) -> Result<()> {
    if pairings.is_empty() {
        return Ok(());
    }
    let rows = pairings.iter().map(|(id, unit, community)| row::ActiveModel {
        id: Set(*id),
        unit_id: Set(unit.uuid()),
        community_id: Set(community.uuid()),
        paired_at: Set(now),
        ended_at: Set(None),
    });
    row::Entity::insert_many(rows).exec_without_returning(&tx.on()).await?;
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
