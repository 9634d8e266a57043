//! Granting a role at a node.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post};
use domain::id::{AdminId, NodeId, PersonId, RoleGrantId};
use domain::role::{self, Role};
use serde::{Deserialize, Serialize};
use storage::{admins, organisations, role_grants, sessions};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::coded::Coded;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::UseCase;

type RoleCode = Coded<Role>;

/// 授予角色
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantRoleRequest {
    /// 管理员编号
    admin_id: Uuid,
    /// 角色
    role: RoleCode,
    /// 在哪个组织担任
    node_id: Uuid,
}

/// 已授予的角色
#[derive(Debug, Serialize, ToSchema)]
struct RoleGrantView {
    /// 授权编号，撤销时使用
    id: Uuid,
}

/// 授予角色
///
/// 系统管理员、安全管理员、审计管理员须由三人分别担任；不能给自己授权。须先再次验证动态码。
#[utoipa::path(tag = "管理员", responses(
    (status = 201, description = "已授予", body = RoleGrantView),
    (status = 403, description = "没有权限，或须再次验证动态码", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这个账号或组织", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不能这样授予", body = Problem, content_type = "application/problem+json"),
))]
#[post("/role-grants")]
pub(super) async fn grant_role(
    caller: Authorized<needs::GrantRoles>,
    request: Json<GrantRoleRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<HttpResponse> {
    caller.admin.stepped_up(app.clock.wall())?;
    let GrantRoleRequest { admin_id, role: Coded(role), node_id } = request.0;
    let (id, grantee, node) = (RoleGrantId::new(Uuid::now_v7()), AdminId::new(admin_id), NodeId::new(node_id));
    use_case
        .write("grant_role", move |work| {
            Box::pin(async move {
                work.about("role_grant", id);
                let app = work.app.clone();
                let admin = admins::lock(&mut work.tx, &app.vault, grantee).await?.ok_or_else(ApiError::not_found)?;
                let node = organisations::find(&work.tx, node).await?.ok_or_else(ApiError::not_found)?;
                if !caller.scope.iter().any(|path| path.covers(&node.path)) {
                    return Err(ApiError::not_found());
                }
                let held: Vec<_> =
                    role_grants::list_of(&work.tx, grantee).await?.into_iter().map(|grant| grant.role).collect();
                let person = admin.member.map_or_else(|| grantee.into(), PersonId::from);
                role::grant(caller.admin.person(), person, &held, role, node.kind)?;
                let granted_by = Some(caller.admin.id);
                let kept = role_grants::insert(&mut work.tx, id, grantee, role, node.id, granted_by, work.wall).await;
                kept.map_err(|error| match error {
                    storage::StorageError::Conflict { .. } => {
                        ApiError::new(ErrorCode::StateConflict, "已经授予过这个角色")
                    }
                    other => other.into(),
                })?;
                // Whoever is signed in signs in again, so that no token outlives the roles it was issued with.
                Ok(sessions::revoke_of_admin(&mut work.tx, grantee, "roles_changed", work.wall).await?)
            })
        })
        .await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(RoleGrantView { id: id.uuid() }))
}
