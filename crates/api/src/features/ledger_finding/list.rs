//! What was found wrong, the newest first.

use actix_web::{get, web};
use serde::Deserialize;
use storage::ledger_findings;
use utoipa::IntoParams;

use super::view::{FindingStateCode, LedgerFindingView};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LedgerFindingQuery {
    /// 只看这个状态
    state: Option<FindingStateCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 账目差异列表
///
/// 系统每十分钟核对有变动的账户，每天核对全部账户；有差异的账户随即冻结，不能使用积分，获得照常入账。最近的在前。
#[utoipa::path(tag = "账本", params(LedgerFindingQuery), responses(
    (status = 200, description = "账目差异列表", body = Listed<LedgerFindingView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/ledger-findings")]
pub(super) async fn list_ledger_findings(
    caller: Authorized<needs::ReadFindings>,
    query: Query<LedgerFindingQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<LedgerFindingView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let state = query.state.map(|state| state.0);
    let found = ledger_findings::list_within(&app.database.read(), &caller.scope, state, &page).await?;
    Ok(web::Json(Listed::of(found, LedgerFindingView::from)))
}
