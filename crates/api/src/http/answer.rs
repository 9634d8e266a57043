//! The answer of a keyed write: its bytes are stored beside the effect, so that a retry gets the very same ones.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;

use crate::error::{ApiError, ApiResult};

/// A status and a JSON body.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, as JSON text.
    pub body: String,
    replayed: bool,
}

impl Answer {
    /// 201 with this view.
    pub fn created<T: Serialize>(view: &T) -> ApiResult<Self> {
        let body = serde_json::to_string(view).map_err(ApiError::internal)?;
        Ok(Self { status: 201, body, replayed: false })
    }

    /// What was answered the first time.
    pub fn replayed(status: u16, body: String) -> Self {
        Self { status, body, replayed: true }
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        response.content_type(header::ContentType::json());
        if self.replayed {
            response.insert_header(("idempotency-replayed", "true"));
        }
        response.body(self.body)
    }
}
