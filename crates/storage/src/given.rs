//! Rows that a statement is given to change others by: `UPDATE … FROM (VALUES …) AS given`. The database finds each row to
//! be changed by its key, however many there are.

use sea_orm::sea_query::{Alias, Expr, IntoIden, TableRef, ValueTuple};

const GIVEN: &str = "given";

/// The rows; both databases call their columns `column1` and so on.
pub(crate) fn rows(rows: impl Iterator<Item = ValueTuple>) -> TableRef {
    TableRef::ValuesList(rows.collect(), Alias::new(GIVEN).into_iden())
}

/// A column of the given row, by its number from 1.
pub(crate) fn column(number: u8) -> Expr {
    Expr::col((Alias::new(GIVEN), Alias::new(format!("column{number}"))))
}
