//! Answers with an `ETag`: who has the same bytes already is told so in a word.

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::error::{ApiError, ApiResult};

/// A JSON body and its tag. Clones share the bytes.
#[derive(Clone)]
pub struct Tagged {
    body: Bytes,
    tag: String,
}

impl Tagged {
    /// Writes a view.
    pub fn of<T: Serialize>(view: &T) -> ApiResult<Self> {
        let body = serde_json::to_vec(view).map_err(ApiError::internal)?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &body);
        let tag = format!("\"{}\"", data_encoding::BASE64URL_NOPAD.encode(&digest.as_ref()[..15]));
        Ok(Self { body: body.into(), tag })
    }

    /// 200 with the body, or 304 if the request names the tag.
    pub fn answer(self, request: &HttpRequest) -> HttpResponse {
        let known = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).is_some_and(|tags| {
            tags.split(',')
                .any(|tag| matches!(tag.trim().trim_start_matches("W/"), tag if tag == self.tag || tag == "*"))
        });
        let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        answer.insert_header((ETAG, self.tag)).insert_header((CACHE_CONTROL, "private, no-cache"));
        if known { answer.finish() } else { answer.content_type("application/json").body(self.body) }
    }
}
