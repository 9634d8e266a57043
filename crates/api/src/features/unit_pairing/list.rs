//! Which units are paired with which communities.

use actix_web::{get, web};
use storage::unit_pairings;

use super::view::UnitPairingView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::http::page::{Listed, PageQuery, page_request};
use crate::state::App;

/// 结队列表
///
/// 单位或社区在管理范围内的结队。最近的在前。
#[utoipa::path(tag = "组织", params(PageQuery), responses(
    (status = 200, description = "结队列表", body = Listed<UnitPairingView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/unit-pairings")]
pub(super) async fn list_unit_pairings(
    caller: Authorized<needs::ReadOrganisation>,
    query: web::Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<UnitPairingView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = unit_pairings::list_within(&app.database.read(), &caller.scope, &page).await?;
    Ok(web::Json(Listed::of(found, UnitPairingView::from)))
}
