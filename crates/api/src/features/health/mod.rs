//! Whether the service lives and can serve.

use std::sync::OnceLock;

use actix_web::{HttpResponse, get, web};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::state::App;

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

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

/// Draws off what the histograms have gathered; without it they grow.
pub fn tend_metrics() {
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
async fn show_metrics() -> String {
    METRICS.get().map(PrometheusHandle::render).unwrap_or_default()
}
