//! The side whose turn it is refuses a report.

use actix_web::{post, web};
use domain::id::ResidencyId;
use domain::organisation::NodePath;
use domain::residency::{Residency, Side};
use serde::Deserialize;
use storage::residencies;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ReportedResidencyView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 不通过报到
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefuseResidencyRequest {
    /// 原因，党员会看到，最多 200 字
    #[schema(example = "不在本小区居住")]
    reason: String,
}

/// 不通过报到
///
/// 待单位确认时由原单位办理，待社区接收时由社区办理；党员可以重新报到。
#[utoipa::path(tag = "报到", params(("id" = Uuid, Path, description = "报到编号")), responses(
    (status = 200, description = "未通过", body = ReportedResidencyView),
    (status = 404, description = "没有这份报到", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "当前不由您办理", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写原因", body = Problem, content_type = "application/problem+json"),
))]
#[post("/residencies/{id}/refusal")]
pub(super) async fn refuse_residency(
    caller: Authorized<needs::ReadResidencies>,
    id: web::Path<Uuid>,
    request: Json<RefuseResidencyRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ReportedResidencyView>> {
    let id = ResidencyId::new(*id);
    let reason = input::text("reason", &request.0.reason, 200)?;
    let sides = [Side::Unit, Side::Community].map(|side| (side, caller.admin.scope(side.permission())));
    if sides.iter().all(|(_, scope)| scope.is_empty()) {
        return Err(ApiError::new(ErrorCode::Forbidden, "您的角色不能办理这项业务"));
    }
    let story = use_case.write("refuse_residency", move |work| {
        Box::pin(async move {
            let (side, mut residency) = lock(work, &sides, id).await?;
            work.about("residency", id);
            residency.refuse(side, caller.admin.official(), reason, work.now)?;
            residencies::update(&mut work.tx, &residency).await?;
            let shown = residencies::find_within(&work.tx, &caller.scope, id).await?;
            Ok(ReportedResidencyView::from(shown.ok_or_else(ApiError::not_found)?))
        })
    });
    story.await.map(web::Json)
}

/// The residency, on the side where the admin's decision is awaited if there is such a one.
async fn lock(work: &mut Work, sides: &[(Side, Vec<NodePath>); 2], id: ResidencyId) -> ApiResult<(Side, Residency)> {
    let mut found = None;
    for (side, scope) in sides {
        if let Some(residency) = residencies::lock_within(&mut work.tx, *side, scope, id).await? {
            if residency.state.awaits() == Some(*side) {
                return Ok((*side, residency));
            }
            found = Some((*side, residency));
        }
    }
    found.ok_or_else(ApiError::not_found)
}
