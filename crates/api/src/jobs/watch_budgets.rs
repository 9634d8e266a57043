//! Counts what was issued, seal by seal, and tells the responsible once when a budget is nearly used up and once when it
//! is exceeded. Issuing goes on: whoever served was promised points.

use chrono::Datelike;
use domain::budget::{Budget, BudgetLevel};
use domain::code::Code;
use domain::time::business_day;
use serde_json::json;
use storage::outbox::{self, Message};
use storage::{budgets, issuances, rulebooks};
use uuid::Uuid;

use crate::error::ApiResult;
use crate::error_code::ErrorCode;
use crate::state::App;
use crate::use_case::UseCase;

/// After so many seals the round ends, so that the lease is renewed before it runs out.
const SEALS_IN_A_ROUND: u64 = 200;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let mut done = count(app).await?;
    let now = app.clock.business();
    let year = business_day(now).year();
    let tx = app.database.read();
    let warn_percent = rulebooks::in_force(&tx, now).await?.rules.budget.warn_percent;
    let issued = issuances::of_year(&tx, year).await?;
    for budget in budgets::of_year(&tx, year).await? {
        let of_source = issued.iter().find(|(source, _)| *source == budget.plan.source);
        let points = of_source.map_or(0, |(_, points)| *points);
        let reached = budget.plan.warnings(points, warn_percent);
        let warned = if reached.is_empty() { Vec::new() } else { budgets::warned(&tx, &budget).await? };
        for level in reached.iter().copied().filter(|level| !warned.contains(level)) {
            done += warn(app, budget, level, points).await?;
        }
    }
    Ok(done)
}

/// Counts only: what is counted stands in the books and its seals, so no trail is left.
async fn count(app: &App) -> ApiResult<u64> {
    let mut counted = 0;
    while counted < SEALS_IN_A_ROUND && issuances::any_uncounted(&app.database.read()).await? {
        let mut tx = app.database.write().await?;
        counted += u64::from(issuances::count_next(&mut tx).await?);
        tx.commit().await?;
    }
    Ok(counted)
}

async fn warn(app: &App, budget: Budget, level: BudgetLevel, issued: i64) -> ApiResult<u64> {
    let story = UseCase::internal(app.clone()).write("warn_of_budget", move |work| {
        Box::pin(async move {
            work.about("budget", budget.id);
            // Another replica was faster.
            if !budgets::warn_once(&mut work.tx, &budget, level, issued, work.now).await? {
                return Err(ErrorCode::StateConflict.into());
            }
            let plan = budget.plan;
            let facts = json!({
                "year": plan.year,
                "funding_source": plan.source.code(),
                "level": level.code(),
                "issued_points": issued,
                "percent": plan.percent(issued),
            });
            let message = Message { id: Uuid::now_v7(), kind: "budget_warning", payload: facts };
            Ok(outbox::queue(&mut work.tx, &[message], work.wall).await?)
        })
    });
    match story.await {
        Ok(()) => Ok(1),
        Err(late) if late.code == ErrorCode::StateConflict => Ok(0),
        Err(error) => Err(error),
    }
}
