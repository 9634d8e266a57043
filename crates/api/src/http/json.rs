//! The JSON body: at most 64 KiB, `application/json`, no unknown or repeated fields, and a sentence for what is wrong.

use std::future::Future;
use std::pin::Pin;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::http::coded::is_unknown;

/// The largest body that is read, in bytes.
pub const LIMIT: usize = 64 * 1024;

/// A body that was read into `T`.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = ApiResult<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        let is_json = kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        let payload = payload.take();
        Box::pin(async move {
            if !is_json {
                return Err(ApiError::new(ErrorCode::UnsupportedMediaType, "请求内容应为 application/json"));
            }
            parse(&read(payload, LIMIT).await?).map(Self)
        })
    }
}

/// Reads a body of at most `limit` bytes.
pub async fn read(mut payload: Payload, limit: usize) -> ApiResult<BytesMut> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| ApiError::new(ErrorCode::MalformedRequest, "请求内容没有传完"))?;
        if body.len() + chunk.len() > limit {
            return Err(ApiError::new(ErrorCode::TooLarge, format!("请求内容不能超过 {} KB", limit / 1024)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> ApiResult<T> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader);
    let value = value.map_err(|error| {
        let field = error.path().to_string();
        refusal(&field, error.inner())
    })?;
    reader.end().map_err(|error| refusal("", &error))?;
    Ok(value)
}

/// Reads a value that stood within a body, naming what is wrong by its path below `within`.
pub fn from_value<T: DeserializeOwned>(value: serde_json::Value, within: &str) -> ApiResult<T> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { within.to_owned() } else { format!("{within}.{path}") };
        refusal(&path, error.inner())
    })
}

fn refusal(path: &str, error: &serde_json::Error) -> ApiError {
    let message = error.to_string();
    let quoted = message.split('`').nth(1).unwrap_or(path).to_owned();
    let readable = error.classify() == Category::Data && !message.starts_with("duplicate field");
    if !readable {
        let detail = if message.starts_with("duplicate field") {
            format!("字段 {quoted} 出现了两次")
        } else {
            "请求内容不是正确的 JSON".into()
        };
        return ApiError::new(ErrorCode::MalformedRequest, detail);
    }
    let within = |name: &str| {
        let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
        if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
    };
    if message.starts_with("unknown field") {
        return ApiError::field(within(&quoted), "请求中有无法识别的内容");
    }
    if message.starts_with("missing field") {
        let field = if path.is_empty() || path == "." { quoted } else { format!("{path}.{quoted}") };
        return ApiError::field(field, "有必填的内容没有填写");
    }
    let own = message.chars().next().is_some_and(|first| !first.is_ascii());
    let sentence = if own {
        message.split(" at line").next().unwrap_or(&message).to_owned()
    } else {
        "有内容的类型或取值不正确".into()
    };
    let field = if path == "." { "body" } else { path };
    if is_unknown(&sentence) { ApiError::unknown_value(field, sentence) } else { ApiError::field(field, sentence) }
}
