//! What can go wrong here, sorted by what the caller can do about it. Absence is no error: it is `None`.

use sea_orm::{DbErr, RuntimeErr};
use thiserror::Error;

/// The result of everything in storage.
pub type Result<T> = std::result::Result<T, StorageError>;

/// A failure of the database or of what it holds.
#[derive(Debug, Error)]
pub enum StorageError {
    /// Another transaction holds the row; the same call may be made again.
    #[error("another transaction holds the row")]
    Busy(#[source] DbErr),
    /// A constraint of the schema refused the write.
    #[error("constraint {constraint} refused the write")]
    Conflict {
        /// The constraint as PostgreSQL names it, or SQLite's list of columns.
        constraint: String,
    },
    /// The database could not be reached or did not answer; whether a commit happened is unknown.
    #[error("the database is unavailable")]
    Unavailable(#[source] DbErr),
    /// A stored value does not mean anything.
    #[error("{table}.{column} of {id} is corrupt")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        id: String,
    },
}

impl StorageError {
    pub(crate) fn corrupt(table: &'static str, column: &'static str, id: impl ToString) -> Self {
        Self::Corrupt { table, column, id: id.to_string() }
    }

    /// A guard in a statement refused the write, as a constraint would have.
    pub(crate) fn conflict(guard: &str) -> Self {
        Self::Conflict { constraint: guard.to_owned() }
    }

    /// Whether this is a refusal by the constraint that has this in its name.
    pub fn breaks(&self, name: &str) -> bool {
        matches!(self, Self::Conflict { constraint } if constraint.contains(name))
    }
}

impl From<DbErr> for StorageError {
    fn from(error: DbErr) -> Self {
        let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = &error else {
            return Self::Unavailable(error);
        };
        let sqlx::Error::Database(refusal) = cause.as_ref() else {
            return Self::Unavailable(error);
        };
        match refusal.code().as_deref() {
            // lock_timeout, serialization, deadlock; SQLITE_BUSY and its variants
            Some("55P03" | "40001" | "40P01" | "5" | "261" | "517" | "773") => Self::Busy(error),
            // unique, foreign key, check, and what a trigger raised
            Some("23505" | "23503" | "23514" | "P0001" | "1555" | "2067" | "787" | "275" | "1811") => {
                let constraint = refusal.constraint().unwrap_or_else(|| refusal.message()).to_owned();
                Self::Conflict { constraint }
            }
            _ => Self::Unavailable(error),
        }
    }
}
