//! Disabling an account at once.

use actix_web::{HttpResponse, post, web};
use domain::id::AdminId;
use storage::{admins, role_grants, sessions};

use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::state::App;
use crate::use_case::UseCase;

/// 停用管理员账号
///
/// 该账号的所有会话随即失效，访问令牌最迟五秒后失效。不能停用自己的账号，也不能停用最后一名区级管理员、安全管理员。须先再次验证动态码。
#[utoipa::path(tag = "管理员", params(
    ("id" = Uuid, Path, description = "管理员编号"),
), responses(
    (status = 204, description = "已停用"),
    (status = 404, description = "没有这个账号", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不能停用自己或最后一名的账号", body = Problem, content_type = "application/problem+json"),
))]
#[post("/admins/{id}/disabling")]
pub(super) async fn disable_admin(
    caller: Authorized<needs::ManageAdmins>,
    id: web::Path<AdminId>,
    use_case: UseCase,
    app: App,
) -> ApiResult<HttpResponse> {
    caller.admin.stepped_up(app.clock.wall())?;
    let id = id.into_inner();
    if id == caller.admin.id {
        return Err(ApiError::new(ErrorCode::SamePerson, "不能停用自己的账号"));
    }
    use_case
        .write("disable_admin", move |work| {
            Box::pin(async move {
                work.about("admin", id);
                for grant in role_grants::list_of(&work.tx, id).await? {
                    super::must_leave_another(work, id, grant.role).await?;
                }
                let app = work.app.clone();
                let mut admin = admins::lock(&mut work.tx, &app.vault, id).await?.ok_or_else(ApiError::not_found)?;
                admin.active = false;
                admins::update(&mut work.tx, &admin).await?;
                Ok(sessions::revoke_of_admin(&mut work.tx, id, "disabled", work.wall).await?)
            })
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
