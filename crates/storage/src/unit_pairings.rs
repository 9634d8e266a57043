//! Units paired with communities (结队).

use domain::id::NodeId;
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::{join, organisations};

/// A unit and the community it has entered as a block.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Pairing {
    /// The pairing.
    pub id: Uuid,
    unit_id: Uuid,
    community_id: Uuid,
    /// The unit's name.
    pub unit: String,
    /// The community's name.
    pub community: String,
    /// Since when.
    pub paired_at: Instant,
}

impl Pairing {
    /// The unit.
    pub fn unit_id(&self) -> NodeId {
        self.unit_id.into()
    }

    /// The community.
    pub fn community_id(&self) -> NodeId {
        self.community_id.into()
    }
}

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

/// Whether a conflict is this: one is open already.
pub fn is_open_conflict(error: &StorageError) -> bool {
    error.breaks("unit_pairing_open") || error.breaks("unit_pairing.unit_id")
}

/// Whether the two are paired now.
pub async fn exists(tx: &ReadTx, unit: NodeId, community: NodeId) -> Result<bool> {
    let found = row::Entity::find()
        .filter(row::Column::UnitId.eq(unit.uuid()))
        .filter(row::Column::CommunityId.eq(community.uuid()))
        .filter(row::Column::EndedAt.is_null())
        .one(&tx.on())
        .await?;
    Ok(found.is_some())
}

/// The ids of the units that are paired now with a community around, at or below these nodes, for a query.
pub(crate) fn unit_ids_around(paths: &[NodePath]) -> SelectStatement {
    let above: Vec<_> = paths.iter().flat_map(NodePath::upwards).map(|path| path.as_str().to_owned()).collect();
    let around = Condition::any().add(organisations::inside(paths)).add(organisations::row::Column::Path.is_in(above));
    let communities = organisations::row::Entity::find()
        .select_only()
        .column(organisations::row::Column::Id)
        .filter(around)
        .into_query();
    row::Entity::find()
        .select_only()
        .column(row::Column::UnitId)
        .filter(row::Column::EndedAt.is_null())
        .filter(row::Column::CommunityId.in_subquery(communities))
        .into_query()
}

/// Finds a pairing.
pub async fn find_any(tx: &ReadTx, id: Uuid) -> Result<Option<Pairing>> {
    Ok(with_names().filter(row::Column::Id.eq(id)).into_model().one(&tx.on()).await?)
}

/// Lists the pairings of units or communities in these subtrees, the newest first.
pub async fn list_within(tx: &ReadTx, paths: &[NodePath], page: &PageRequest<Uuid>) -> Result<Page<Pairing, Uuid>> {
    let either = row::Column::UnitId
        .in_subquery(organisations::ids_inside(paths))
        .or(row::Column::CommunityId.in_subquery(organisations::ids_inside(paths)));
    let mut query = with_names().filter(either).filter(row::Column::EndedAt.is_null());
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after));
    }
    let query = query.order_by_desc(row::Column::Id).limit(page.limit + 1);
    let found: Vec<Pairing> = query.into_model().all(&tx.on()).await?;
    Ok(Page::from_one_more(found, page.limit, |pairing| pairing.id))
}

fn with_names() -> Select<row::Entity> {
    let nodes = organisations::row::Entity;
    let query = join::by_id(row::Entity::find(), nodes, "unit", row::Column::UnitId.into_expr());
    join::by_id(query, nodes, "community", row::Column::CommunityId.into_expr())
        .expr_as(join::of("unit", "name"), "unit")
        .expr_as(join::of("community", "name"), "community")
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
