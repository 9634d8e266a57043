//! Naming another lead, when the first cannot lead or may no longer vouch.

use actix_web::{post, web};
use domain::id::{ActivityId, MemberId};
use serde::Deserialize;
use storage::{activities, activity_sessions, members};
use utoipa::ToSchema;
use uuid::Uuid;

use super::may_lead;
use super::view::ManagedActivityView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 更换负责人
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AppointLeadRequest {
    /// 新负责人的党员编号
    lead_member_id: Uuid,
    /// 更换的原因，最多 200 字
    #[schema(example = "原负责人因故不能到场")]
    reason: String,
}

/// 更换负责人
///
/// 由审核发布的这一级更换，不能换成更换人本人。结算以前可以更换；原负责人已确认的考勤不变，以后由新负责人出示签到码、确认和补录。
#[utoipa::path(tag = "活动", params(("id" = Uuid, Path, description = "活动编号")), responses(
    (status = 200, description = "已更换", body = ManagedActivityView),
    (status = 404, description = "没有由您审核的这个活动", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "活动未通过、已取消或已结算，或换成您本人", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "没有这名党员，或不能担任负责人，或没有写明原因", body = Problem, content_type = "application/problem+json"),
))]
#[post("/activities/{id}/lead")]
pub(super) async fn appoint_activity_lead(
    caller: Authorized<needs::ReviewActivity>,
    id: web::Path<Uuid>,
    request: Json<AppointLeadRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ManagedActivityView>> {
    let (id, lead) = (ActivityId::new(*id), MemberId::new(request.0.lead_member_id));
    let reason = input::text("reason", &request.0.reason, 200)?;
    let story = use_case.write("appoint_activity_lead", move |work| Box::pin(appoint(work, caller, id, lead, reason)));
    story.await.map(web::Json)
}

async fn appoint(
    work: &mut Work,
    caller: Authorized<needs::ReviewActivity>,
    id: ActivityId,
    lead: MemberId,
    reason: String,
) -> ApiResult<ManagedActivityView> {
    work.about("activity", id);
    work.because(reason);
    let found = activities::lock_reviewable(&mut work.tx, &caller.scope, id).await?;
    let mut activity = found.ok_or_else(ApiError::not_found)?;
    let lead = members::find_belonging(&work.tx, &caller.scope, lead).await?;
    let lead = lead.ok_or_else(|| ApiError::field("lead_member_id", "没有这名党员，或不在您的辖区内"))?;
    may_lead(work, lead.id).await?;
    activity.appoint(&lead, caller.admin.official(), work.now)?;
    activities::update(&mut work.tx, &activity).await?;
    let detail = activities::find_within(&work.tx, &caller.scope, id).await?;
    let sessions = activity_sessions::list_of(&work.tx, id).await?;
    Ok(ManagedActivityView::new(detail.ok_or_else(ApiError::not_found)?, sessions, work.now))
}
