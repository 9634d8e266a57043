//! Cases of misconduct: one's own, and those that an admin handles.

use actix_web::{get, web};
use domain::id::MisconductId;
use serde::Deserialize;
use storage::misconduct_cases;
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{ManagedMisconductView, MisconductStateCode, MisconductView};
use crate::auth::caller::{Authorized, CurrentMember, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MisconductQuery {
    /// 只看这个状态
    state: Option<MisconductStateCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 我的违规处理
///
/// 关于本人的，以及作为负责人被追究责任的，已有结论的，最近的在前。
#[utoipa::path(tag = "违规处理", params(PageQuery), responses(
    (status = 200, description = "违规处理列表", body = Listed<MisconductView>),
))]
#[get("/misconduct-cases")]
pub(super) async fn list_own_misconduct_cases(
    caller: CurrentMember,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<MisconductView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = misconduct_cases::list_own(&app.database.read(), caller.member, &page).await?;
    Ok(web::Json(Listed::of(found, |detail| MisconductView::seen_by(caller.member, detail))))
}

/// 违规处理列表
///
/// 本级及下级组织提出的，最近的在前。
#[utoipa::path(tag = "违规处理", params(MisconductQuery), responses(
    (status = 200, description = "违规处理列表", body = Listed<ManagedMisconductView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/misconduct-cases")]
pub(super) async fn list_misconduct_cases(
    caller: Authorized<needs::HandleMisconduct>,
    query: Query<MisconductQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ManagedMisconductView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let state = query.state.map(|state| state.0);
    let found = misconduct_cases::list_within(&app.database.read(), &caller.scope, state, &page).await?;
    Ok(web::Json(Listed::of(found, ManagedMisconductView::from)))
}

/// 查看违规处理
#[utoipa::path(tag = "违规处理", params(("id" = Uuid, Path, description = "违规处理编号")), responses(
    (status = 200, description = "违规处理", body = ManagedMisconductView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这项违规处理", body = Problem, content_type = "application/problem+json"),
))]
#[get("/misconduct-cases/{id}")]
pub(super) async fn show_misconduct_case(
    caller: Authorized<needs::HandleMisconduct>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<ManagedMisconductView>> {
    let id = MisconductId::new(*id);
    let found = misconduct_cases::find_within(&app.database.read(), &caller.scope, id).await?;
    Ok(web::Json(ManagedMisconductView::from(found.ok_or_else(ApiError::not_found)?)))
}
