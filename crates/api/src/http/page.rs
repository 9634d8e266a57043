//! Pages on the wire: `limit` and an opaque `cursor` in, `{items, next_cursor}` out.

use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use domain::page::{Page, PageRequest};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::error::{ApiError, ApiResult};

/// A list that is asked for page by page and nothing else.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// 每页条数，1 到 100，默认 20
    pub limit: Option<u64>,
    /// 上一页给出的游标
    pub cursor: Option<String>,
}

/// 一页列表
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    /// 本页内容
    pub items: Vec<T>,
    /// 下一页的游标；没有下一页时为空
    #[schema(example = "MDE5OWEzZjA")]
    pub next_cursor: Option<String>,
}

impl<T> Listed<T> {
    /// Writes a page, each item as its view.
    pub fn of<U, C: ToString>(page: Page<U, C>, view: impl FnMut(U) -> T) -> Self {
        let next_cursor = page.next.as_ref().map(|cursor| BASE64URL_NOPAD.encode(cursor.to_string().as_bytes()));
        Self { items: page.items.into_iter().map(view).collect(), next_cursor }
    }
}

/// Reads `limit` (1 to 100, 20 if absent) and `cursor`.
pub fn page_request<C: FromStr>(limit: Option<u64>, cursor: Option<&str>) -> ApiResult<PageRequest<C>> {
    let limit = limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::field("limit", "应在 1 到 100 之间"));
    }
    let read = |cursor: &str| {
        let text = String::from_utf8(BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?).ok()?;
        text.parse().ok()
    };
    let after = match cursor {
        Some(cursor) => Some(read(cursor).ok_or_else(|| ApiError::field("cursor", "游标无效，请从第一页开始"))?),
        None => None,
    };
    Ok(PageRequest { after, limit })
}
