//! What every request passes: an id, a net for panics, the headers of a careful answer, one log line, two metrics.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError};
use futures_util::FutureExt;
use uuid::Uuid;

use super::request_id::{self, RequestId};
use crate::error::ApiError;
use crate::error_code::ErrorCode;

/// Wraps the whole application.
pub async fn front(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = Uuid::now_v7().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let started = Instant::now();

    let outcome = request_id::under(&id, AssertUnwindSafe(next.call(request)).catch_unwind()).await;
    let mut response = match outcome {
        Ok(Ok(response)) => response.map_into_boxed_body(),
        Ok(Err(error)) => return Err(Lost { request_id: id, error: foreign(&error) }.into()),
        Err(_) => {
            metrics::counter!("panics_total").increment(1);
            return Err(Lost { request_id: id, error: ApiError::internal("a handler panicked") }.into());
        }
    };
    careful(response.headers_mut(), &id);

    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".into());
    let method = response.request().method().as_str().to_owned();
    tracing::info!(
        target: "request", request_id = %id, method = %method, route = %route, status,
        micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
    );
    let labels = [("method", method), ("route", route), ("status", status.to_string())];
    metrics::histogram!("http_request_seconds", &labels).record(elapsed.as_secs_f64());
    Ok(response)
}

fn careful(headers: &mut HeaderMap, id: &str) {
    let set = |headers: &mut HeaderMap, name: &'static str, value: &'static str| {
        if !headers.contains_key(name) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    };
    set(headers, "x-content-type-options", "nosniff");
    set(headers, "content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    set(headers, "referrer-policy", "no-referrer");
    set(headers, "cache-control", "no-store");
    set(headers, "strict-transport-security", "max-age=31536000; includeSubDomains");
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
}

/// A request whose handling broke off. It cannot be answered here, because the request itself went down with it.
#[derive(Debug)]
struct Lost {
    request_id: String,
    error: ApiError,
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for Lost {
    fn status_code(&self) -> StatusCode {
        self.error.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.error.respond(&self.request_id);
        careful(response.headers_mut(), &self.request_id);
        response
    }
}

/// What actix refuses by itself: unreadable queries, paths, and requests.
fn foreign(error: &Error) -> ApiError {
    if let Some(problem) = error.as_error::<ApiError>() {
        return ApiError { retry_after: problem.retry_after, ..ApiError::from(problem.code) };
    }
    match error.as_response_error().status_code().as_u16() {
        404 => ApiError::not_found(),
        413 => ErrorCode::TooLarge.into(),
        400..500 => ErrorCode::MalformedRequest.into(),
        _ => ApiError::internal(error.to_string()),
    }
}
