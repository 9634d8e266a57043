//! Whether the service lives and can serve.

use std::sync::OnceLock;

use actix_web::{HttpResponse, get, web};
use domain::code::Code;
use domain::reconciliation::RoundKind;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use storage::{StorageError, answers, chains, invariants, ledger_findings, owners, reconciliations, seals};
use tracing_appender::non_blocking::ErrorCounter;

use crate::state::App;

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
static LOST_LINES: OnceLock<ErrorCounter> = OnceLock::new();

/// Begins to collect metrics; once per process.
pub fn collect_metrics() {
    METRICS.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed");
        }
        handle
    });
}

/// Shows among the metrics how many lines of the log were lost; once per process.
pub fn watch_log(lost: ErrorCounter) {
    LOST_LINES.get_or_init(|| lost);
}

/// Draws off what the histograms have gathered; without it they grow.
pub fn tend_metrics() {
    if let Some(lost) = LOST_LINES.get() {
        metrics::counter!("log_lines_lost_total").absolute(lost.dropped_lines() as u64);
    }
    if let Some(handle) = METRICS.get() {
        handle.run_upkeep();
    }
}

/// For every listener.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes.service(show_life).service(show_readiness);
}

/// For the management listener.
pub fn management_routes(routes: &mut web::ServiceConfig) {
    routes.service(show_metrics);
}

#[get("/healthz")]
async fn show_life() -> &'static str {
    "ok\n"
}

#[get("/readyz")]
async fn show_readiness(app: App) -> HttpResponse {
    match app.database.read().ping().await {
        Ok(()) => HttpResponse::Ok().body("ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            HttpResponse::ServiceUnavailable().insert_header(("retry-after", "1")).body("database unavailable\n")
        }
    }
}

#[get("/metrics")]
async fn show_metrics(app: App) -> String {
    if let Err(error) = measure_ledger(&app).await {
        tracing::warn!(%error, "the ledger's findings could not be measured");
    }
    METRICS.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Says of the ledger what the database says, so that every replica tells the same, whoever of them ran the job.
async fn measure_ledger(app: &App) -> Result<(), StorageError> {
    let tx = app.database.read();
    let mut found = ledger_findings::count(&tx).await?;
    for name in invariants::all().map(|invariant| invariant.name).chain([
        chains::RULE.0,
        owners::RULE.0,
        answers::RULE.0,
        seals::RULE.0,
    ]) {
        let count = found.remove(name).unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and findings are few")]
        metrics::gauge!("ledger_invariant_violations", "invariant" => name).set(count as f64);
    }
    for kind in RoundKind::ALL {
        let round = reconciliations::find(&tx, *kind, app.clock.wall()).await?;
        if let Some(last) = round.last {
            #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit a float for ages")]
            let ended = last.ended_at.timestamp() as f64;
            metrics::gauge!("ledger_reconciled_timestamp_seconds", "round" => kind.code()).set(ended);
        }
    }
    Ok(())
}
