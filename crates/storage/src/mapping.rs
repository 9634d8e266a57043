//! Between columns and the domain's values.

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
