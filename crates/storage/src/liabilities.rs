//! What the liability report (积分负债表) sums up. Ask within one moment ([`crate::Database::read_one_moment`]), or the sums
//! need not fit each other.

use domain::liability::{Flow, Movement};
use domain::organisation::NodePath;
use domain::time::Instant;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, JoinType, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, FromQueryResult, Order};
use uuid::Uuid;

use crate::accounts::row as account;
use crate::database::ReadTx;
use crate::entries::row as entry;
use crate::error::Result;
use crate::lots::{row as lot, used};
use crate::mapping::code;
use crate::members::row as member;
use crate::organisations::{self, row as organisation};
use crate::transfers::row as transfer;

/// What the transfers before this instant did to members of units within these subtrees, unit by unit.
pub async fn list_movements(tx: &ReadTx, paths: &[NodePath], before: Instant) -> Result<Vec<Movement>> {
    // Legs are summed up by account and kind first: what then meets members and units is a hundredth of them.
    let (reversed, kind) = (Alias::new("reversed"), Alias::new("kind"));
    let moved = Query::select()
        .column((entry::Entity, entry::Column::AccountId))
        .column((transfer::Entity, transfer::Column::Kind))
        .expr_as(Expr::col((reversed.clone(), kind.clone())), "reversed_kind")
        .expr_as(entry::Column::Amount.sum().cast_as("bigint"), "amount")
        .from(entry::Entity)
        .inner_join(
            transfer::Entity,
            Expr::col((transfer::Entity, transfer::Column::Id)).equals((entry::Entity, entry::Column::TransferId)),
        )
        .join_as(
            JoinType::LeftJoin,
            transfer::Entity,
            reversed.clone(),
            Expr::col((reversed.clone(), transfer::Column::Id)).equals((transfer::Entity, transfer::Column::Reverses)),
        )
        .and_where(Expr::col((transfer::Entity, transfer::Column::BusinessAt)).lt(before))
        .group_by_col((entry::Entity, entry::Column::AccountId))
        .group_by_col((transfer::Entity, transfer::Column::Kind))
        .group_by_col((reversed, kind))
        .to_owned();
    let part = |kind: &str| {
        let amount = Expr::case(account::Column::Kind.eq(kind), Expr::col(("moved", "amount"))).finally(0_i64);
        Expr::expr(amount).sum().cast_as("bigint")
    };
    let mut select = Query::select();
    select
        .column((member::Entity, member::Column::UnitId))
        .column((organisation::Entity, organisation::Column::Name))
        .expr_as(Expr::col(("moved", "kind")), "kind")
        .expr_as(Expr::col(("moved", "reversed_kind")), "reversed_kind")
        .expr_as(part("points"), "points")
        .expr_as(part("debt"), "debt")
        .from_subquery(moved, "moved")
        .inner_join(
            account::Entity,
            Expr::col((account::Entity, account::Column::Id)).equals(("moved", entry::Column::AccountId)),
        );
    of_units(&mut select, paths);
    select
        .group_by_col((member::Entity, member::Column::UnitId))
        .group_by_col((organisation::Entity, organisation::Column::Path))
        .group_by_col((organisation::Entity, organisation::Column::Name))
        .group_by_col(("moved", "kind"))
        .group_by_col(("moved", "reversed_kind"))
        .order_by((organisation::Entity, organisation::Column::Path), Order::Asc);
    let rows = MovementRow::find_by_statement(tx.backend().build(&select)).all(&tx.on()).await?;
    let movement = |row: MovementRow| {
        let kind = |kind: String| code::read("transfer", "kind", row.unit_id, &kind);
        let flow = Flow::of(kind(row.kind)?, row.reversed_kind.map(kind).transpose()?);
        Ok(Movement { unit: row.unit_id.into(), unit_name: row.name, flow, points: row.points, debt: row.debt })
    };
    rows.into_iter().map(movement).collect()
}

/// What the transfers before this instant left in lots of members of units within these subtrees, by the instant at which
/// it is gone.
pub async fn list_left(tx: &ReadTx, paths: &[NodePath], before: Instant) -> Result<Vec<(Option<Instant>, i64)>> {
    let mut moved = Query::select();
    moved
        .expr_as(Expr::col((lot::Entity, lot::Column::Id)), "lot_id")
        .expr_as(Expr::col((lot::Entity, lot::Column::Granted)), "amount")
        .from(lot::Entity)
        .inner_join(
            transfer::Entity,
            Expr::col((transfer::Entity, transfer::Column::Id)).equals((lot::Entity, lot::Column::TransferId)),
        )
        .and_where(transfer::Column::BusinessAt.lt(before));
    let mut taken = Query::select();
    taken
        .expr_as(Expr::col((used::Entity, used::Column::LotId)), "lot_id")
        .expr_as(Expr::val(0_i64).sub(Expr::col((used::Entity, used::Column::Amount))), "amount")
        .from(used::Entity)
        .inner_join(
            transfer::Entity,
            Expr::col((transfer::Entity, transfer::Column::Id)).equals((used::Entity, used::Column::TransferId)),
        )
        .and_where(transfer::Column::BusinessAt.lt(before));
    moved.union(UnionType::All, taken);
    let left = Expr::col(("moved", "amount")).sum();
    let mut select = Query::select();
    select
        .column((lot::Entity, lot::Column::ExpiresAt))
        .expr_as(left.clone().cast_as("bigint"), "points")
        .from_subquery(moved, Alias::new("moved"))
        .inner_join(lot::Entity, Expr::col((lot::Entity, lot::Column::Id)).equals(("moved", "lot_id")))
        .inner_join(
            account::Entity,
            Expr::col((account::Entity, account::Column::Id)).equals((lot::Entity, lot::Column::AccountId)),
        );
    of_units(&mut select, paths);
    select.group_by_col((lot::Entity, lot::Column::ExpiresAt)).and_having(left.ne(0));
    let rows = LeftRow::find_by_statement(tx.backend().build(&select)).all(&tx.on()).await?;
    Ok(rows.into_iter().map(|row| (row.expires_at, row.points)).collect())
}

/// Joins the accounts' members and their units, and keeps those within these subtrees.
fn of_units(select: &mut SelectStatement, paths: &[NodePath]) {
    select
        .inner_join(
            member::Entity,
            Expr::col((member::Entity, member::Column::Id)).equals((account::Entity, account::Column::MemberId)),
        )
        .inner_join(
            organisation::Entity,
            Expr::col((organisation::Entity, organisation::Column::Id))
                .equals((member::Entity, member::Column::UnitId)),
        )
        .cond_where(organisations::inside(paths));
}

#[derive(Debug, FromQueryResult)]
struct MovementRow {
    unit_id: Uuid,
    name: String,
    kind: String,
    reversed_kind: Option<String>,
    points: i64,
    debt: i64,
}

#[derive(Debug, FromQueryResult)]
struct LeftRow {
    expires_at: Option<Instant>,
    points: i64,
}
