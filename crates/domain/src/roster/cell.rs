//! Cells (单元格) of a roster file: what their texts mean, and why one is refused.

use chrono::NaiveDate;
use thiserror::Error;

use crate::code::Code;
use crate::member::MemberCategory;
use crate::personal::{JoinedOnError, PhoneError};
use crate::text::TextError;

/// What the reader of a file found in one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Its text; a date that the file marks as such is written 2012-07-01.
    Text(String),
    /// A formula: what it showed when the file was saved proves nothing.
    Formula,
    /// An error value, such as `#N/A`.
    Broken,
}

impl Cell {
    /// The text, if the cell holds one.
    pub(super) fn text(&self) -> Result<&str, CellError> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Formula => Err(CellError::Formula),
            Self::Broken => Err(CellError::Broken),
        }
    }

    /// Whether nothing but white space is in it.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }
}

/// Why a cell is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CellError {
    /// Empty, too long, or with invisible characters.
    #[error(transparent)]
    Text(#[from] TextError),
    /// No mainland mobile number.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// Not written as a date.
    #[error("应为日期，写成 2012-07-01 或 2012年7月1日")]
    Date,
    /// A day on which nobody can have joined.
    #[error(transparent)]
    JoinedOn(#[from] JoinedOnError),
    /// No register of that name.
    #[error("应为在职党员、离退休党员、流动党员或直管党员")]
    Category,
    /// A formula.
    #[error("是公式，请把这一列复制后粘贴为数值")]
    Formula,
    /// An error value.
    #[error("是错误值，请改正后再导入")]
    Broken,
    /// The same phone number in an earlier line.
    #[error("与第 {0} 行重复")]
    Repeated(u32),
    /// No unit of that name where this file may put members.
    #[error("没有这个单位，或不在本次导入的范围内")]
    UnknownUnit,
    /// The phone number is on the roster of a unit outside this import.
    #[error("已在其他单位的名册上，请先由原单位转出或由区级导入")]
    OnOtherRoster,
    /// The phone number belongs to somebody who signs in with it and is called otherwise.
    #[error("已由另一姓名的党员绑定使用，请核实姓名和手机号")]
    BoundToOther,
}

/// Reads a date as clerks write it: 2012-07-01, 2012/7/1, 2012.07.01, 2012年7月1日, 20120701; a time after it is left out.
pub fn date(text: &str) -> Option<NaiveDate> {
    let day = text.trim().split([' ', 'T', '\u{3000}']).next()?;
    if day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit()) {
        return NaiveDate::parse_from_str(day, "%Y%m%d").ok();
    }
    let day = day.strip_suffix(['日', '号']).unwrap_or(day);
    let parts: Vec<&str> = day.split(['-', '/', '.', '年', '月']).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let number = |text: &str, most: usize| {
        let digits = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if digits { text.parse::<u32>().ok() } else { None }
    };
    let year = if year.len() == 4 { i32::try_from(number(year, 4)?).ok()? } else { return None };
    NaiveDate::from_ymd_opt(year, number(month, 2)?, number(day, 2)?)
}

/// Reads a register by its Chinese name, long or short, or by its code.
pub fn category(text: &str) -> Option<MemberCategory> {
    let text = text.trim();
    let named = |category: &&MemberCategory| {
        text == category.label() || text == category.code() || Some(text) == category.label().strip_suffix("党员")
    };
    MemberCategory::ALL.iter().find(named).copied().or(match text {
        "退休党员" | "退休" | "离休党员" | "离休" => Some(MemberCategory::Retired),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_as_clerks_write_it() {
        let first = NaiveDate::from_ymd_opt(2012, 7, 1);
        for text in [
            "2012-07-01",
            "2012/7/1",
            "2012.07.01",
            "2012.7.1",
            "2012年7月1日",
            "2012年07月01日",
            "20120701",
            " 2012-07-01 ",
            "2012/7/1 0:00:00",
            "2012-07-01T00:00:00",
        ] {
            assert_eq!(date(text), first, "{text}");
        }
        for text in [
            "",
            "2012",
            "2012-07",
            "2012年7月",
            "12-7-1",
            "2012-13-01",
            "2012-02-30",
            "41091",
            "2012-7-1-1",
            "2012-+7-1",
            "7/1/2012",
            "２０１２-07-01",
            "2012--1",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn a_category_is_known_by_label_short_name_or_code() {
        for (text, meant) in [
            ("在职党员", MemberCategory::InService),
            ("在职", MemberCategory::InService),
            ("in_service", MemberCategory::InService),
            (" 离退休 ", MemberCategory::Retired),
            ("退休党员", MemberCategory::Retired),
            ("流动", MemberCategory::Floating),
            ("直管党员", MemberCategory::Direct),
        ] {
            assert_eq!(category(text), Some(meant), "{text}");
        }
        assert_eq!(category(""), None);
        assert_eq!(category("党员"), None);
    }
}
