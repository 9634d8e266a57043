//! Problems as the API answers them: RFC 9457, in Chinese, with nothing internal.

use std::fmt;
use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use domain::ledger_finding::FROZEN_BECAUSE;
use serde::Serialize;
use storage::{StorageError, transfers};
use utoipa::ToSchema;

use crate::error_code::ErrorCode;

/// The result of everything in the api.
pub type ApiResult<T> = Result<T, ApiError>;

/// A refusal or a failure, on its way to the caller, or to all who waited for the same thing.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// What it is.
    pub code: ErrorCode,
    /// One sentence fit to show the person; none uses the title.
    pub detail: Option<String>,
    /// What is wrong with which field.
    pub errors: Vec<FieldProblem>,
    /// Seconds after which the same call may be made again.
    pub retry_after: Option<u64>,
    /// Facts about the refusal that the client may use, such as who verified a voucher first.
    pub facts: Option<serde_json::Value>,
    pub(crate) source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// 一个字段的问题
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// 字段名
    #[schema(example = "phone")]
    pub field: String,
    /// 问题说明
    #[schema(example = "应为 11 位手机号")]
    pub message: String,
}

/// 问题说明（RFC 9457，application/problem+json）
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// 固定为 about:blank，含义见 code
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: &'static str,
    /// 问题代码
    pub code: ErrorCode,
    /// 问题名称
    #[schema(example = "没有找到")]
    pub title: &'static str,
    /// 可以直接给用户看的一句话
    #[schema(example = "没有找到您要的内容")]
    pub detail: String,
    /// HTTP 状态码
    #[schema(example = 404)]
    pub status: u16,
    /// 请求编号，反馈问题时请提供
    #[schema(example = "0199a3f0-6c1e-7a31-9a56-0d8f4f0f2b11")]
    pub request_id: String,
    /// 各字段的问题
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// 补充事实，随 code 而定
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub facts: Option<serde_json::Value>,
}

impl ApiError {
    /// A refusal with a sentence of its own.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..Self::from(code) }
    }

    /// What is not there, not yours, or no id at all: one answer for all three.
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "没有找到您要的内容，可能已被删除或不属于您")
    }

    /// One field that cannot be used.
    pub fn field(field: impl Into<String>, message: impl fmt::Display) -> Self {
        let mut error = Self::from(ErrorCode::InvalidInput);
        error.errors.push(FieldProblem { field: field.into(), message: message.to_string() });
        error
    }

    /// One field that says something which its closed set does not hold.
    pub fn unknown_value(field: impl Into<String>, message: impl fmt::Display) -> Self {
        let mut error = Self::field(field, message);
        error.code = ErrorCode::UnknownValue;
        error
    }

    /// Too often; after so many seconds it may work again.
    pub fn too_many(seconds: u64) -> Self {
        let mut error = Self::new(ErrorCode::TooManyRequests, format!("操作过于频繁，请 {} 后再试", spoken(seconds)));
        error.retry_after = Some(seconds);
        error
    }

    /// A failure of ours; the cause goes to the log and nowhere else.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(cause.into().into()), ..Self::new(ErrorCode::Internal, "服务出现故障，请稍后再试")
        }
    }

    /// Something we need does not answer.
    pub fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let detail = "服务暂时不可用，请稍后用同样的内容再试一次";
        Self { source: Some(cause.into().into()), retry_after: Some(1), ..Self::new(ErrorCode::Unavailable, detail) }
    }

    /// The same refusal with facts for the client.
    #[must_use]
    pub fn with_facts(mut self, facts: serde_json::Value) -> Self {
        self.facts = Some(facts);
        self
    }

    /// What is wrong, for people: they know nothing of the fields' names.
    fn sentence(&self) -> String {
        let mut messages: Vec<_> = self.errors.iter().map(|problem| problem.message.as_str()).collect();
        messages.dedup();
        if messages.is_empty() { self.code.title().into() } else { messages.join("；") }
    }

    /// The answer, for the request with this id.
    pub fn respond(&self, request_id: &str) -> HttpResponse {
        if let Some(source) = &self.source {
            tracing::error!(request_id, code = ?self.code, error = %chain(source.as_ref()), "request failed");
        }
        let status = self.code.status();
        let detail = self.detail.clone().unwrap_or_else(|| self.sentence());
        let problem = Problem {
            kind: "about:blank",
            code: self.code,
            title: self.code.title(),
            detail,
            status: status.as_u16(),
            request_id: request_id.into(),
            errors: self.errors.clone(),
            facts: self.facts.clone(),
        };
        let mut response = HttpResponse::build(status);
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        let mut response = response.json(problem);
        let kind = HeaderValue::from_static("application/problem+json; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response.extensions_mut().insert(self.code);
        response
    }
}

fn spoken(seconds: u64) -> String {
    if seconds < 120 { format!("{seconds} 秒") } else { format!("{} 分钟", seconds.div_ceil(60)) }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self { code, detail: None, errors: Vec::new(), retry_after: None, facts: None, source: None }
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Busy(_) => {
                let mut busy = Self::new(ErrorCode::StillRunning, "同一操作正在处理，请稍等片刻再试");
                busy.retry_after = Some(1);
                busy
            }
            StorageError::Unavailable(_) => Self::unavailable(error),
            error if transfers::books_are_wrong(&error) => Self::new(ErrorCode::PointsFrozen, FROZEN_BECAUSE),
            StorageError::Conflict { .. } | StorageError::Corrupt { .. } => Self::internal(error),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.code, self.detail.as_deref().unwrap_or(self.code.title()))
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> actix_web::http::StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.respond(&crate::http::request_id::current())
    }
}
