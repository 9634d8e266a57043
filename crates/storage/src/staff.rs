//! Shop staff (店员).

use domain::id::{IdentityId, MerchantId, StaffId};
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationDef,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::Result;
use crate::{merchants, stores};

pub use domain::merchant::Staff;

const ACTIVE: &str = "active";
const LEFT: &str = "left";

/// A staff member as those see them who look after the merchant.
#[derive(Clone, Debug)]
pub struct StaffSummary {
    /// The staff member.
    pub id: StaffId,
    /// Their name.
    pub name: String,
    /// The store they work in.
    pub store_name: String,
    /// When they joined.
    pub joined_at: Instant,
    /// When they left.
    pub left_at: Option<Instant>,
}

/// Where a staff member works, by name.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Workplace {
    /// The merchant's name.
    pub merchant_name: String,
    /// The store's name.
    pub store_name: String,
}

/// Keeps a new staff member. Conflicts (`staff_open_identity_id`) if this WeChat user works for a shop already.
pub async fn insert(tx: &mut WriteTx, staff: &Staff, identity: IdentityId, now: Instant) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(staff.id.uuid()),
        merchant_id: Set(staff.merchant.uuid()),
        store_id: Set(staff.store.uuid()),
        identity_id: Set(identity.uuid()),
        name: Set(staff.name.clone()),
        state: Set(ACTIVE.into()),
        joined_at: Set(now),
        left_at: Set(None),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// The shop for which this WeChat user works now.
pub async fn find_active(tx: &ReadTx, identity: IdentityId) -> Result<Option<Staff>> {
    let found = row::Entity::find()
        .filter(row::Column::IdentityId.eq(identity.uuid()))
        .filter(row::Column::State.eq(ACTIVE))
        .one(&tx.on())
        .await?;
    Ok(found.map(Staff::from))
}

/// Where a staff member works.
pub async fn find_workplace(tx: &ReadTx, id: StaffId) -> Result<Option<Workplace>> {
    let query = row::Entity::find_by_id(id.uuid())
        .select_only()
        .column_as(merchants::row::Column::Name, "merchant_name")
        .column_as(stores::row::Column::Name, "store_name")
        .join(JoinType::InnerJoin, merchant())
        .join(JoinType::InnerJoin, store());
    Ok(query.into_model().one(&tx.on()).await?)
}

/// The merchant's staff, past and present or only one of both, the newest first.
pub async fn list_of(
    tx: &ReadTx,
    merchant: MerchantId,
    active: Option<bool>,
    page: &PageRequest<StaffId>,
) -> Result<Page<StaffSummary, StaffId>> {
    let mut query = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Name, row::Column::JoinedAt, row::Column::LeftAt])
        .column_as(stores::row::Column::Name, "store_name")
        .join(JoinType::InnerJoin, store())
        .filter(row::Column::MerchantId.eq(merchant.uuid()))
        .order_by_desc(row::Column::Id)
        .limit(page.limit + 1);
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after.uuid()));
    }
    if let Some(active) = active {
        query = query.filter(row::Column::State.eq(if active { ACTIVE } else { LEFT }));
    }
    let rows = query.into_model::<SummaryRow>().all(&tx.on()).await?;
    let staff = rows
        .into_iter()
        .map(|row| StaffSummary {
            id: row.id.into(),
            name: row.name,
            store_name: row.store_name,
            joined_at: row.joined_at,
            left_at: row.left_at,
        })
        .collect();
    Ok(Page::from_one_more(staff, page.limit, |staff: &StaffSummary| staff.id))
}

/// Lets one of the merchant's staff go; whether there was such a one at work.
pub async fn leave(tx: &mut WriteTx, merchant: MerchantId, id: StaffId, now: Instant) -> Result<bool> {
    let left = row::Entity::update_many()
        .col_expr(row::Column::State, LEFT.into())
        .col_expr(row::Column::LeftAt, now.into())
        .filter(row::Column::Id.eq(id.uuid()))
        .filter(row::Column::MerchantId.eq(merchant.uuid()))
        .filter(row::Column::State.eq(ACTIVE))
        .exec(&tx.on())
        .await?;
    Ok(left.rows_affected == 1)
}

fn merchant() -> RelationDef {
    row::Entity::belongs_to(merchants::row::Entity).from(row::Column::MerchantId).to(merchants::row::Column::Id).into()
}

fn store() -> RelationDef {
    row::Entity::belongs_to(stores::row::Entity).from(row::Column::StoreId).to(stores::row::Column::Id).into()
}

impl From<row::Model> for Staff {
    fn from(row: row::Model) -> Self {
        Self { id: row.id.into(), merchant: row.merchant_id.into(), store: row.store_id.into(), name: row.name }
    }
}

#[derive(FromQueryResult)]
struct SummaryRow {
    id: Uuid,
    name: String,
    store_name: String,
    joined_at: Instant,
    left_at: Option<Instant>,
}

pub(crate) mod row {
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
