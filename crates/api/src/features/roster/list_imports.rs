//! What became of the files that were handed in.

use actix_web::{get, web};
use domain::id::ImportId;
use serde::Deserialize;
use storage::roster_imports;
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{ImportStateCode, RosterImportView};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RosterImportQuery {
    /// 只看这个状态
    state: Option<ImportStateCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 名册导入列表
///
/// 最近的在前。
#[utoipa::path(tag = "名册", params(RosterImportQuery), responses(
    (status = 200, description = "导入列表", body = Listed<RosterImportView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/roster-imports")]
pub(super) async fn list_roster_imports(
    caller: Authorized<needs::ManageRoster>,
    query: Query<RosterImportQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<RosterImportView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let state = query.state.map(|state| state.0);
    let found = roster_imports::list_within(&app.database.read(), &caller.scope, state, &page).await?;
    Ok(web::Json(Listed::of(found, RosterImportView::from)))
}

/// 名册导入的进度和结果
#[utoipa::path(tag = "名册", params(("id" = Uuid, Path, description = "导入编号")), responses(
    (status = 200, description = "进度和结果", body = RosterImportView),
    (status = 404, description = "没有这次导入", body = Problem, content_type = "application/problem+json"),
))]
#[get("/roster-imports/{id}")]
pub(super) async fn show_roster_import(
    caller: Authorized<needs::ManageRoster>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<RosterImportView>> {
    let found = roster_imports::find_within(&app.database.read(), &caller.scope, ImportId::new(*id)).await?;
    Ok(web::Json(found.ok_or_else(ApiError::not_found)?.into()))
}
