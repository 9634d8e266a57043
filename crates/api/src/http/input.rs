//! Reads fields into the domain's values, naming the field when one is refused.

use crate::error::{ApiError, ApiResult};

/// A single line of text of at most `most` characters.
pub fn line(field: &str, text: &str, most: usize) -> ApiResult<String> {
    domain::text::clean(text, most, false).map_err(|error| ApiError::field(field, error))
}

/// Text of several lines and at most `most` characters.
pub fn text(field: &str, text: &str, most: usize) -> ApiResult<String> {
    domain::text::clean(text, most, true).map_err(|error| ApiError::field(field, error))
}

/// A single line that may be left out; blank is left out.
pub fn optional_line(field: &str, text: Option<&str>, most: usize) -> ApiResult<Option<String>> {
    text.filter(|text| !text.trim().is_empty()).map(|text| line(field, text, most)).transpose()
}
