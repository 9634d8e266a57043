//! Residencies: a member's own, and those in which an admin has a say.

use actix_web::{get, web};
use domain::id::ResidencyId;
use serde::Deserialize;
use storage::residencies;
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{ReportedResidencyView, ResidencyStateCode, ResidencyView};
use crate::auth::caller::{Authorized, CurrentMember, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ResidencyQuery {
    /// 只看这个状态
    state: Option<ResidencyStateCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 我的报到
///
/// 包括已结束的，最近的在前。
#[utoipa::path(tag = "报到", params(PageQuery), responses(
    (status = 200, description = "报到列表", body = Listed<ResidencyView>),
))]
#[get("/residencies")]
pub(super) async fn list_own_residencies(
    caller: CurrentMember,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ResidencyView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = residencies::list_own(&app.database.read(), caller.member, &page).await?;
    Ok(web::Json(Listed::of(found, ResidencyView::from)))
}

/// 报到列表
///
/// 单位管理员看到本单位党员的报到，社区、街道和区看到辖区内小区的报到。最近的在前。
#[utoipa::path(tag = "报到", params(ResidencyQuery), responses(
    (status = 200, description = "报到列表", body = Listed<ReportedResidencyView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/residencies")]
pub(super) async fn list_residencies(
    caller: Authorized<needs::ReadResidencies>,
    query: Query<ResidencyQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ReportedResidencyView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let state = query.state.map(|state| state.0);
    let found = residencies::list_within(&app.database.read(), &caller.scope, state, &page).await?;
    Ok(web::Json(Listed::of(found, ReportedResidencyView::from)))
}

/// 报到详情
#[utoipa::path(tag = "报到", params(("id" = Uuid, Path, description = "报到编号")), responses(
    (status = 200, description = "报到", body = ReportedResidencyView),
    (status = 404, description = "没有这份报到", body = Problem, content_type = "application/problem+json"),
))]
#[get("/residencies/{id}")]
pub(super) async fn show_residency(
    caller: Authorized<needs::ReadResidencies>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<ReportedResidencyView>> {
    let found = residencies::find_within(&app.database.read(), &caller.scope, ResidencyId::new(*id)).await?;
    Ok(web::Json(found.ok_or_else(ApiError::not_found)?.into()))
}
