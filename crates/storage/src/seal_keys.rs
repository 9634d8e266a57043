//! The public keys that signed seals (封存公钥), each for ever.

use domain::time::Instant;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait, QueryOrder};

use crate::database::{ReadTx, WriteTx};
use crate::error::Result;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicSealKey {
    /// Its id, as seals name it.
    pub id: String,
    /// The Ed25519 public key.
    pub public: Vec<u8>,
    /// When it first signed.
    pub first_used_at: Instant,
}

/// Keeps a key, unless it is known.
pub async fn insert_missing(tx: &mut WriteTx, key: &PublicSealKey) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(key.id.clone()),
        public_key: Set(key.public.clone()),
        first_used_at: Set(key.first_used_at),
    })
    .on_conflict(OnConflict::new().do_nothing().to_owned())
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// Every key, in the order in which they came into use.
pub async fn list(tx: &ReadTx) -> Result<Vec<PublicSealKey>> {
    let rows = row::Entity::find().order_by_asc(row::Column::FirstUsedAt).order_by_asc(row::Column::Id);
    let key = |row: row::Model| PublicSealKey { id: row.id, public: row.public_key, first_used_at: row.first_used_at };
    Ok(rows.all(&tx.on()).await?.into_iter().map(key).collect())
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "seal_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub public_key: Vec<u8>,
        pub first_used_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
