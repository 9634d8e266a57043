//! Fingerprints (指纹) of the keys with which this database was begun.

use std::collections::BTreeMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};

use crate::database::{ReadTx, WriteTx};
use crate::error::Result;

/// Every fingerprint by its key's name.
pub async fn all(tx: &ReadTx) -> Result<BTreeMap<String, Vec<u8>>> {
    let rows = row::Entity::find().all(&tx.on()).await?;
    Ok(rows.into_iter().map(|row| (row.name, row.fingerprint)).collect())
}

/// Keeps those whose names are new; a name that is known keeps the fingerprint it has.
pub async fn insert_missing(tx: &mut WriteTx, fingerprints: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    let rows = fingerprints
        .iter()
        .map(|(name, fingerprint)| row::ActiveModel { name: Set(name.clone()), fingerprint: Set(fingerprint.clone()) });
    row::Entity::insert_many(rows)
        .on_conflict(OnConflict::column(row::Column::Name).do_nothing().to_owned())
        .exec_without_returning(&tx.on())
        .await?;
    Ok(())
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "key_fingerprint")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub fingerprint: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
