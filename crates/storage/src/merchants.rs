//! Merchants (商家).

use domain::id::{MerchantId, NodeId};
use domain::merchant::{Merchant, MerchantCategory, MerchantState};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef, Select,
};

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{organisations, search};

/// Which merchants a list is about.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those that hang within these subtrees; none means everywhere.
    pub within: Option<Vec<NodePath>>,
    /// Only in this state.
    pub state: Option<MerchantState>,
    /// Only those who deal in this.
    pub category: Option<MerchantCategory>,
    /// Only those whose name contains this text.
    pub text: Option<String>,
}

/// Keeps a new merchant. Conflicts (`merchant_unique_name`) if another has the name.
pub async fn insert(tx: &mut WriteTx, merchant: &Merchant, now: Instant) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(merchant.id.uuid()),
        node_id: Set(merchant.node.uuid()),
        name: Set(merchant.name.clone()),
        category: Set(code::write(merchant.category)),
        introduction: Set(merchant.introduction.clone()),
        state: Set(code::write(merchant.state)),
        regulator_unit_id: Set(merchant.regulator.map(NodeId::uuid)),
        created_at: Set(now),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// Finds a merchant, wherever it hangs.
pub async fn find_any(tx: &ReadTx, id: MerchantId) -> Result<Option<Merchant>> {
    row::Entity::find_by_id(id.uuid()).one(&tx.on()).await?.map(Merchant::try_from).transpose()
}

/// Finds a merchant that takes part.
pub async fn find_active(tx: &ReadTx, id: MerchantId) -> Result<Option<Merchant>> {
    let query = row::Entity::find_by_id(id.uuid()).filter(row::Column::State.eq(code::write(MerchantState::Active)));
    query.one(&tx.on()).await?.map(Merchant::try_from).transpose()
}

/// Finds a merchant that hangs within these subtrees.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: MerchantId) -> Result<Option<Merchant>> {
    within(row::Entity::find_by_id(id.uuid()), paths).one(&tx.on()).await?.map(Merchant::try_from).transpose()
}

/// Lists merchants, the newest last.
pub async fn list(tx: &ReadTx, filter: &Filter, page: &PageRequest<MerchantId>) -> Result<Page<Merchant, MerchantId>> {
    let mut query = row::Entity::find().order_by_asc(row::Column::Id).limit(page.limit + 1);
    if let Some(paths) = &filter.within {
        query = within(query, paths);
    }
    if let Some(state) = filter.state {
        query = query.filter(row::Column::State.eq(code::write(state)));
    }
    if let Some(category) = filter.category {
        query = query.filter(row::Column::Category.eq(code::write(category)));
    }
    if let Some(text) = &filter.text {
        query = query.filter(search::contains((row::Entity, row::Column::Name), text));
    }
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.gt(after.uuid()));
    }
    let rows = query.all(&tx.on()).await?;
    let merchants = rows.into_iter().map(Merchant::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(merchants, page.limit, |merchant| merchant.id))
}

fn within(query: Select<row::Entity>, paths: &[NodePath]) -> Select<row::Entity> {
    query.join(JoinType::InnerJoin, node()).filter(organisations::inside(paths))
}

/// From a merchant to the organisation it hangs on.
pub(crate) fn node() -> RelationDef {
    row::Entity::belongs_to(organisations::row::Entity)
        .from(row::Column::NodeId)
        .to(organisations::row::Column::Id)
        .into()
}

impl TryFrom<row::Model> for Merchant {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            node: row.node_id.into(),
            name: row.name,
            category: code::read("merchant", "category", row.id, &row.category)?,
            introduction: row.introduction,
            state: code::read("merchant", "state", row.id, &row.state)?,
            regulator: row.regulator_unit_id.map(NodeId::new),
        })
    }
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "merchant")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub node_id: Uuid,
        pub name: String,
        pub category: String,
        pub introduction: String,
        pub state: String,
        pub regulator_unit_id: Option<Uuid>,
        pub created_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
