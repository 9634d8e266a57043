//! WeChat's way to say no: HTTP 200, the number in the body, a request id at the end.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
};

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde_json::json;

use super::answer;

/// An errcode and its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused(pub(super) i64, pub(super) &'static str);

/// The answer to a GET where a POST is needed.
pub(super) async fn post_required() -> Result<HttpResponse, Refused> {
    Err(Refused(43002, "require POST method"))
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, rid: {}", self.1, rid())
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        StatusCode::OK
    }

    fn error_response(&self) -> HttpResponse {
        answer::plain(json!({ "errcode": self.0, "errmsg": self.to_string() }).to_string())
    }
}

fn rid() -> String {
    let random = RandomState::new();
    let part = |i: u8| format!("{:08x}", random.hash_one(i) & 0xffff_ffff);
    [part(0), part(1), part(2)].join("-")
}
