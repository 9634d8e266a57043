//! One redemption of my own.

use actix_web::{get, web};
use domain::id::RedemptionId;
use storage::redemptions;
use uuid::Uuid;

use super::view::RedemptionView;
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::state::App;

/// 查看兑换
#[utoipa::path(tag = "兑换", params(("id" = Uuid, Path, description = "兑换编号")), responses(
    (status = 200, description = "兑换", body = RedemptionView),
    (status = 404, description = "没有这次兑换", body = Problem, content_type = "application/problem+json"),
))]
#[get("/redemptions/{id}")]
pub(super) async fn show_redemption(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<RedemptionView>> {
    let found = redemptions::find_own(&app.database.read(), caller.member, RedemptionId::new(*id)).await?;
    let detail = found.ok_or_else(ApiError::not_found)?;
    Ok(web::Json(RedemptionView::new(detail, app.clock.business())))
}
