//! Between columns and the domain's values.

use sea_orm::sea_query::LikeExpr;

/// Closed sets are stored by their spelling.
pub(crate) mod code {
    use domain::code::Code;

    use crate::error::{Result, StorageError};

    pub(crate) fn write<T: Code>(value: T) -> String {
        value.code().to_owned()
    }

    pub(crate) fn read<T: Code>(
        table: &'static str,
        column: &'static str,
        id: impl ToString,
        stored: &str,
    ) -> Result<T> {
        T::from_code(stored).ok_or_else(|| StorageError::corrupt(table, column, id))
    }
}

/// The pattern of texts that begin with this one, whatever characters it holds.
pub(crate) fn beginning_with(text: &str) -> LikeExpr {
    let mut pattern = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    LikeExpr::new(pattern + "%").escape('\\')
}
