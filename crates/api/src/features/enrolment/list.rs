//! A member's enrolments, and the attendance that waits for review.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use actix_web::{get, web};
use domain::enrolment::EnrolmentState;
use domain::id::ActivityId;
use serde::Deserialize;
use storage::enrolments::{self, AttendanceToReview};
use storage::rulebooks;
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{AttendanceView, EnrolmentStateCode, OwnEnrolmentView};
use crate::auth::caller::{Authorized, CurrentMember, needs};
use crate::error::{ApiResult, Problem};
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EnrolmentQuery {
    /// 只看这个状态
    state: Option<EnrolmentStateCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AttendanceQuery {
    /// 状态，默认 lead_confirmed，即待审核
    state: Option<EnrolmentStateCode>,
    /// 只看这个活动
    activity_id: Option<Uuid>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 我的报名
///
/// 包括服务时长和入账情况，最近的在前。
#[utoipa::path(tag = "报名", params(EnrolmentQuery), responses(
    (status = 200, description = "报名列表", body = Listed<OwnEnrolmentView>),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/enrolments")]
pub(super) async fn list_own_enrolments(
    caller: CurrentMember,
    query: Query<EnrolmentQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<OwnEnrolmentView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let state = query.state.map(|state| state.0);
    let found = enrolments::list_own(&app.database.read(), caller.member, state, &page).await?;
    Ok(web::Json(Listed::of(found, OwnEnrolmentView::from)))
}

/// 考勤列表
///
/// 辖区内活动的考勤，默认只看负责人已确认、等待审核的，先报名的在前。
#[utoipa::path(tag = "考勤", params(AttendanceQuery), responses(
    (status = 200, description = "考勤列表", body = Listed<AttendanceView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/attendances")]
pub(super) async fn list_attendances(
    caller: Authorized<needs::ReadActivities>,
    query: Query<AttendanceQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<AttendanceView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let state = query.state.map_or(EnrolmentState::LeadConfirmed, |state| state.0);
    let activity = query.activity_id.map(ActivityId::new);
    let read = app.database.read();
    let found = enrolments::list_reviewable(&read, &caller.scope, state, activity, &page).await?;
    // How soon service must be registered: the rules that held when and where it was served, once for each session.
    let mut register_within = HashMap::new();
    for attendance in &found.items {
        if let Entry::Vacant(unknown) = register_within.entry(attendance.enrolment.session) {
            let rulebook = rulebooks::in_force_at(&read, attendance.node, attendance.starts_at).await?;
            unknown.insert(rulebook.rules.record.register_within_days);
        }
    }
    let view = |attendance: AttendanceToReview| {
        let days = register_within[&attendance.enrolment.session];
        AttendanceView::new(attendance, days)
    };
    Ok(web::Json(Listed::of(found, view)))
}
