//! Reads fields into the domain's values, naming the field when one is refused.

use chrono::{Datelike, NaiveDate};

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

/// A day that may be left out, of a year in which something can have happened or be planned.
pub fn optional_day(field: &str, day: Option<NaiveDate>) -> ApiResult<Option<NaiveDate>> {
    if day.is_some_and(|day| !(1900..3000).contains(&day.year())) {
        return Err(ApiError::field(field, "年份应在 1900 到 2999 之间"));
    }
    Ok(day)
}
