//! What the lead sees: their activities and who comes.

use actix_web::{get, web};
use domain::id::{ActivityId, EnrolmentId};
use domain::service::Evaluation;
use serde::{Deserialize, Serialize};
use storage::enrolments::{self, Attendee};
use storage::{activities, activity_sessions};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::{ActivityStateCode, ActivitySummaryView, ActivityView, EnrolmentStateCode};
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::coded::Coded;
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::query::Query;
use crate::http::time::BeijingTime;
use crate::state::App;

pub(super) type EvaluationCode = Coded<Evaluation>;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LedActivityQuery {
    /// 只看这个状态
    state: Option<ActivityStateCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 参加者
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttendeeView {
    /// 报名编号，确认时填写
    id: Uuid,
    /// 场次编号
    session_id: Uuid,
    /// 姓名
    #[schema(example = "李秀英")]
    name: String,
    /// 党员服务编号
    #[schema(example = "PC00000002")]
    number: String,
    /// 状态
    state: EnrolmentStateCode,
    /// 签到时间
    checked_in_at: Option<BeijingTime>,
    /// 签退时间
    checked_out_at: Option<BeijingTime>,
    /// 是否忘记签退、按计划结束时间计算
    closed_automatically: bool,
    /// 服务分钟
    #[schema(example = 120)]
    minutes: Option<i64>,
    /// 评价
    evaluation: Option<EvaluationCode>,
}

impl From<Attendee> for AttendeeView {
    fn from(attendee: Attendee) -> Self {
        let Attendee { enrolment, member_name, member_number } = attendee;
        Self {
            id: enrolment.id.uuid(),
            session_id: enrolment.session.uuid(),
            name: member_name,
            number: member_number,
            state: Coded(enrolment.state),
            checked_in_at: enrolment.checked_in_at.map(BeijingTime),
            checked_out_at: enrolment.checked_out_at.map(BeijingTime),
            closed_automatically: enrolment.closed_automatically,
            minutes: enrolment.timed_minutes,
            evaluation: enrolment.confirmation.map(|confirmation| Coded(confirmation.evaluation)),
        }
    }
}

/// 我负责的活动
///
/// 最近的在前。
#[utoipa::path(tag = "负责人", params(LedActivityQuery), responses(
    (status = 200, description = "活动列表", body = Listed<ActivitySummaryView>),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/led-activities")]
pub(super) async fn list_led_activities(
    caller: CurrentMember,
    query: Query<LedActivityQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ActivitySummaryView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let now = app.clock.business();
    let state = query.state.map(|state| (state.0, now));
    let found = activities::list_led(&app.database.read(), caller.member, state, &page).await?;
    Ok(web::Json(Listed::of(found, |activity| ActivitySummaryView::new(activity, now))))
}

/// 我负责的活动详情
#[utoipa::path(tag = "负责人", params(("id" = Uuid, Path, description = "活动编号")), responses(
    (status = 200, description = "活动", body = ActivityView),
    (status = 404, description = "没有由您负责的这个活动", body = Problem, content_type = "application/problem+json"),
))]
#[get("/led-activities/{id}")]
pub(super) async fn show_led_activity(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<ActivityView>> {
    let id = ActivityId::new(*id);
    let read = app.database.read();
    let detail = activities::find_led(&read, caller.member, id).await?.ok_or_else(ApiError::not_found)?;
    let sessions = activity_sessions::list_of(&read, id).await?;
    Ok(web::Json(ActivityView::new(detail, sessions, app.clock.business())))
}

/// 我负责的活动的参加者
///
/// 按报名先后排列，不含已取消的。
#[utoipa::path(tag = "负责人", params(("id" = Uuid, Path, description = "活动编号"), PageQuery), responses(
    (status = 200, description = "参加者列表", body = Listed<AttendeeView>),
    (status = 404, description = "没有由您负责的这个活动", body = Problem, content_type = "application/problem+json"),
))]
#[get("/led-activities/{id}/attendees")]
pub(super) async fn list_attendees(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<AttendeeView>>> {
    let id = ActivityId::new(*id);
    let page = page_request::<EnrolmentId>(query.limit, query.cursor.as_deref())?;
    let read = app.database.read();
    activities::find_led(&read, caller.member, id).await?.ok_or_else(ApiError::not_found)?;
    let found = enrolments::list_of_activity(&read, id, &page).await?;
    Ok(web::Json(Listed::of(found, AttendeeView::from)))
}
