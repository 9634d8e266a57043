//! How commands, and the demo that they load, fail.

use crate::config::ConfigError;
use crate::error::ApiError;

/// Why a command ended without doing its work.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage or configuration; the sentence says what to set.
    Usage(String),
    /// A check found something, or the work failed.
    Found(String),
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.0)
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Found(error.to_string())
    }
}

impl From<storage::StorageError> for Failure {
    fn from(error: storage::StorageError) -> Self {
        ApiError::from(error).into()
    }
}
