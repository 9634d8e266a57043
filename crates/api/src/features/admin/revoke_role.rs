//! Revoking a role.

use actix_web::{HttpResponse, delete, web};
use domain::id::RoleGrantId;
use storage::{organisations, role_grants, sessions};

use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::state::App;
use crate::use_case::UseCase;

/// 撤销角色
///
/// 撤销后该账号须重新登录。最后一名区级管理员、安全管理员不能撤销。须先再次验证动态码。
#[utoipa::path(tag = "管理员", params(
    ("id" = Uuid, Path, description = "授权编号"),
), responses(
    (status = 204, description = "已撤销"),
    (status = 404, description = "没有这项授权", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "最后一名不能撤销", body = Problem, content_type = "application/problem+json"),
))]
#[delete("/role-grants/{id}")]
pub(super) async fn revoke_role(
    caller: Authorized<needs::GrantRoles>,
    id: web::Path<RoleGrantId>,
    use_case: UseCase,
    app: App,
) -> ApiResult<HttpResponse> {
    caller.admin.stepped_up(app.clock.wall())?;
    let id = id.into_inner();
    use_case
        .write("revoke_role", move |work| {
            Box::pin(async move {
                work.about("role_grant", id);
                let (admin, role, node) = role_grants::find(&work.tx, id).await?.ok_or_else(ApiError::not_found)?;
                let node = organisations::find(&work.tx, node).await?.ok_or_else(ApiError::not_found)?;
                if !caller.scope.iter().any(|path| path.covers(&node.path)) {
                    return Err(ApiError::not_found());
                }
                super::must_leave_another(work, admin, role).await?;
                if !role_grants::revoke(&mut work.tx, id, work.wall).await? {
                    return Err(ApiError::not_found());
                }
                Ok(sessions::revoke_of_admin(&mut work.tx, admin, "roles_changed", work.wall).await?)
            })
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
