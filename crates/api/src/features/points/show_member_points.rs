//! What a member of one's own units has.

use actix_web::{get, web};
use domain::id::MemberId;
use storage::accounts;
use uuid::Uuid;

use super::show_balance::PointsView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::state::App;

/// 查看党员的积分
///
/// 只能查看本级及下级单位的党员。
#[utoipa::path(tag = "积分", params(("id" = Uuid, Path, description = "党员编号")), responses(
    (status = 200, description = "积分余额", body = PointsView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这名党员", body = Problem, content_type = "application/problem+json"),
))]
#[get("/members/{id}/points")]
pub(super) async fn show_member_points(
    caller: Authorized<needs::ReadPoints>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<PointsView>> {
    let (tx, member, now) = (app.database.read(), MemberId::new(*id), app.clock.business());
    let balance = accounts::balance_within(&tx, &caller.scope, member, now).await?.ok_or_else(ApiError::not_found)?;
    Ok(web::Json(PointsView::new(&tx, member, balance, now).await?))
}
