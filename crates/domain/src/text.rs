//! Text (文本): what a person typed, checked once and then trusted.

use thiserror::Error;

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("不能为空")]
    Empty,
    /// Longer than the field takes, in characters.
    #[error("最多 {0} 个字")]
    TooLong(usize),
    /// Control characters, bidirectional overrides or the like, which can make a text look like another.
    #[error("含有不能使用的字符")]
    Forbidden,
}

/// Trims a text and refuses what is empty, longer than `most` characters, or holds invisible control characters.
/// Line breaks pass only where `lines` says so.
pub fn clean(text: &str, most: usize, lines: bool) -> Result<String, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().count() > most {
        return Err(TextError::TooLong(most));
    }
    let forbidden = |c: char| {
        (c.is_control() && !(lines && c == '\n'))
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
    };
    if text.chars().any(forbidden) {
        return Err(TextError::Forbidden);
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_refused() {
        assert_eq!(clean("a\u{0}b", 9, true), Err(TextError::Forbidden));
        assert_eq!(clean("a\u{202E}b", 9, true), Err(TextError::Forbidden));
        assert_eq!(clean("a\nb", 9, false), Err(TextError::Forbidden));
        assert_eq!(clean("a\nb", 9, true), Ok("a\nb".into()));
    }

    #[test]
    fn length_counts_characters() {
        assert_eq!(clean("平城区", 3, false), Ok("平城区".into()));
        assert_eq!(clean("平城区委", 3, false), Err(TextError::TooLong(3)));
        assert_eq!(clean("  ", 3, false), Err(TextError::Empty));
    }
}
