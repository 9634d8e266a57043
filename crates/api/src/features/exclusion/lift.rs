//! Letting a member earn or spend again.

use actix_web::{post, web};
use domain::id::ExclusionId;
use storage::exclusions;
use uuid::Uuid;

use super::step;
use super::view::ExclusionView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::use_case::{UseCase, Work};

/// 移出不参与名单
///
/// 立即生效。名单期间的服务仍不计积分，不予补记；确需更正的，按积分调整办理。
#[utoipa::path(tag = "不参与名单", params(("id" = Uuid, Path, description = "不参与名单编号")), responses(
    (status = 200, description = "已移出", body = ExclusionView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这条记录", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已移出，或办理的是本人", body = Problem, content_type = "application/problem+json"),
))]
#[post("/exclusions/{id}/lifting")]
pub(super) async fn lift_exclusion(
    caller: Authorized<needs::ManageExclusions>,
    id: web::Path<Uuid>,
    use_case: UseCase,
) -> ApiResult<web::Json<ExclusionView>> {
    let id = ExclusionId::new(*id);
    let story = use_case.write("lift_exclusion", move |work| Box::pin(lift(work, caller, id)));
    story.await.map(web::Json)
}

async fn lift(
    work: &mut Work,
    caller: Authorized<needs::ManageExclusions>,
    id: ExclusionId,
) -> ApiResult<ExclusionView> {
    let found = exclusions::lock_within(&mut work.tx, &caller.scope, id).await?;
    let mut exclusion = found.ok_or_else(ApiError::not_found)?;
    work.about("exclusion", id);
    let step = step(work, &caller.admin, exclusion.member).await?;
    exclusion.lift(step)?;
    exclusions::lift(&mut work.tx, &exclusion).await?;
    let shown = exclusions::find_within(&work.tx, &caller.scope, id).await?;
    Ok(ExclusionView::from(shown.ok_or_else(ApiError::not_found)?))
}
