//! Unlocking an account after too many failures.

use actix_web::{HttpResponse, post, web};
use domain::id::AdminId;
use storage::admins;

use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::state::App;
use crate::use_case::UseCase;

/// 解除账号锁定
///
/// 须先再次验证动态码。
#[utoipa::path(tag = "管理员", params(
    ("id" = Uuid, Path, description = "管理员编号"),
), responses(
    (status = 204, description = "已解除"),
    (status = 404, description = "没有这个账号", body = Problem, content_type = "application/problem+json"),
))]
#[post("/admins/{id}/unlocking")]
pub(super) async fn unlock_admin(
    caller: Authorized<needs::ManageAdmins>,
    id: web::Path<AdminId>,
    use_case: UseCase,
    app: App,
) -> ApiResult<HttpResponse> {
    caller.admin.stepped_up(app.clock.wall())?;
    let id = id.into_inner();
    use_case
        .write("unlock_admin", move |work| {
            Box::pin(async move {
                work.about("admin", id);
                let app = work.app.clone();
                let mut admin = admins::lock(&mut work.tx, &app.vault, id).await?.ok_or_else(ApiError::not_found)?;
                admin.failures = 0;
                admin.locked_until = None;
                Ok(admins::update(&mut work.tx, &admin).await?)
            })
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
