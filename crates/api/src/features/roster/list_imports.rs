//! What became of the files that were handed in.

use actix_web::{get, web};
use domain::id::ImportId;
use storage::roster_imports;
use uuid::Uuid;

use super::view::RosterImportView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::page::{Listed, PageQuery, page_request};
use crate::state::App;

/// 名册导入列表
///
/// 最近的在前。
#[utoipa::path(tag = "名册", params(PageQuery), responses(
    (status = 200, description = "导入列表", body = Listed<RosterImportView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/roster-imports")]
pub(super) async fn list_roster_imports(
    caller: Authorized<needs::ManageRoster>,
    query: web::Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<RosterImportView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = roster_imports::list_within(&app.database.read(), &caller.scope, &page).await?;
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
