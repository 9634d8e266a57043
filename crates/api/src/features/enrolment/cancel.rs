//! Giving a place back; a seat goes to the first in line.

use actix_web::{post, web};
use domain::id::{ActivityId, ActivitySessionId, MemberId};
use serde::{Deserialize, Serialize};
use storage::{activities, activity_sessions, enrolments, rulebooks};
use utoipa::ToSchema;
use uuid::Uuid;

use super::enrol::chosen;
use super::not_enrolled;
use super::view::OwnEnrolmentView;
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 取消报名
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelEnrolmentRequest {
    /// 场次编号；只有一场时可以不填
    session_id: Option<Uuid>,
}

/// 取消报名
///
/// 开始前可以取消，名额让给候补的第一位。临近开始才取消的计一次缺席，提前多久由积分规则规定，一般为 24 小时。
#[utoipa::path(tag = "报名", params(
    ("id" = Uuid, Path, description = "活动编号"),
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已取消", body = OwnEnrolmentView),
    (status = 404, description = "没有这个活动", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "没有报名、已经取消或活动已开始", body = Problem, content_type = "application/problem+json"),
))]
#[post("/activities/{id}/enrolment/cancellation")]
pub(super) async fn cancel_enrolment(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    key: IdempotencyKey,
    request: Json<CancelEnrolmentRequest>,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let (id, session) = (ActivityId::new(*id), request.0.session_id.map(ActivitySessionId::new));
    use_case
        .once("cancel_enrolment", key, &(id, request.0), move |work| Box::pin(cancel(work, caller.member, id, session)))
        .await
}

async fn cancel(
    work: &mut Work,
    member: MemberId,
    id: ActivityId,
    session: Option<ActivitySessionId>,
) -> ApiResult<OwnEnrolmentView> {
    let activity = activities::lock_shared(&mut work.tx, id).await?.ok_or_else(ApiError::not_found)?;
    let session = chosen(work, id, session).await?.id;
    let rules = rulebooks::in_force_at(&work.tx, activity.node, work.now).await?.rules.absence;
    let mut session = activity_sessions::lock(&mut work.tx, session).await?.ok_or_else(ApiError::not_found)?;
    let (own, next) = enrolments::lock_own_and_next(&mut work.tx, member, session.id).await?;
    let mut enrolment = own.ok_or_else(not_enrolled)?;
    work.about("enrolment", enrolment.id);
    let taken = session.enrolled;
    enrolment.cancel(&mut session, &rules, work.now)?;
    enrolments::update(&mut work.tx, &enrolment).await?;
    if let Some(mut next) = next
        && next.take_seat(&mut session, work.now)
    {
        enrolments::update(&mut work.tx, &next).await?;
    }
    activity_sessions::change_seats(&mut work.tx, session.id, session.enrolled - taken).await?;
    Ok(OwnEnrolmentView::new(enrolment, &activity, &session))
}
