//! Personal data (个人信息): phone numbers and names, and how they look to those who may not see them whole.

use chrono::NaiveDate;
use thiserror::Error;

use crate::text::{self, TextError};

/// A mainland mobile number (手机号): eleven digits, beginning with 1.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

/// The text is no mainland mobile number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("应为 11 位手机号")]
pub struct PhoneError;

impl Phone {
    /// Reads a number, leaving out the blanks, dashes and country prefix with which people write it.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).collect();
        let digits = digits.strip_prefix("+86").unwrap_or(&digits);
        let valid = digits.len() == 11
            && digits.bytes().all(|b| b.is_ascii_digit())
            && digits.starts_with('1')
            && matches!(digits.as_bytes()[1], b'3'..=b'9');
        if valid { Ok(Self(digits.to_owned())) } else { Err(PhoneError) }
    }

    /// The whole number, for encryption and for a reveal that was audited.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The number as a number, for finding it again cheaply within one file.
    pub fn as_number(&self) -> u64 {
        self.0.bytes().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
    }

    /// The last four digits, which may be kept and shown.
    pub fn tail(&self) -> &str {
        &self.0[7..]
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Phone(*{})", self.tail())
    }
}

/// A person's name as the roster writes it. Blanks that only align a column of Chinese names are left out.
pub fn name(text: &str) -> Result<String, TextError> {
    let name = text::clean(text, 30, false)?;
    if name.chars().any(|c| c.is_ascii_alphabetic()) {
        return Ok(name);
    }
    Ok(name.chars().filter(|c| !c.is_whitespace()).collect())
}

/// The name as a stranger may see it: the surname and stars (张**).
pub fn masked_name(name: &str) -> String {
    let mut characters = name.chars();
    let first: String = characters.next().into_iter().collect();
    let stars = characters.count().max(1);
    first + &"*".repeat(stars)
}

/// The party record (党员档案) that the roster keeps: where a member belongs and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyRecord {
    /// The party organisation in the home unit.
    pub organisation: String,
    /// The day of joining the party.
    pub joined_on: NaiveDate,
}

/// A day on which nobody can have joined the party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JoinedOnError {
    /// Before the party was founded.
    #[error("不能早于 1921-07-23")]
    BeforeFounding,
    /// A day that has not come.
    #[error("不能晚于今天")]
    InFuture,
}

/// A day of joining the party: from its founding to today.
pub fn joined_on(day: NaiveDate, today: NaiveDate) -> Result<NaiveDate, JoinedOnError> {
    if NaiveDate::from_ymd_opt(1921, 7, 23).is_some_and(|founding| day < founding) {
        return Err(JoinedOnError::BeforeFounding);
    }
    if day > today { Err(JoinedOnError::InFuture) } else { Ok(day) }
}

/// The name of a party organisation.
pub fn party_organisation(text: &str) -> Result<String, TextError> {
    text::clean(text, 60, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_read_as_people_write_it() {
        for text in ["13800001234", "138 0000 1234", "+86 138-0000-1234"] {
            assert_eq!(Phone::parse(text).map(|p| p.reveal().to_owned()), Ok("13800001234".into()), "{text}");
        }
        for text in
            ["", "1380000123", "138000012345", "23800001234", "12800001234", "1380000123a", "１３８００００１２３４"]
        {
            assert_eq!(Phone::parse(text), Err(PhoneError), "{text}");
        }
    }

    #[test]
    fn a_name_loses_the_blanks_that_align_a_column() {
        assert_eq!(name(" 张\u{3000}三 "), Ok("张三".into()));
        assert_eq!(name("Ann Lee"), Ok("Ann Lee".into()));
        assert_eq!(name(" "), Err(TextError::Empty));
    }

    #[test]
    fn a_phone_is_a_number_too() {
        assert_eq!(Phone::parse("13800001234").map(|p| p.as_number()), Ok(13_800_001_234));
    }

    #[test]
    fn masks_keep_only_the_surname() {
        assert_eq!(masked_name("张建国"), "张**");
        assert_eq!(masked_name("李"), "李*");
    }
}
