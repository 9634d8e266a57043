//! The lead confirms who served, and how well.

use std::collections::HashMap;

use actix_web::{post, web};
use domain::enrolment::ConfirmError;
use domain::id::{ActivityId, EnrolmentId, MemberId};
use domain::service::Evaluation;
use serde::{Deserialize, Serialize};
use storage::{activities, activity_sessions, enrolments};
use utoipa::ToSchema;
use uuid::Uuid;

use super::lead::EvaluationCode;
use super::may_vouch;
use super::view::EnrolmentStateCode;
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::coded::Coded;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

const MOST: usize = 100;

/// 确认考勤
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmRequest {
    /// 要确认的报名，1 到 100 个；全部成功或全部不变
    attendances: Vec<ConfirmedAttendance>,
}

/// 对一名参加者的确认
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmedAttendance {
    /// 报名编号
    enrolment_id: Uuid,
    /// 评价；对本人最高 b
    evaluation: EvaluationCode,
}

/// 确认的结果
#[derive(Debug, Serialize, ToSchema)]
struct ConfirmedView {
    /// 已确认的考勤
    attendances: Vec<ConfirmedAttendanceView>,
}

/// 已确认的考勤
#[derive(Debug, Serialize, ToSchema)]
struct ConfirmedAttendanceView {
    /// 报名编号
    enrolment_id: Uuid,
    /// 状态
    state: EnrolmentStateCode,
    /// 服务分钟
    #[schema(example = 120)]
    minutes: Option<i64>,
}

/// 确认考勤
///
/// 负责人确认参加者到场服务并评价，之后由社区的其他人审核。忘记签退的，结束后按计划结束时间计算。
#[utoipa::path(tag = "负责人", params(("id" = Uuid, Path, description = "活动编号")), responses(
    (status = 200, description = "已确认，等待社区审核", body = ConfirmedView),
    (status = 404, description = "没有由您负责的这个活动，或报名不属于它", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "有人还没签退或已经确认过，facts.enrolment_id 说明是谁；或您因弄虚作假暂时不能确认", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/led-activities/{id}/confirmation")]
pub(super) async fn confirm_attendance(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    request: Json<ConfirmRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ConfirmedView>> {
    let asked = request.0.attendances;
    let evaluations: HashMap<EnrolmentId, Evaluation> =
        asked.iter().map(|one| (EnrolmentId::new(one.enrolment_id), one.evaluation.0)).collect();
    if !(1..=MOST).contains(&asked.len()) || evaluations.len() != asked.len() {
        return Err(ApiError::field("attendances", format!("应为 1 到 {MOST} 个不同的报名")));
    }
    let id = ActivityId::new(*id);
    let story =
        use_case.write("confirm_attendance", move |work| Box::pin(confirm(work, caller.member, id, evaluations)));
    story.await.map(web::Json)
}

async fn confirm(
    work: &mut Work,
    lead: MemberId,
    id: ActivityId,
    evaluations: HashMap<EnrolmentId, Evaluation>,
) -> ApiResult<ConfirmedView> {
    let activity = activities::find_led(&work.tx, lead, id).await?.ok_or_else(ApiError::not_found)?.activity;
    work.about("activity", id);
    may_vouch(work, lead).await?;
    let sessions = activity_sessions::list_of(&work.tx, id).await?;
    let ids: Vec<_> = evaluations.keys().copied().collect();
    let mut attendances = Vec::with_capacity(ids.len());
    for mut enrolment in enrolments::lock_of_activity(&mut work.tx, id, &ids).await? {
        let session = sessions.iter().find(|session| session.id == enrolment.session);
        let evaluation = evaluations.get(&enrolment.id).copied();
        let (Some(session), Some(evaluation)) = (session, evaluation) else { return Err(ApiError::not_found()) };
        // The job that closes forgotten attendance may not have come round yet.
        enrolment.close(session, work.now);
        enrolment.confirm(&activity, lead, evaluation, work.now).map_err(|error| refused(error, enrolment.id))?;
        enrolments::update(&mut work.tx, &enrolment).await?;
        attendances.push(ConfirmedAttendanceView {
            enrolment_id: enrolment.id.uuid(),
            state: Coded(enrolment.state),
            minutes: enrolment.timed_minutes,
        });
    }
    if attendances.len() != ids.len() {
        return Err(ApiError::not_found());
    }
    Ok(ConfirmedView { attendances })
}

fn refused(error: ConfirmError, enrolment: EnrolmentId) -> ApiError {
    let code = match error {
        ConfirmError::NotLead => return ApiError::not_found(),
        ConfirmError::State(_) => ErrorCode::StateConflict,
        ConfirmError::OwnEvaluation => ErrorCode::SamePerson,
    };
    ApiError::new(code, error.to_string()).with_facts(serde_json::json!({ "enrolment_id": enrolment }))
}
