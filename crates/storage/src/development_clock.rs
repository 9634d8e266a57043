//! How far the development profile has moved business time ahead of the wall.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};

use crate::database::{ReadTx, WriteTx};
use crate::error::Result;

/// Seconds that business time is ahead.
pub async fn ahead(tx: &ReadTx) -> Result<i64> {
    Ok(row::Entity::find_by_id(1).one(&tx.on()).await?.map_or(0, |row| row.ahead_seconds))
}

/// Keeps how far business time is ahead, so that a restart does not turn it back.
pub async fn set_ahead(tx: &mut WriteTx, seconds: i64) -> Result<()> {
    row::Entity::insert(row::ActiveModel { id: Set(1), ahead_seconds: Set(seconds) })
        .on_conflict(OnConflict::column(row::Column::Id).update_column(row::Column::AheadSeconds).to_owned())
        .exec_without_returning(&tx.on())
        .await?;
    Ok(())
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "development_clock")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub ahead_seconds: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
