//! The lead makes up service that nobody timed.

use actix_web::{post, web};
use domain::enrolment::{MadeUp, MakeUpError};
use domain::id::{ActivityId, EnrolmentId, MemberId};
use domain::service::Evaluation;
use serde::{Deserialize, Serialize};
use storage::{activities, activity_sessions, enrolments, rulebooks};
use utoipa::ToSchema;
use uuid::Uuid;

use super::lead::EvaluationCode;
use super::may_vouch;
use super::view::EnrolmentStateCode;
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::coded::Coded;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 补录服务时长
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MakeUpRequest {
    /// 报名编号
    enrolment_id: Uuid,
    /// 补录的分钟，连同已计时的不超过计划时长
    #[schema(example = 60)]
    minutes: i64,
    /// 依据，供审核人核实，最多 500 字
    #[schema(example = "签到设备故障，有现场合影和签名册")]
    evidence: String,
    /// 评价；对本人最高 b
    evaluation: EvaluationCode,
}

/// 已补录的考勤
#[derive(Debug, Serialize, ToSchema)]
struct MadeUpView {
    /// 报名编号
    enrolment_id: Uuid,
    /// 状态
    state: EnrolmentStateCode,
    /// 计时的分钟
    #[schema(example = 0)]
    minutes: Option<i64>,
    /// 补录的分钟
    #[schema(example = 60)]
    made_up_minutes: i64,
}

/// 补录服务时长
///
/// 未到或计时不足的，负责人可以在积分规则规定的期限内补录，一般为结束后 7 天；由社区的其他人审核、公示后入账。
/// 补录的时长单独累计，是否计分由积分规则规定，一般不计分。
#[utoipa::path(tag = "负责人", params(("id" = Uuid, Path, description = "活动编号")), responses(
    (status = 200, description = "已补录，等待社区审核", body = MadeUpView),
    (status = 404, description = "没有由您负责的这个活动，或报名不属于它", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不在可以补录的状态、已过补录期限，或您因弄虚作假暂时不能补录", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/led-activities/{id}/made-up-attendance")]
pub(super) async fn make_up_attendance(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    request: Json<MakeUpRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<MadeUpView>> {
    let MakeUpRequest { enrolment_id, minutes, evidence, evaluation } = request.0;
    let made_up = MadeUp { minutes, evidence: input::text("evidence", &evidence, 500)? };
    let (id, enrolment) = (ActivityId::new(*id), EnrolmentId::new(enrolment_id));
    let story = use_case.write("make_up_attendance", move |work| {
        Box::pin(make_up(work, caller.member, (id, enrolment), made_up, evaluation.0))
    });
    story.await.map(web::Json)
}

async fn make_up(
    work: &mut Work,
    lead: MemberId,
    (id, enrolment): (ActivityId, EnrolmentId),
    made_up: MadeUp,
    evaluation: Evaluation,
) -> ApiResult<MadeUpView> {
    let activity = activities::find_led(&work.tx, lead, id).await?.ok_or_else(ApiError::not_found)?.activity;
    may_vouch(work, lead).await?;
    let locked = enrolments::lock_of_activity(&mut work.tx, id, &[enrolment]).await?.pop();
    let mut enrolment = locked.ok_or_else(ApiError::not_found)?;
    work.about("enrolment", enrolment.id);
    work.because(made_up.evidence.clone());
    let session = activity_sessions::find(&work.tx, enrolment.session).await?.ok_or_else(ApiError::not_found)?;
    let rules = rulebooks::in_force_at(&work.tx, activity.node, session.starts_at).await?.rules.record;
    let made_up_minutes = made_up.minutes;
    // The job that closes forgotten attendance may not have come round yet.
    enrolment.close(&session, work.now);
    enrolment.make_up((&activity, &session), lead, made_up, evaluation, &rules, work.now)?;
    enrolments::update(&mut work.tx, &enrolment).await?;
    let (enrolment_id, state, minutes) = (enrolment.id.uuid(), Coded(enrolment.state), enrolment.timed_minutes);
    Ok(MadeUpView { enrolment_id, state, minutes, made_up_minutes })
}

impl From<MakeUpError> for ApiError {
    fn from(error: MakeUpError) -> Self {
        let code = match error {
            MakeUpError::NotLead => return Self::not_found(),
            MakeUpError::State(_) => ErrorCode::StateConflict,
            MakeUpError::TooLate { .. } => ErrorCode::MakeUpTooLate,
            MakeUpError::Minutes(_) => return Self::field("minutes", error),
            MakeUpError::OwnEvaluation => ErrorCode::SamePerson,
        };
        Self::new(code, error.to_string())
    }
}
