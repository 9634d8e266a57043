//! The level above publishes a proposal or refuses it.

use actix_web::{post, web};
use domain::activity::Activity;
use domain::id::ActivityId;
use serde::Deserialize;
use storage::{activities, activity_sessions, admins};
use utoipa::ToSchema;
use uuid::Uuid;

use super::may_vouch;
use super::view::ManagedActivityView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

type Reviewer = Authorized<needs::ReviewActivity>;

/// 发布活动
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishRequest {
    /// 审核意见，最多 200 字
    #[schema(example = "同意")]
    comment: Option<String>,
}

/// 不通过活动
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefuseActivityRequest {
    /// 原因，最多 200 字
    #[schema(example = "请补充风险告知")]
    reason: String,
}

/// 发布活动
///
/// 由上一级组织审核，审核人不能是提交人；区级活动由区级另一人审核。
#[utoipa::path(tag = "活动", params(("id" = Uuid, Path, description = "活动编号")), responses(
    (status = 200, description = "已发布，可以报名", body = ManagedActivityView),
    (status = 404, description = "没有由您审核的这个活动", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不在待审核状态、已过开始时间、是您自己提交的，或负责人因弄虚作假须先更换", body = Problem, content_type = "application/problem+json"),
))]
#[post("/activities/{id}/publication")]
pub(super) async fn publish_activity(
    caller: Reviewer,
    id: web::Path<Uuid>,
    request: Json<PublishRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ManagedActivityView>> {
    let id = ActivityId::new(*id);
    let comment = input::optional_line("comment", request.0.comment.as_deref(), 200)?;
    let story = use_case.write("publish_activity", move |work| {
        Box::pin(async move {
            let mut activity = lock(work, &caller, id).await?;
            may_vouch(work, activity.lead).await?;
            let proposer = admins::official(&work.tx, activity.proposed_by).await?;
            activity.publish(caller.admin.official(), proposer, comment, work.now)?;
            keep(work, &caller, activity).await
        })
    });
    story.await.map(web::Json)
}

/// 不通过活动
///
/// 由上一级组织审核，审核人不能是提交人。
#[utoipa::path(tag = "活动", params(("id" = Uuid, Path, description = "活动编号")), responses(
    (status = 200, description = "未通过", body = ManagedActivityView),
    (status = 404, description = "没有由您审核的这个活动", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不在待审核状态，或是您自己提交的", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写原因", body = Problem, content_type = "application/problem+json"),
))]
#[post("/activities/{id}/refusal")]
pub(super) async fn refuse_activity(
    caller: Reviewer,
    id: web::Path<Uuid>,
    request: Json<RefuseActivityRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ManagedActivityView>> {
    let id = ActivityId::new(*id);
    let reason = input::text("reason", &request.0.reason, 200)?;
    let story = use_case.write("refuse_activity", move |work| {
        Box::pin(async move {
            let mut activity = lock(work, &caller, id).await?;
            let proposer = admins::official(&work.tx, activity.proposed_by).await?;
            activity.refuse(caller.admin.official(), proposer, reason, work.now)?;
            keep(work, &caller, activity).await
        })
    });
    story.await.map(web::Json)
}

async fn lock(work: &mut Work, caller: &Reviewer, id: ActivityId) -> ApiResult<Activity> {
    work.about("activity", id);
    activities::lock_reviewable(&mut work.tx, &caller.scope, id).await?.ok_or_else(ApiError::not_found)
}

async fn keep(work: &mut Work, caller: &Reviewer, activity: Activity) -> ApiResult<ManagedActivityView> {
    activities::update(&mut work.tx, &activity).await?;
    let detail = activities::find_within(&work.tx, &caller.scope, activity.id).await?;
    let sessions = activity_sessions::list_of(&work.tx, activity.id).await?;
    Ok(ManagedActivityView::new(detail.ok_or_else(ApiError::not_found)?, sessions, work.now))
}
