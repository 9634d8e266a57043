//! One finding.

use actix_web::{get, web};
use domain::id::FindingId;
use storage::ledger_findings;
use uuid::Uuid;

use super::view::LedgerFindingView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::state::App;

/// 查看账目差异
#[utoipa::path(tag = "账本", params(("id" = Uuid, Path, description = "差异编号")), responses(
    (status = 200, description = "账目差异", body = LedgerFindingView),
    (status = 404, description = "没有这项差异", body = Problem, content_type = "application/problem+json"),
))]
#[get("/ledger-findings/{id}")]
pub(super) async fn show_ledger_finding(
    caller: Authorized<needs::ReadFindings>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<LedgerFindingView>> {
    let found = ledger_findings::find_within(&app.database.read(), &caller.scope, FindingId::new(*id)).await?;
    Ok(web::Json(found.ok_or_else(ApiError::not_found)?.into()))
}
