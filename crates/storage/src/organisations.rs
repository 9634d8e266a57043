//! The organisation tree (组织).

use std::collections::HashMap;

use domain::id::NodeId;
use domain::organisation::{Node, NodeKind, NodePath};
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::database::{CHUNK, ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{accounts, rulebooks, search};

/// Which nodes a list is about.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only within these subtrees; none means the whole tree.
    pub within: Option<Vec<NodePath>>,
    /// Only of this kind.
    pub kind: Option<NodeKind>,
    /// Only directly below this node.
    pub parent: Option<NodeId>,
    /// Only names that contain this text.
    pub name: Option<String>,
}

/// Keeps the root of the tree. A district comes with its books and its first rules, without which no point could move.
pub async fn insert_root(tx: &mut WriteTx, id: NodeId, name: &str, now: Instant) -> Result<Node> {
    let node = Node {
        id,
        parent: None,
        kind: NodeKind::District,
        name: name.into(),
        party_organisation: None,
        path: NodePath::root(),
    };
    insert_node(tx, &node, now).await?;
    accounts::ensure_system_accounts(tx).await?;
    rulebooks::ensure_default(tx, id, now).await?;
    Ok(node)
}

/// Hangs a new node below another; the parent's row is locked while its child gets a number.
pub async fn insert_below(
    tx: &mut WriteTx,
    parent: NodeId,
    id: NodeId,
    kind: NodeKind,
    name: &str,
    party_organisation: Option<String>,
    now: Instant,
) -> Result<Node> {
    let above = row::Entity::find_by_id(parent.uuid()).lock_exclusive().one(&tx.on()).await?;
    let above = above.ok_or_else(|| StorageError::corrupt("organisation", "parent_id", parent))?;
    let number = above.children + 1;
    row::Entity::update_many()
        .col_expr(row::Column::Children, number.into())
        .filter(row::Column::Id.eq(parent.uuid()))
        .exec(&tx.on())
        .await?;
    let path = NodePath::from_stored(above.path).child(u32::try_from(number).unwrap_or(u32::MAX));
    let node = Node { id, parent: Some(parent), kind, name: name.into(), party_organisation, path };
    insert_node(tx, &node, now).await?;
    Ok(node)
}

/// Keeps a whole district at once, parents before their children, with its books and first rules.
pub async fn insert_district(tx: &mut WriteTx, nodes: &[Node], now: Instant) -> Result<()> {
    let mut children: HashMap<NodeId, i32> = HashMap::new();
    for parent in nodes.iter().filter_map(|node| node.parent) {
        *children.entry(parent).or_default() += 1;
    }
    for nodes in nodes.chunks(CHUNK) {
        let rows = nodes.iter().map(|node| active(node, children.get(&node.id).copied().unwrap_or(0), now));
        row::Entity::insert_many(rows).exec_without_returning(&tx.on()).await?;
    }
    accounts::ensure_system_accounts(tx).await?;
    for root in nodes.iter().filter(|node| node.parent.is_none()) {
        rulebooks::ensure_default(tx, root.id, now).await?;
    }
    Ok(())
}

async fn insert_node(tx: &mut WriteTx, node: &Node, now: Instant) -> Result<()> {
    row::Entity::insert(active(node, 0, now)).exec_without_returning(&tx.on()).await?;
    Ok(())
}

fn active(node: &Node, children: i32, now: Instant) -> row::ActiveModel {
    let depth = node.path.as_str().matches('/').count() - 1;
    row::ActiveModel {
        id: Set(node.id.uuid()),
        parent_id: Set(node.parent.map(NodeId::uuid)),
        kind: Set(code::write(node.kind)),
        name: Set(node.name.clone()),
        party_organisation: Set(node.party_organisation.clone()),
        path: Set(node.path.as_str().into()),
        depth: Set(i32::try_from(depth).unwrap_or(i32::MAX)),
        children: Set(children),
        created_at: Set(now),
    }
}

/// The district at the root, once there is one.
pub async fn root(tx: &ReadTx) -> Result<Option<Node>> {
    let found = row::Entity::find().filter(row::Column::ParentId.is_null()).one(&tx.on()).await?;
    found.map(Node::try_from).transpose()
}

/// Finds a node.
pub async fn find(tx: &ReadTx, id: NodeId) -> Result<Option<Node>> {
    row::Entity::find_by_id(id.uuid()).one(&tx.on()).await?.map(Node::try_from).transpose()
}

/// Locks a node.
pub async fn lock(tx: &mut WriteTx, id: NodeId) -> Result<Option<Node>> {
    row::Entity::find_by_id(id.uuid()).lock_exclusive().one(&tx.on()).await?.map(Node::try_from).transpose()
}

/// Finds a node within these subtrees.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: NodeId) -> Result<Option<Node>> {
    let found = row::Entity::find_by_id(id.uuid()).filter(inside(paths)).one(&tx.on()).await?;
    found.map(Node::try_from).transpose()
}

/// Finds a unit by its whole name.
pub async fn find_unit_by_name(tx: &ReadTx, name: &str) -> Result<Option<Node>> {
    let found = row::Entity::find()
        .filter(row::Column::Kind.eq(code::write(NodeKind::Unit)))
        .filter(row::Column::Name.eq(name))
        .one(&tx.on())
        .await?;
    found.map(Node::try_from).transpose()
}

/// Lists nodes in the order of the tree.
pub async fn list(tx: &ReadTx, filter: &Filter, page: &PageRequest<String>) -> Result<Page<Node, String>> {
    let mut query = row::Entity::find().order_by_asc(row::Column::Path).limit(page.limit + 1);
    if let Some(paths) = &filter.within {
        query = query.filter(inside(paths));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(row::Column::Kind.eq(code::write(kind)));
    }
    if let Some(parent) = filter.parent {
        query = query.filter(row::Column::ParentId.eq(parent.uuid()));
    }
    if let Some(name) = &filter.name {
        query = query.filter(search::contains((row::Entity, row::Column::Name), name));
    }
    if let Some(after) = &page.after {
        query = query.filter(row::Column::Path.gt(after));
    }
    let rows = query.all(&tx.on()).await?;
    let nodes = rows.into_iter().map(Node::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(nodes, page.limit, |node| node.path.as_str().to_owned()))
}

/// The condition "this organisation lies in one of these subtrees", for a query that joins `organisation`.
pub(crate) fn inside(paths: &[NodePath]) -> sea_orm::Condition {
    inside_as("organisation", paths)
}

/// The same for a query that joins `organisation` under another name.
pub(crate) fn inside_as(alias: &'static str, paths: &[NodePath]) -> sea_orm::Condition {
    let column = || Expr::col((alias, row::Column::Path));
    paths.iter().fold(sea_orm::Condition::any().add(Expr::val(1).eq(0)), |any, path| {
        any.add(column().like(format!("{}%", path.as_str())))
    })
}

/// The ids of the organisations in these subtrees, for a query that joins none.
pub(crate) fn ids_inside(paths: &[NodePath]) -> SelectStatement {
    let mut ids = Query::select();
    ids.column(row::Column::Id).from(row::Entity).cond_where(inside(paths));
    ids
}

impl TryFrom<row::Model> for Node {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            parent: row.parent_id.map(NodeId::new),
            kind: code::read("organisation", "kind", row.id, &row.kind)?,
            name: row.name,
            party_organisation: row.party_organisation,
            path: NodePath::from_stored(row.path),
        })
    }
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "organisation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub parent_id: Option<Uuid>,
        pub kind: String,
        pub name: String,
        pub party_organisation: Option<String>,
        pub path: String,
        pub depth: i32,
        pub children: i32,
        pub created_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
