//! Stores (门店).

use domain::id::{MerchantId, StoreId};
use domain::merchant::{Store, StoreState};
use domain::time::Instant;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;

/// How many stores of one merchant a screen shows.
const MOST: u64 = 200;

/// Keeps a new store. Conflicts (`store_unique_merchant_id_name`) if the merchant has one of that name.
pub async fn insert(tx: &mut WriteTx, store: &Store, now: Instant) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(store.id.uuid()),
        merchant_id: Set(store.merchant.uuid()),
        name: Set(store.name.clone()),
        address: Set(store.address.clone()),
        phone: Set(store.phone.clone()),
        opening_hours: Set(store.opening_hours.clone()),
        state: Set(code::write(store.state)),
        created_at: Set(now),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// Finds a store of the merchant.
pub async fn find_of(tx: &ReadTx, merchant: MerchantId, id: StoreId) -> Result<Option<Store>> {
    let query = row::Entity::find_by_id(id.uuid()).filter(row::Column::MerchantId.eq(merchant.uuid()));
    query.one(&tx.on()).await?.map(Store::try_from).transpose()
}

/// The merchant's stores in the order they were opened, with or without the closed ones.
pub async fn list_of(tx: &ReadTx, merchant: MerchantId, only: Option<StoreState>) -> Result<Vec<Store>> {
    let mut query = row::Entity::find().filter(row::Column::MerchantId.eq(merchant.uuid()));
    if let Some(state) = only {
        query = query.filter(row::Column::State.eq(code::write(state)));
    }
    let rows = query.order_by_asc(row::Column::Id).limit(MOST).all(&tx.on()).await?;
    rows.into_iter().map(Store::try_from).collect()
}

impl TryFrom<row::Model> for Store {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            merchant: row.merchant_id.into(),
            name: row.name,
            address: row.address,
            phone: row.phone,
            opening_hours: row.opening_hours,
            state: code::read("store", "state", row.id, &row.state)?,
        })
    }
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "store")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub merchant_id: Uuid,
        pub name: String,
        pub address: String,
        pub phone: String,
        pub opening_hours: String,
        pub state: String,
        pub created_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
