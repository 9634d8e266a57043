//! One seal.

use actix_web::{get, web};
use storage::seals;

use crate::auth::caller::{CurrentAdmin, CurrentMember};
use crate::error::{ApiError, ApiResult, Problem};
use crate::seal_file::SealView;
use crate::state::App;

/// 查看账本封存
#[utoipa::path(tag = "账本", params(("number" = i64, Path, description = "封存序号", example = 1)), responses(
    (status = 200, description = "封存", body = SealView),
    (status = 404, description = "没有这次封存", body = Problem, content_type = "application/problem+json"),
))]
#[get("/ledger-seals/{number}")]
pub(super) async fn show_seal(_: CurrentMember, number: web::Path<i64>, app: App) -> ApiResult<web::Json<SealView>> {
    shown(*number, &app).await
}

/// 查看账本封存（管理）
#[utoipa::path(tag = "账本", params(("number" = i64, Path, description = "封存序号", example = 1)), responses(
    (status = 200, description = "封存", body = SealView),
    (status = 404, description = "没有这次封存", body = Problem, content_type = "application/problem+json"),
))]
#[get("/ledger-seals/{number}")]
pub(super) async fn show_managed_seal(
    _: CurrentAdmin,
    number: web::Path<i64>,
    app: App,
) -> ApiResult<web::Json<SealView>> {
    shown(*number, &app).await
}

async fn shown(number: i64, app: &App) -> ApiResult<web::Json<SealView>> {
    let found = seals::find(&app.database.read(), number).await?.ok_or_else(ApiError::not_found)?;
    Ok(web::Json(found.into()))
}
