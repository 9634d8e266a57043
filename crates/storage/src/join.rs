//! Joins: another table beside a query's own, under a name that tells its part.

use sea_orm::sea_query::{Alias, Expr, IntoTableRef};
use sea_orm::{EntityTrait, ExprTrait, JoinType, QuerySelect, Select};

/// Joins the row of `table` whose id is this, as `part`.
pub(crate) fn by_id<E: EntityTrait>(
    mut query: Select<E>,
    table: impl EntityTrait,
    part: &'static str,
    id: impl Into<Expr>,
) -> Select<E> {
    let same = of(part, "id").eq(id.into());
    query.query().join_as(JoinType::InnerJoin, table.table_ref().into_table_ref(), Alias::new(part), same);
    query
}

/// Joins the row of `table` that meets the condition, if there is one, as `part`.
pub(crate) fn perhaps<E: EntityTrait>(
    mut query: Select<E>,
    table: &'static str,
    part: &'static str,
    on: Expr,
) -> Select<E> {
    query.query().join_as(JoinType::LeftJoin, Alias::new(table), Alias::new(part), on);
    query
}

/// A column of what was joined as `part`.
pub(crate) fn of(part: &'static str, column: &'static str) -> Expr {
    Expr::col((Alias::new(part), Alias::new(column)))
}
