//! Writing down what caused a finding and what was done about it.

use actix_web::{post, web};
use domain::id::FindingId;
use serde::Deserialize;
use storage::ledger_findings;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::LedgerFindingView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::http::input;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::UseCase;

/// 说明账目差异
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExplainFindingRequest {
    /// 原因和处理情况，最多 1000 字
    #[schema(example = "历史数据迁移时漏记一笔，已补记")]
    explanation: String,
}

/// 说明账目差异
///
/// 写明原因和处理情况，由审计管理员确认后了结。须先再次验证动态码。
#[utoipa::path(tag = "账本", params(("id" = Uuid, Path, description = "差异编号")), responses(
    (status = 200, description = "待确认", body = LedgerFindingView),
    (status = 403, description = "没有权限，或须再次验证动态码", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这项差异", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已了结，或是本人账户的差异", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/ledger-findings/{id}/explanation")]
pub(super) async fn explain_ledger_finding(
    caller: Authorized<needs::ExplainFinding>,
    id: web::Path<Uuid>,
    request: Json<ExplainFindingRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<LedgerFindingView>> {
    caller.admin.stepped_up(app.clock.wall())?;
    let id = FindingId::new(*id);
    let text = input::text("explanation", &request.0.explanation, 1000)?;
    let story = use_case.write("explain_ledger_finding", move |work| {
        Box::pin(async move {
            let mut finding = super::lock(work, &caller, id).await?;
            finding.explain(text, caller.admin.official(), work.wall)?;
            ledger_findings::update(&mut work.tx, &finding).await?;
            super::show_again(work, &caller, id).await
        })
    });
    story.await.map(web::Json)
}
