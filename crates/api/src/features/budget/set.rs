//! Setting the budget of a year and funding source.

use actix_web::{put, web};
use domain::budget::{BudgetError, Plan};
use serde::Deserialize;
use storage::{budgets, issuances, rulebooks};
use utoipa::ToSchema;

use super::reaches_the_district;
use super::view::{BudgetView, FundingCode};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::json::Json;
use crate::use_case::UseCase;

/// 设定预算
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetBudgetRequest {
    /// 预算金额，单位为分
    #[schema(example = 268_000_000)]
    fen: i64,
    /// 每个积分的参考价值，单位为分
    #[schema(example = 10)]
    fen_per_point: i64,
}

/// 设定积分发放预算
///
/// 再次设定时替换原来的预算，满 80% 和超过 100% 时重新提醒。
#[utoipa::path(tag = "预算", params(
    ("year" = i32, Path, description = "年度", example = 2026),
    ("funding_source" = FundingCode, Path, description = "资金来源，限财政资金和单位物资池", example = "fiscal"),
), responses(
    (status = 200, description = "已设定", body = BudgetView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "不在管理范围内", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[put("/budgets/{year}/{funding_source}")]
pub(super) async fn set_budget(
    caller: Authorized<needs::ManageBudget>,
    place: web::Path<(i32, FundingCode)>,
    request: Json<SetBudgetRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<BudgetView>> {
    if !reaches_the_district(&caller.scope) {
        return Err(ApiError::not_found());
    }
    let (year, source) = place.into_inner();
    let SetBudgetRequest { fen, fen_per_point } = request.0;
    let plan = Plan { year, source: source.0, fen, fen_per_point }.check()?;
    let story = use_case.write("set_budget", move |work| {
        Box::pin(async move {
            let budget = budgets::set(&mut work.tx, &plan, caller.admin.id, work.now).await?;
            work.about("budget", budget.id);
            let issued = issuances::of_year(&work.tx, plan.year).await?;
            let points = issued.iter().find(|(of, _)| *of == plan.source).map_or(0, |(_, points)| *points);
            let warn_percent = rulebooks::in_force(&work.tx, work.now).await?.rules.budget.warn_percent;
            Ok(BudgetView::new(plan.year, plan.source, points, Some(&budget), warn_percent))
        })
    });
    Ok(web::Json(story.await?))
}

impl From<BudgetError> for ApiError {
    fn from(error: BudgetError) -> Self {
        let field = match error {
            BudgetError::Year => "year",
            BudgetError::Source(_) => "funding_source",
            BudgetError::Fen => "fen",
            BudgetError::FenPerPoint => "fen_per_point",
        };
        Self::field(field, error)
    }
}
