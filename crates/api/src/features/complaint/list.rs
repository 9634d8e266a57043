//! Complaints: one's own, and those that an admin may answer.

use actix_web::{get, web};
use domain::session::Audience;
use serde::Deserialize;
use storage::complaints;
use utoipa::IntoParams;

use super::persons;
use super::view::{ComplaintStateCode, ComplaintView, ReceivedComplaintView};
use crate::auth::caller::{Authorized, CurrentIdentity, needs};
use crate::error::{ApiResult, Problem};
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ComplaintQuery {
    /// 只看这个状态
    state: Option<ComplaintStateCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 我的投诉建议
///
/// 最近的在前，已答复的带有答复。
#[utoipa::path(tag = "投诉建议", params(PageQuery), responses(
    (status = 200, description = "投诉建议列表", body = Listed<ComplaintView>),
))]
#[get("/complaints")]
pub(super) async fn list_own_complaints(
    caller: CurrentIdentity,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ComplaintView>>> {
    list_own(&app, &caller, Audience::Member, &query).await
}

/// 我的投诉建议（商家）
///
/// 最近的在前，已答复的带有答复。
#[utoipa::path(tag = "投诉建议", params(PageQuery), responses(
    (status = 200, description = "投诉建议列表", body = Listed<ComplaintView>),
))]
#[get("/complaints")]
pub(super) async fn list_own_merchant_complaints(
    caller: CurrentIdentity,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ComplaintView>>> {
    list_own(&app, &caller, Audience::Merchant, &query).await
}

async fn list_own(
    app: &App,
    caller: &CurrentIdentity,
    audience: Audience,
    query: &PageQuery,
) -> ApiResult<web::Json<Listed<ComplaintView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = complaints::list_own(&app.database.read(), &persons(caller), audience, &page).await?;
    Ok(web::Json(Listed::of(found, ComplaintView::from)))
}

/// 投诉建议列表
///
/// 社区看到辖区内小区的，街道和区看到辖区内全部的。最近的在前。
#[utoipa::path(tag = "投诉建议", params(ComplaintQuery), responses(
    (status = 200, description = "投诉建议列表", body = Listed<ReceivedComplaintView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/complaints")]
pub(super) async fn list_complaints(
    caller: Authorized<needs::AnswerComplaints>,
    query: Query<ComplaintQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ReceivedComplaintView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let state = query.state.map(|state| state.0);
    let found = complaints::list_within(&app.database.read(), &caller.scope, state, &page).await?;
    Ok(web::Json(Listed::of(found, ReceivedComplaintView::from)))
}
