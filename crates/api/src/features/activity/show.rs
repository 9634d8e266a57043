//! One activity, as members and as admins see it.

use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::id::ActivityId;
use storage::{activities, activity_sessions, enrolments};
use uuid::Uuid;

use super::view::{ManagedActivityView, MemberActivityView};
use crate::auth::caller::{Authorized, CurrentMember, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::tagged::Tagged;
use crate::state::App;

/// 活动详情
///
/// 带 ETag；请求头 If-None-Match 与之相同时答复 304，没有内容。
#[utoipa::path(tag = "活动", params(("id" = Uuid, Path, description = "活动编号")), responses(
    (status = 200, description = "活动", body = MemberActivityView),
    (status = 304, description = "与 If-None-Match 相同，没有内容"),
    (status = 404, description = "没有这个活动", body = Problem, content_type = "application/problem+json"),
))]
#[get("/activities/{id}")]
pub(super) async fn show_activity(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    app: App,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let id = ActivityId::new(*id);
    let read = app.database.read();
    let detail = activities::find_public(&read, id).await?.ok_or_else(ApiError::not_found)?;
    let sessions = activity_sessions::list_of(&read, id).await?;
    let own = enrolments::list_own_in(&read, caller.member, id).await?;
    Ok(Tagged::of(&MemberActivityView::new(detail, sessions, own, app.clock.business()))?.answer(&request))
}

/// 辖区内的活动详情
#[utoipa::path(tag = "活动", params(("id" = Uuid, Path, description = "活动编号")), responses(
    (status = 200, description = "活动", body = ManagedActivityView),
    (status = 404, description = "没有这个活动", body = Problem, content_type = "application/problem+json"),
))]
#[get("/activities/{id}")]
pub(super) async fn show_managed_activity(
    caller: Authorized<needs::ReadActivities>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<ManagedActivityView>> {
    let id = ActivityId::new(*id);
    let read = app.database.read();
    let detail = activities::find_within(&read, &caller.scope, id).await?.ok_or_else(ApiError::not_found)?;
    let sessions = activity_sessions::list_of(&read, id).await?;
    Ok(web::Json(ManagedActivityView::new(detail, sessions, app.clock.business())))
}
