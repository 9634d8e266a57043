//! What a list is asked for: no unknown or repeated conditions, and the name of the one that cannot be read.

use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use crate::error::{ApiError, ApiResult};
use crate::http::coded::is_unknown;

/// A query string that was read into `T`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = std::future::Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(parse(request.query_string()).map(Self))
    }
}

/// The refusal of a condition that the operation does not know.
pub fn unknown(name: &str) -> ApiError {
    ApiError::field(name, "没有这个查询条件")
}

fn parse<T: DeserializeOwned>(query: &str) -> ApiResult<T> {
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let field = error.path().to_string();
        refusal(&field, &error.inner().to_string())
    })
}

fn refusal(path: &str, message: &str) -> ApiError {
    let quoted = message.split('`').nth(1).unwrap_or(path);
    if message.starts_with("unknown field") {
        return unknown(quoted);
    }
    if message.starts_with("duplicate field") {
        return ApiError::field(quoted, "同一个查询条件只能出现一次");
    }
    if message.starts_with("missing field") {
        return ApiError::field(quoted, "缺少必要的查询条件");
    }
    if is_unknown(message) {
        return ApiError::unknown_value(path, message);
    }
    let own = message.chars().next().is_some_and(|first| !first.is_ascii());
    ApiError::field(path, if own { message } else { "查询条件的取值不正确" })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use domain::points::TransferKind;
    use serde::Deserialize;

    use super::*;
    use crate::error_code::ErrorCode;
    use crate::http::coded::Coded;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        kind: Coded<TransferKind>,
        from: Option<NaiveDate>,
        #[serde(default)]
        own: bool,
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert_eq!(parse::<Asked>("kind=theft").expect_err("no such kind").code, ErrorCode::UnknownValue);
        let asked: Asked = parse("kind=earn&from=2026-11-24&own=true").expect("a sound query");
        assert_eq!((asked.kind.0, asked.from.is_some(), asked.own), (TransferKind::Earn, true, true));
        for (query, field) in [
            ("kind=theft", "kind"),
            ("kind=earn&from=yesterday", "from"),
            ("kind=earn&from=2026-02-30", "from"),
            ("kind=earn&own=perhaps", "own"),
            ("kind=earn&kind=earn", "kind"),
            ("kind=earn&colour=red", "colour"),
            ("own=true", "kind"),
        ] {
            let refused = parse::<Asked>(query).expect_err(query);
            let named: Vec<_> = refused.errors.iter().map(|problem| problem.field.as_str()).collect();
            assert_eq!(named, [field], "{query}");
            assert!(!refused.errors[0].message.is_ascii(), "{query}");
        }
    }
}
