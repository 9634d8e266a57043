//! The `Idempotency-Key` header: what the client chose to call this one act, however often it has to send it.

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;

/// 16 to 64 characters of `A-Z a-z 0-9 _ -`.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(pub String);

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = std::future::Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok());
        let valid = |key: &&str| {
            (16..=64).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        std::future::ready(key.filter(valid).map(|key| Self(key.to_owned())).ok_or_else(|| {
            let detail =
                "请在请求头 Idempotency-Key 中提供 16 到 64 位字母、数字、下划线或短横线，同一操作重试时保持不变";
            ApiError::new(ErrorCode::IdempotencyKeyMissing, detail)
        }))
    }
}
