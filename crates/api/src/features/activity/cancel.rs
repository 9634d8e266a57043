//! Calling an activity off before it begins.

use actix_web::{post, web};
use domain::id::ActivityId;
use serde::Deserialize;
use storage::{activities, activity_sessions, enrolments};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ManagedActivityView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::UseCase;

/// 取消活动
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelActivityRequest {
    /// 原因，已报名的党员会看到，最多 200 字
    #[schema(example = "当天有大雨")]
    reason: String,
}

/// 取消活动
///
/// 活动开始前可以取消，所有报名随之取消，不计缺席。
#[utoipa::path(tag = "活动", params(
    ("id" = Uuid, Path, description = "活动编号"),
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已取消", body = ManagedActivityView),
    (status = 404, description = "没有这个活动", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "活动已开始或已取消", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写原因", body = Problem, content_type = "application/problem+json"),
))]
#[post("/activities/{id}/cancellation")]
pub(super) async fn cancel_activity(
    caller: Authorized<needs::ProposeActivity>,
    id: web::Path<Uuid>,
    key: IdempotencyKey,
    request: Json<CancelActivityRequest>,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let id = ActivityId::new(*id);
    let reason = input::text("reason", &request.0.reason, 200)?;
    let request = (id, reason.clone());
    let story = use_case.once("cancel_activity", key, &request, move |work| {
        Box::pin(async move {
            let found = activities::lock_within(&mut work.tx, &caller.scope, id).await?;
            let mut activity = found.ok_or_else(ApiError::not_found)?;
            work.about("activity", id);
            activity.cancel(caller.admin.id, reason, work.now)?;
            activities::update(&mut work.tx, &activity).await?;
            enrolments::cancel_all(&mut work.tx, id, work.now).await?;
            activity_sessions::free_all(&mut work.tx, id).await?;
            let detail = activities::find_within(&work.tx, &caller.scope, id).await?;
            let sessions = activity_sessions::list_of(&work.tx, id).await?;
            Ok(ManagedActivityView::new(detail.ok_or_else(ApiError::not_found)?, sessions, work.now))
        })
    });
    story.await
}
