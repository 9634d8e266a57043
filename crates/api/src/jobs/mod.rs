//! What happens without a request: each job takes a lease, so that any replica may run it and one does.

use std::pin::Pin;
use std::sync::LazyLock;
use std::time::Duration;

use storage::leases;
use uuid::Uuid;

use crate::error::ApiResult;
use crate::state::App;

mod close_attendance;
mod credit_service;
mod expire_points;
mod expire_vouchers;
mod forget_answers;
mod import_roster;
mod settle_activities;

/// A job: does what is due now, in steps that each keep themselves, and answers how many things it did.
type Job = for<'a> fn(&'a App) -> Pin<Box<dyn Future<Output = ApiResult<u64>> + Send + 'a>>;

/// Every job, in the order in which they run.
const JOBS: &[(&str, Job)] = &[
    ("forget_answers", |app| Box::pin(forget_answers::run(app))),
    ("expire_vouchers", |app| Box::pin(expire_vouchers::run(app))),
    ("expire_points", |app| Box::pin(expire_points::run(app))),
    ("close_attendance", |app| Box::pin(close_attendance::run(app))),
    ("credit_service", |app| Box::pin(credit_service::run(app))),
    ("import_roster", |app| Box::pin(import_roster::run(app))),
    ("settle_activities", |app| Box::pin(settle_activities::run(app))),
];

/// This process, as the holder of leases.
static HOLDER: LazyLock<Uuid> = LazyLock::new(Uuid::now_v7);

const LEASE_SECONDS: u32 = 120;

/// Runs the jobs for ever, one round every few seconds.
pub async fn run_for_ever(app: App) {
    let pause = Duration::from_secs(if app.config.development() { 2 } else { 10 });
    loop {
        tokio::time::sleep(pause).await;
        run_all(&app).await;
        crate::features::health::tend_metrics();
    }
}

/// One round of every job. A job that fails is logged and tried again in the next round.
pub async fn run_all(app: &App) {
    for (name, job) in JOBS {
        match run_one(app, name, *job).await {
            Ok(0) => {}
            Ok(done) => tracing::info!(job = name, done, "job ran"),
            Err(error) => tracing::error!(job = name, %error, "job failed"),
        }
    }
}

async fn run_one(app: &App, name: &str, job: Job) -> ApiResult<u64> {
    let mut tx = app.database.write().await?;
    let mine = leases::take(&mut tx, name, *HOLDER, LEASE_SECONDS).await?;
    tx.commit().await?;
    if mine { job(app).await } else { Ok(0) }
}
