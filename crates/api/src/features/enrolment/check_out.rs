//! Leaving: the member scans the lead's other code.

use actix_web::{post, web};
use domain::attendance_code::{self, Direction};
use domain::id::{ActivitySessionId, MemberId};
use serde::Deserialize;
use storage::{activities, activity_sessions, enrolments};
use utoipa::ToSchema;

use super::not_enrolled;
use super::view::OwnEnrolmentView;
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// 签退
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckOutRequest {
    /// 扫描负责人二维码得到的内容
    #[schema(example = "ZXA1.0199a3f06c1e7a319a560d8f4f0f2b11.out.59345612.3f0c9d5a7be14c6b8d2e1f0a9b8c7d6e")]
    code: String,
}

/// 签退
///
/// 离开时扫描负责人出示的签退码。忘记签退的，按计划结束时间计算时长。
#[utoipa::path(tag = "报名", responses(
    (status = 200, description = "已签退", body = OwnEnrolmentView),
    (status = 409, description = "不能签退，原因见 code", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "不是签退码", body = Problem, content_type = "application/problem+json"),
))]
#[post("/check-outs")]
pub(super) async fn check_out(
    caller: CurrentMember,
    request: Json<CheckOutRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<OwnEnrolmentView>> {
    let session = attendance_code::read(&app.code_key, &request.0.code, Direction::Out, app.clock.wall())?;
    let story = use_case.write("check_out", move |work| Box::pin(leave(work, caller.member, session)));
    story.await.map(web::Json)
}

async fn leave(work: &mut Work, member: MemberId, session: ActivitySessionId) -> ApiResult<OwnEnrolmentView> {
    let mut enrolment = enrolments::lock_own(&mut work.tx, member, session).await?.ok_or_else(not_enrolled)?;
    work.about("enrolment", enrolment.id);
    let session = activity_sessions::find(&work.tx, session).await?.ok_or_else(ApiError::not_found)?;
    let activity = activities::find_any(&work.tx, session.activity).await?.ok_or_else(ApiError::not_found)?;
    enrolment.check_out(&session, work.now)?;
    enrolments::update(&mut work.tx, &enrolment).await?;
    Ok(OwnEnrolmentView::new(enrolment, &activity, &session))
}
