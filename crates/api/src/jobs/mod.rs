//! What happens without a request: each job takes a lease, so that any replica may run it and one does.

use std::convert::Infallible;
use std::pin::Pin;
use std::slice;
use std::time::Duration;

use storage::leases;
use tokio::task::JoinSet;

use crate::error::ApiResult;
use crate::state::App;

mod batches;
mod close_attendance;
mod credit_service;
mod expire_holds;
mod expire_points;
mod expire_vouchers;
mod forget_answers;
mod import_roster;
mod lapse_adjustments;
mod lift_freezes;
mod notify_expiry;
mod reconcile_ledger;
mod seal_ledger;
mod settle_activities;
mod simulate_rulebook;
mod watch_budgets;

/// A job: does what is due now, in steps that each keep themselves, and answers how many things it did.
pub type Job = for<'a> fn(&'a App) -> Pin<Box<dyn Future<Output = ApiResult<u64>> + Send + 'a>>;

/// Every job, in the order in which a round runs them.
const JOBS: &[(&str, Job)] = &[
    ("forget_answers", |app| Box::pin(forget_answers::run(app))),
    ("expire_vouchers", |app| Box::pin(expire_vouchers::run(app))),
    ("expire_holds", |app| Box::pin(expire_holds::run(app))),
    ("lapse_adjustments", |app| Box::pin(lapse_adjustments::run(app))),
    ("lift_freezes", |app| Box::pin(lift_freezes::run(app))),
    ("expire_points", |app| Box::pin(expire_points::run(app))),
    ("notify_expiry", |app| Box::pin(notify_expiry::run(app))),
    ("close_attendance", |app| Box::pin(close_attendance::run(app))),
    ("credit_service", |app| Box::pin(credit_service::run(app))),
    ("import_roster", |app| Box::pin(import_roster::run(app))),
    ("seal_ledger", |app| Box::pin(seal_ledger::run(app))),
    ("watch_budgets", |app| Box::pin(watch_budgets::run(app))),
    ("reconcile_ledger", |app| Box::pin(reconcile_ledger::run(app))),
    ("settle_activities", |app| Box::pin(settle_activities::run(app))),
    ("simulate_rulebook", |app| Box::pin(simulate_rulebook::run(app))),
];

/// How long a replica that died keeps its jobs from the others; in development somebody waits for them.
const LEASE_SECONDS: u32 = 120;
const DEVELOPMENT_LEASE_SECONDS: u32 = 6;

/// Runs the jobs for ever, every few seconds.
pub async fn run_for_ever(app: App) {
    let pause = Duration::from_secs(if app.config.development() { 2 } else { 10 });
    let _jobs = repeat(&app, JOBS, pause);
    loop {
        tokio::time::sleep(pause).await;
        crate::features::health::tend_metrics();
    }
}

/// Runs these jobs until the set is dropped, each by itself, so that one with much to do holds up none of the others. They
/// begin one after the other, so as not to want all connections at once.
pub fn repeat(app: &App, jobs: &'static [(&'static str, Job)], pause: Duration) -> JoinSet<Infallible> {
    let (mut loops, apart) = (JoinSet::new(), pause / u32::try_from(jobs.len()).unwrap_or(u32::MAX).max(1));
    for (number, job) in (1..).zip(jobs) {
        let app = app.clone();
        loops.spawn(async move {
            tokio::time::sleep(apart * number).await;
            loop {
                run_each(&app, slice::from_ref(job)).await;
                tokio::time::sleep(pause).await;
            }
        });
    }
    loops
}

/// One round of every job.
pub async fn run_all(app: &App) {
    run_each(app, JOBS).await;
}

/// One round of these jobs. A job that fails or panics is logged and tried again in the next round; the others go on.
pub async fn run_each(app: &App, jobs: &[(&'static str, Job)]) {
    for &(name, job) in jobs {
        // A set, because it ends its task when this round is given up; a task, because a panic ends only that.
        let mut task = JoinSet::new();
        let app = app.clone();
        task.spawn(async move { run_one(&app, name, job).await });
        match task.join_next().await {
            Some(Ok(Ok(0))) | None => {}
            Some(Ok(Ok(done))) => tracing::info!(job = name, done, "job ran"),
            Some(Ok(Err(error))) => tracing::error!(job = name, %error, "job failed"),
            Some(Err(panic)) => tracing::error!(job = name, error = %panic, "job panicked"),
        }
    }
}

/// Leaves every job to the other replicas at once, as this one is about to end.
pub async fn give_up(app: &App) -> ApiResult<()> {
    let mut tx = app.database.write().await?;
    leases::give_up(&mut tx, app.holder).await?;
    Ok(tx.commit().await?)
}

async fn run_one(app: &App, name: &str, job: Job) -> ApiResult<u64> {
    let mut tx = app.database.write().await?;
    let seconds = if app.config.development() { DEVELOPMENT_LEASE_SECONDS } else { LEASE_SECONDS };
    let mine = leases::take(&mut tx, name, app.holder, seconds).await?;
    tx.commit().await?;
    if mine { job(app).await } else { Ok(0) }
}
