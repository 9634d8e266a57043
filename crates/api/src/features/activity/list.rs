//! Lists of activities: what members may join, and what admins look after.

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::NaiveDate;
use domain::id::{ActivityId, NodeId};
use domain::organisation::NodePath;
use domain::time::{end_of_day, start_of_day};
use serde::Deserialize;
use storage::activities::{self, Filter};
use storage::organisations;
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{ActivityStateCode, ActivitySummaryView, ManagedSummaryView, ServiceKindCode};
use crate::auth::caller::{Authorized, CurrentMember, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::input;
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::http::tagged::Tagged;
use crate::state::{App, State};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ActivityQuery {
    /// 名称或地点中的文字
    #[param(example = "楼道")]
    text: Option<String>,
    /// 类别
    kind: Option<ServiceKindCode>,
    /// 只看这个组织及其下级发布的
    organisation_id: Option<Uuid>,
    /// 从哪一天起，默认从现在起
    #[param(example = "2026-11-24")]
    from: Option<NaiveDate>,
    /// 到哪一天止，含当天
    #[param(example = "2026-12-24")]
    to: Option<NaiveDate>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ManagedActivityQuery {
    /// 只看这个状态
    state: Option<ActivityStateCode>,
    /// 为真时只看由您这一级审核的；与 state=review 一起使用即待办
    #[serde(default)]
    reviewable: bool,
    /// 名称或地点中的文字
    #[param(example = "楼道")]
    text: Option<String>,
    /// 类别
    kind: Option<ServiceKindCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 活动列表
///
/// 已发布的活动，按开始时间排列；默认只看还没结束的。带 ETag；请求头 If-None-Match 与之相同时答复 304，没有内容。
#[utoipa::path(tag = "活动", params(ActivityQuery), responses(
    (status = 200, description = "活动列表", body = Listed<ActivitySummaryView>),
    (status = 304, description = "与 If-None-Match 相同，没有内容"),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/activities")]
pub(super) async fn list_activities(
    _: CurrentMember,
    query: Query<ActivityQuery>,
    app: App,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let now = app.clock.business();
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = Filter {
        within: within(&app, query.organisation_id).await?,
        kind: query.kind.map(|kind| kind.0),
        text: input::optional_line("text", query.text.as_deref(), 30)?,
        from: Some(input::optional_day("from", query.from)?.map_or(now, start_of_day)),
        to: input::optional_day("to", query.to)?.map(end_of_day),
        state: None,
    };
    let found = activities::list_public(&app.database.read(), &filter, &page).await?;
    let listed = Listed::of(found, |activity| ActivitySummaryView::new(activity, now));
    Ok(Tagged::of(&listed)?.answer(&request))
}

/// 辖区内的活动
///
/// 本级及下级组织发布的活动，最近提交的在前。
#[utoipa::path(tag = "活动", params(ManagedActivityQuery), responses(
    (status = 200, description = "活动列表", body = Listed<ManagedSummaryView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/activities")]
pub(super) async fn list_managed_activities(
    caller: Authorized<needs::ReadActivities>,
    query: Query<ManagedActivityQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ManagedSummaryView>>> {
    let now = app.clock.business();
    let page = page_request::<ActivityId>(query.limit, query.cursor.as_deref())?;
    let filter = Filter {
        kind: query.kind.map(|kind| kind.0),
        text: input::optional_line("text", query.text.as_deref(), 30)?,
        state: query.state.map(|state| (state.0, now)),
        ..Filter::default()
    };
    let read = app.database.read();
    let found = activities::list_within(&read, &caller.scope, query.reviewable, &filter, &page).await?;
    Ok(web::Json(Listed::of(found, |activity| ManagedSummaryView::new(activity, now))))
}

async fn within(app: &State, organisation: Option<Uuid>) -> ApiResult<Option<Vec<NodePath>>> {
    let Some(id) = organisation else { return Ok(None) };
    let node = organisations::find(&app.database.read(), NodeId::new(id)).await?;
    let node = node.ok_or_else(|| ApiError::field("organisation_id", "没有这个组织"))?;
    Ok(Some(vec![node.path]))
}
