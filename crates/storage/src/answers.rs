//! Kept answers (已答复的请求): whoever was told that they spent has spent.

use std::collections::BTreeSet;

use domain::id::{PersonId, TransferId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::database::ReadTx;
use crate::error::Result;
use crate::idempotency::row;
use crate::invariants::Violations;
use crate::transfers::row as transfer;

/// The operations whose transfer's id follows from the key.
const POSTED_BY_KEY: [&str; 1] = ["redeem_offer"];

/// Answers that are looked at at once.
const AT_ONCE: u64 = 2_000;

/// What the answers prove, as [`crate::invariants`] say theirs.
pub const RULE: (&str, &str) = ("kept_answer", "whoever was answered that they spent has spent");

/// Goes through the answers that are kept for their keys.
pub async fn check(tx: &ReadTx) -> Result<Violations> {
    use row::Column as C;
    let mut broken = Violations::default();
    for operation in POSTED_BY_KEY {
        let mut after: Option<(Uuid, String)> = None;
        loop {
            let mut query = row::Entity::find().filter(C::Operation.eq(operation)).filter(C::Status.eq(201));
            if let Some((person, key)) = after {
                let place = Expr::tuple([C::PersonId.into_expr(), C::Key.into_expr()]);
                query = query.filter(place.gt(Expr::tuple([Expr::val(person), Expr::val(key)])));
            }
            let in_order = query.order_by_asc(C::PersonId).order_by_asc(C::Key);
            let rows = in_order.limit(AT_ONCE).all(&tx.on()).await?;
            let Some(last) = rows.last() else { break };
            after = Some((last.person_id, last.key.clone()));
            let of_key =
                |row: &row::Model| TransferId::of_key(PersonId::from_stored(row.person_id), operation, &row.key).uuid();
            let posted: Vec<Uuid> = transfer::Entity::find()
                .select_only()
                .column(transfer::Column::Id)
                .filter(transfer::Column::Id.is_in(rows.iter().map(of_key)))
                .into_tuple()
                .all(&tx.on())
                .await?;
            let posted: BTreeSet<_> = posted.into_iter().collect();
            rows.iter().map(of_key).filter(|id| !posted.contains(id)).for_each(|id| broken.add(id));
        }
    }
    Ok(broken)
}
