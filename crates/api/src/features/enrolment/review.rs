//! Another person reviews what the lead confirmed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use actix_web::{post, web};
use domain::enrolment::ReviewError;
use domain::id::{ActivityId, EnrolmentId};
use serde::{Deserialize, Serialize};
use storage::{activities, enrolments, rulebooks};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::EnrolmentStateCode;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::coded::Coded;
use crate::http::input;
use crate::http::json::Json;
use crate::http::time::BeijingTime;
use crate::use_case::{UseCase, Work};

const MOST: usize = 100;

/// 审核考勤
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviewRequest {
    /// 要审核的考勤，1 到 100 个；全部成功或全部不变
    attendances: Vec<ReviewedAttendance>,
}

/// 对一份考勤的审核
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReviewedAttendance {
    /// 报名编号
    enrolment_id: Uuid,
    /// 是否通过
    #[schema(example = true)]
    approved: bool,
    /// 不通过的原因，不通过时必填，最多 200 字
    #[schema(example = "未见到场")]
    reason: Option<String>,
}

/// 审核的结果
#[derive(Debug, Serialize, ToSchema)]
struct ReviewedView {
    /// 已审核的考勤
    attendances: Vec<ReviewedAttendanceView>,
}

/// 已审核的考勤
#[derive(Debug, Serialize, ToSchema)]
struct ReviewedAttendanceView {
    /// 报名编号
    enrolment_id: Uuid,
    /// 状态
    state: EnrolmentStateCode,
    /// 公示截止时间，通过时才有
    publicity_ends_at: Option<BeijingTime>,
}

/// 审核考勤
///
/// 由负责人以外的人审核；通过后按规则公示，期满无异议即入账。
#[utoipa::path(tag = "考勤", responses(
    (status = 200, description = "已审核", body = ReviewedView),
    (status = 404, description = "辖区内没有这份考勤", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不在待审核状态，或您是负责人或参加者本人，facts.enrolment_id 说明是哪一份", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/attendances/review")]
pub(super) async fn review_attendance(
    caller: Authorized<needs::ReviewAttendance>,
    request: Json<ReviewRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ReviewedView>> {
    let verdicts = read(request.0)?;
    let story = use_case.write("review_attendance", move |work| Box::pin(review(work, caller, verdicts)));
    story.await.map(web::Json)
}

/// What is said about each enrolment: nothing against it, or why it is refused.
type Verdicts = HashMap<EnrolmentId, Option<String>>;

async fn review(
    work: &mut Work,
    caller: Authorized<needs::ReviewAttendance>,
    mut verdicts: Verdicts,
) -> ApiResult<ReviewedView> {
    let ids: Vec<_> = verdicts.keys().copied().collect();
    if let [only] = ids[..] {
        work.about("enrolment", only);
    }
    let official = caller.admin.official();
    let mut publicity = HashMap::new();
    let mut attendances = Vec::with_capacity(ids.len());
    for mut enrolment in enrolments::lock_within(&mut work.tx, &caller.scope, &ids).await? {
        let activity = enrolment.activity;
        if let Entry::Vacant(unknown) = publicity.entry(activity) {
            unknown.insert(publicity_days(work, activity).await?);
        }
        let decided = match verdicts.remove(&enrolment.id).flatten() {
            None => enrolment.approve(official, publicity[&activity], work.now),
            Some(reason) => enrolment.refuse(official, reason, work.now),
        };
        decided.map_err(|error| refused(error, enrolment.id))?;
        enrolments::update(&mut work.tx, &enrolment).await?;
        attendances.push(ReviewedAttendanceView {
            enrolment_id: enrolment.id.uuid(),
            state: Coded(enrolment.state),
            publicity_ends_at: enrolment.publicity_ends_at.map(BeijingTime),
        });
    }
    if attendances.len() != ids.len() {
        return Err(ApiError::not_found());
    }
    Ok(ReviewedView { attendances })
}

/// How long service there is public before it is credited.
async fn publicity_days(work: &Work, activity: ActivityId) -> ApiResult<u32> {
    let activity = activities::find_any(&work.tx, activity).await?.ok_or_else(ApiError::not_found)?;
    let rulebook = rulebooks::in_force_at(&work.tx, activity.node, work.now).await?;
    Ok(rulebook.rules.record.publicity_days)
}

fn read(request: ReviewRequest) -> ApiResult<Verdicts> {
    let asked = request.attendances.len();
    let mut verdicts = Verdicts::with_capacity(asked);
    for (index, one) in request.attendances.into_iter().enumerate() {
        let field = format!("attendances[{index}].reason");
        let reason = match (one.approved, one.reason) {
            (true, _) => None,
            (false, Some(reason)) => Some(input::text(&field, &reason, 200)?),
            (false, None) => return Err(ApiError::field(field, "不通过须填写原因")),
        };
        verdicts.insert(EnrolmentId::new(one.enrolment_id), reason);
    }
    if !(1..=MOST).contains(&asked) || verdicts.len() != asked {
        return Err(ApiError::field("attendances", format!("应为 1 到 {MOST} 份不同的考勤")));
    }
    Ok(verdicts)
}

fn refused(error: ReviewError, enrolment: EnrolmentId) -> ApiError {
    let code = match error {
        ReviewError::State(_) => ErrorCode::StateConflict,
        ReviewError::SamePerson => ErrorCode::SamePerson,
    };
    ApiError::new(code, error.to_string()).with_facts(serde_json::json!({ "enrolment_id": enrolment }))
}
