//! The budgets of a year, and how much of each is gone.

use actix_web::{get, web};
use chrono::Datelike;
use domain::budget::ISSUERS;
use domain::page::Page;
use domain::time::business_day;
use serde::Deserialize;
use storage::{budgets, issuances, rulebooks};
use utoipa::IntoParams;

use super::reaches_the_district;
use super::view::BudgetView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::http::page::Listed;
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct BudgetQuery {
    /// 年度，默认为今年
    #[param(example = 2026)]
    year: Option<i32>,
}

/// 积分发放预算
///
/// 一个年度各资金来源的预算和已发放的积分，全部列出，不分页。单位活动的积分算单位物资池，其余的算财政资金。
#[utoipa::path(tag = "预算", params(BudgetQuery), responses(
    (status = 200, description = "预算执行情况", body = Listed<BudgetView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/budgets")]
pub(super) async fn list_budgets(
    caller: Authorized<needs::ReadReports>,
    query: Query<BudgetQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<BudgetView>>> {
    let year = query.year.unwrap_or_else(|| business_day(app.clock.business()).year());
    let tx = app.database.read();
    let warn_percent = rulebooks::in_force(&tx, app.clock.business()).await?.rules.budget.warn_percent;
    let mut items = Vec::new();
    if reaches_the_district(&caller.scope) {
        let (issued, budgets) = (issuances::of_year(&tx, year).await?, budgets::of_year(&tx, year).await?);
        for source in ISSUERS {
            let points = issued.iter().find(|(of, _)| *of == source).map_or(0, |(_, points)| *points);
            let budget = budgets.iter().find(|budget| budget.plan.source == source);
            items.push(BudgetView::new(year, source, points, budget, warn_percent));
        }
    }
    Ok(web::Json(Listed::of(Page::<_, String> { items, next: None }, |view| view)))
}
