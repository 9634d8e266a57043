//! Signing up for a session: a seat while there is one, else a place on the waitlist.

use actix_web::{post, web};
use domain::activity::Session;
use domain::enrolment::{Applicant, Enrolment, REMEMBERED};
use domain::id::{ActivityId, ActivitySessionId, EnrolmentId};
use domain::residency::ResidencyState;
use serde::{Deserialize, Serialize};
use storage::{activities, activity_sessions, enrolments, identities, residencies, rulebooks};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::OwnEnrolmentView;
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 报名
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EnrolRequest {
    /// 场次编号；只有一场时可以不填
    session_id: Option<Uuid>,
}

/// 报名参加活动
///
/// 有名额即报名成功，没有名额进入候补，有人取消时依次递补。须已完成小区报到，时间不能与已报名的活动冲突。
#[utoipa::path(tag = "报名", params(
    ("id" = Uuid, Path, description = "活动编号"),
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已报名或已进入候补，见 state", body = OwnEnrolmentView),
    (status = 404, description = "没有这个活动", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不能报名，原因见 code", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须选择场次", body = Problem, content_type = "application/problem+json"),
))]
#[post("/activities/{id}/enrolment")]
pub(super) async fn enrol_activity(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    key: IdempotencyKey,
    request: Json<EnrolRequest>,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let (id, session) = (ActivityId::new(*id), request.0.session_id.map(ActivitySessionId::new));
    use_case.once("enrol_activity", key, &(id, request.0), move |work| Box::pin(enrol(work, caller, id, session))).await
}

async fn enrol(
    work: &mut Work,
    caller: CurrentMember,
    id: ActivityId,
    session: Option<ActivitySessionId>,
) -> ApiResult<OwnEnrolmentView> {
    let member = caller.member;
    // Two sign-ups of one person must see each other, or both would find their hours free.
    identities::lock(&mut work.tx, caller.identity).await?;
    let activity = activities::lock_shared(&mut work.tx, id).await?.ok_or_else(ApiError::not_found)?;
    let planned = chosen(work, id, session).await?;
    let residency = residencies::find_open(&work.tx, member).await?;
    let absences = enrolments::absences(&work.tx, member, work.now - REMEMBERED).await?;
    let rules = rulebooks::in_force_at(&work.tx, activity.node, work.now).await?.rules.absence;
    let engagements = enrolments::engagements(&work.tx, member, planned.starts_at, planned.ends_at).await?;
    let mut session = activity_sessions::lock(&mut work.tx, planned.id).await?.ok_or_else(ApiError::not_found)?;
    let earlier = enrolments::lock_own(&mut work.tx, member, session.id).await?;
    let taken = session.enrolled;
    let applicant = Applicant {
        member,
        is_resident: residency.is_some_and(|residency| residency.state == ResidencyState::Active),
        engagements: &engagements,
        absences: &absences,
        rules: &rules,
    };
    let fresh = EnrolmentId::new(Uuid::now_v7());
    let enrolment = Enrolment::enrol(fresh, applicant, &activity, &mut session, earlier.as_ref(), work.now)?;
    work.about("enrolment", enrolment.id);
    match earlier {
        Some(_) => enrolments::update(&mut work.tx, &enrolment).await?,
        None => enrolments::insert(&mut work.tx, &enrolment).await?,
    }
    activity_sessions::change_seats(&mut work.tx, session.id, session.enrolled - taken).await?;
    Ok(OwnEnrolmentView::new(enrolment, &activity, &session))
}

/// The session that was named, or the only one there is.
pub(super) async fn chosen(work: &Work, activity: ActivityId, named: Option<ActivitySessionId>) -> ApiResult<Session> {
    let mut sessions = activity_sessions::list_of(&work.tx, activity).await?;
    if let Some(named) = named {
        let found = sessions.into_iter().find(|session| session.id == named);
        return found.ok_or_else(|| ApiError::field("session_id", "活动没有这个场次"));
    }
    match (sessions.pop(), sessions.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(ApiError::field("session_id", "活动有多个场次，请选择一场")),
    }
}
