//! Text search (搜索): a contains-match that both databases understand alike.

use sea_orm::ExprTrait;
use sea_orm::sea_query::{Expr, Func, IntoColumnRef, LikeExpr};

/// The condition "the column contains this text", whatever the case of its letters; `%` and `_` stand for themselves.
pub(crate) fn contains(column: impl IntoColumnRef, text: &str) -> Expr {
    let mut pattern = String::from("%");
    for character in text.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    Func::lower(Expr::col(column)).like(LikeExpr::new(pattern).escape('\\'))
}
