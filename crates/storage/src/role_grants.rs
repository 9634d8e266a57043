//! Role grants (授权): which admin holds which role at which node.

use domain::id::{AdminId, NodeId, RoleGrantId};
use domain::organisation::NodePath;
use domain::role::Role;
use domain::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{admins, join, organisations};

/// A role held at a node, with the node's place in the tree.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The grant.
    pub id: RoleGrantId,
    /// The role.
    pub role: Role,
    /// Where it is held.
    pub node: NodeId,
    /// The subtree it covers.
    pub path: NodePath,
}

/// Keeps a new grant.
pub async fn insert(
    tx: &mut WriteTx,
    id: RoleGrantId,
    admin: AdminId,
    role: Role,
    node: NodeId,
    granted_by: Option<AdminId>,
    now: Instant,
) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(id.uuid()),
        admin_id: Set(admin.uuid()),
        role: Set(code::write(role)),
        node_id: Set(node.uuid()),
        granted_by: Set(granted_by.map(AdminId::uuid)),
        granted_at: Set(now),
        revoked_at: Set(None),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// The roles that an admin holds now.
pub async fn list_of(tx: &ReadTx, admin: AdminId) -> Result<Vec<Grant>> {
    let rows = row::Entity::find()
        .filter(row::Column::AdminId.eq(admin.uuid()))
        .filter(row::Column::RevokedAt.is_null())
        .all(&tx.on())
        .await?;
    let mut grants = Vec::with_capacity(rows.len());
    for row in rows {
        let node = organisations::find(tx, row.node_id.into()).await?;
        let node = node.ok_or_else(|| StorageError::corrupt("role_grant", "node_id", row.id))?;
        let role = code::read("role_grant", "role", row.id, &row.role)?;
        grants.push(Grant { id: row.id.into(), role, node: node.id, path: node.path });
    }
    Ok(grants)
}

/// A role that an admin holds, as it is shown.
#[derive(Clone, Debug)]
pub struct HeldRole {
    /// The grant.
    pub id: RoleGrantId,
    /// Who holds it.
    pub admin: AdminId,
    /// The role.
    pub role: Role,
    /// Where it is held.
    pub node: NodeId,
    /// The node's name.
    pub node_name: String,
}

/// The grants of roles in these subtrees that were held at a moment.
pub(crate) fn held_inside(paths: &[NodePath], at: Expr) -> SelectStatement {
    let ended = row::Column::RevokedAt.into_expr().gt(at.clone()).or(row::Column::RevokedAt.is_null());
    let mut held = Query::select();
    held.column(row::Column::Id).from(row::Entity);
    held.and_where(row::Column::NodeId.in_subquery(organisations::ids_inside(paths)));
    held.and_where(row::Column::GrantedAt.into_expr().lte(at)).and_where(ended);
    held
}

/// The roles that these admins hold now.
pub async fn list_of_all(tx: &ReadTx, admins: &[AdminId]) -> Result<Vec<HeldRole>> {
    let rows = row::Entity::find()
        .filter(row::Column::AdminId.is_in(admins.iter().map(|admin| admin.uuid())))
        .filter(row::Column::RevokedAt.is_null())
        .order_by_asc(row::Column::Id);
    let rows = join::by_id(rows, organisations::row::Entity, "node", row::Column::NodeId.into_expr())
        .expr_as(join::of("node", "name"), "node_name")
        .into_model::<row::Named>()
        .all(&tx.on())
        .await?;
    let held = |row: row::Named| {
        Ok(HeldRole {
            id: row.id.into(),
            admin: row.admin_id.into(),
            role: code::read("role_grant", "role", row.id, &row.role)?,
            node: row.node_id.into(),
            node_name: row.node_name,
        })
    };
    rows.into_iter().map(held).collect()
}

/// The admin who holds a grant, with its node, while it holds.
pub async fn find(tx: &ReadTx, id: RoleGrantId) -> Result<Option<(AdminId, Role, NodeId)>> {
    let found = row::Entity::find_by_id(id.uuid()).filter(row::Column::RevokedAt.is_null()).one(&tx.on()).await?;
    let read = |row: row::Model| {
        let role = code::read("role_grant", "role", row.id, &row.role)?;
        Ok((row.admin_id.into(), role, row.node_id.into()))
    };
    found.map(read).transpose()
}

/// Locks the grants of a role and says which admins hold it and may sign in.
pub async fn lock_holders(tx: &mut WriteTx, role: Role) -> Result<Vec<AdminId>> {
    let grants = row::Entity::find()
        .filter(row::Column::Role.eq(code::write(role)))
        .filter(row::Column::RevokedAt.is_null())
        .order_by_asc(row::Column::Id)
        .lock_exclusive()
        .all(&tx.on())
        .await?;
    admins::list_active(tx, grants.iter().map(|grant| grant.admin_id.into())).await
}

/// Ends a grant; `false` if it had ended before.
pub async fn revoke(tx: &mut WriteTx, id: RoleGrantId, now: Instant) -> Result<bool> {
    let ended = row::Entity::update_many()
        .col_expr(row::Column::RevokedAt, now.into())
        .filter(row::Column::Id.eq(id.uuid()))
        .filter(row::Column::RevokedAt.is_null())
        .exec(&tx.on())
        .await?;
    Ok(ended.rows_affected == 1)
}

pub(crate) mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "role_grant")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub admin_id: Uuid,
        pub role: String,
        pub node_id: Uuid,
        pub granted_by: Option<Uuid>,
        pub granted_at: DateTimeUtc,
        pub revoked_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Named {
        pub id: Uuid,
        pub admin_id: Uuid,
        pub role: String,
        pub node_id: Uuid,
        pub node_name: String,
    }
}
