//! The seals, the newest first.

use actix_web::{get, web};
use storage::seals;

use crate::auth::caller::{CurrentAdmin, CurrentMember};
use crate::error::ApiResult;
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::query::Query;
use crate::seal_file::SealView;
use crate::state::App;

/// 账本封存列表
///
/// 最近的在前。记下其中任何一条，日后即可发现账本是否被改动或回退。
#[utoipa::path(tag = "账本", params(PageQuery), responses(
    (status = 200, description = "封存列表", body = Listed<SealView>),
))]
#[get("/ledger-seals")]
pub(super) async fn list_seals(
    _: CurrentMember,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<SealView>>> {
    listed(&query, &app).await
}

/// 账本封存列表（管理）
///
/// 最近的在前。建议每日在系统之外留存最新一条。
#[utoipa::path(tag = "账本", params(PageQuery), responses(
    (status = 200, description = "封存列表", body = Listed<SealView>),
))]
#[get("/ledger-seals")]
pub(super) async fn list_managed_seals(
    _: CurrentAdmin,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<SealView>>> {
    listed(&query, &app).await
}

async fn listed(query: &PageQuery, app: &App) -> ApiResult<web::Json<Listed<SealView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = seals::list(&app.database.read(), &page).await?;
    Ok(web::Json(Listed::of(found, SealView::from)))
}
