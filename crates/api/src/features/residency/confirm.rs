//! The home unit confirms that the member is theirs.

use actix_web::{post, web};
use domain::id::ResidencyId;
use domain::residency::Side;
use storage::residencies;
use uuid::Uuid;

use super::view::ReportedResidencyView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::use_case::UseCase;

/// 单位确认报到
///
/// 由党员的原单位确认身份，之后由社区接收。
#[utoipa::path(tag = "报到", params(("id" = Uuid, Path, description = "报到编号")), responses(
    (status = 200, description = "已确认，等待社区接收", body = ReportedResidencyView),
    (status = 404, description = "没有这份报到", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "当前状态不能确认，或办理的是本人的报到", body = Problem, content_type = "application/problem+json"),
))]
#[post("/residencies/{id}/unit-confirmation")]
pub(super) async fn confirm_residency(
    caller: Authorized<needs::ConfirmResidency>,
    id: web::Path<Uuid>,
    use_case: UseCase,
) -> ApiResult<web::Json<ReportedResidencyView>> {
    let id = ResidencyId::new(*id);
    let story = use_case.write("confirm_residency", move |work| {
        Box::pin(async move {
            let found = residencies::lock_within(&mut work.tx, Side::Unit, &caller.scope, id).await?;
            let mut residency = found.ok_or_else(ApiError::not_found)?;
            work.about("residency", id);
            residency.confirm(caller.admin.official(), work.now)?;
            residencies::update(&mut work.tx, &residency).await?;
            let shown = residencies::find_within(&work.tx, &caller.scope, id).await?;
            Ok(ReportedResidencyView::from(shown.ok_or_else(ApiError::not_found)?))
        })
    });
    story.await.map(web::Json)
}
