//! Shop staff (店员).

use domain::id::{IdentityId, MerchantId, StaffId, StoreId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::database::ReadTx;
use crate::error::Result;

/// Somebody who confirms vouchers for a store.
#[derive(Clone, Debug)]
pub struct Staff {
    /// The staff member.
    pub id: StaffId,
    /// Whose vouchers they may confirm.
    pub merchant: MerchantId,
    /// The store they work in.
    pub store: StoreId,
    /// Their name, as the invitation gave it.
    pub name: String,
}

/// The shop for which this WeChat user works now.
pub async fn find_active(tx: &ReadTx, identity: IdentityId) -> Result<Option<Staff>> {
    let found = row::Entity::find()
        .filter(row::Column::IdentityId.eq(identity.uuid()))
        .filter(row::Column::State.eq("active"))
        .one(&tx.on())
        .await?;
    Ok(found.map(|row| Staff {
        id: row.id.into(),
        merchant: row.merchant_id.into(),
        store: row.store_id.into(),
        name: row.name,
    }))
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "staff")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub merchant_id: Uuid,
        pub store_id: Uuid,
        pub identity_id: Uuid,
        pub name: String,
        pub state: String,
        pub joined_at: DateTimeUtc,
        pub left_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
