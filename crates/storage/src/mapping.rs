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

/// Keys for a list in a question, the last of them repeated until there are a power of two: the databases keep a plan for
/// each length, and should not have to keep many.
pub(crate) fn few_lengths<K: Copy>(keys: &[K]) -> impl Iterator<Item = K> {
    let more = keys.len().next_power_of_two() - keys.len();
    keys.iter().chain(keys.last().into_iter().cycle().take(more)).copied()
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

#[cfg(test)]
mod tests {
    use super::few_lengths;

    #[test]
    fn keys_are_repeated_until_there_are_a_power_of_two() {
        let lengthened = |keys: &[u8]| few_lengths(keys).collect::<Vec<_>>();
        assert_eq!(lengthened(&[]), [0; 0]);
        assert_eq!(lengthened(&[7]), [7]);
        assert_eq!(lengthened(&[1, 2, 3]), [1, 2, 3, 3]);
        assert_eq!(lengthened(&[1, 2, 3, 4]), [1, 2, 3, 4]);
        assert_eq!(lengthened(&[1, 2, 3, 4, 5]), [1, 2, 3, 4, 5, 5, 5, 5]);
    }
}
