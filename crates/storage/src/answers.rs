//! Kept answers (已答复的请求): whoever was told that points moved can be shown the transfer that moved them.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{MemberId, PersonId, TransferId};
use domain::points::SourceKind;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use uuid::Uuid;

use crate::database::ReadTx;
use crate::error::Result;
use crate::idempotency::row;
use crate::invariants::Violations;
use crate::redemptions::row as redemption;
use crate::transfers::row as transfer;

/// How an answer tells what was posted.
#[derive(Clone, Copy)]
enum Told {
    /// The transfer's id follows from the key.
    ByKey,
    /// The answer names transfers in these fields, where there were any.
    Named(&'static [&'static str]),
    /// It names transfers that a granted appeal has taken back.
    TakenBack(&'static [&'static str]),
    /// It names in this field a redemption whose transfer was taken back.
    Redemption(&'static str),
    /// It names a reward, its member, and what the rules gave for it.
    Reward,
}

/// What misconduct took.
const TAKEN: &[&str] = &["clawback_transfer_id", "deduction_transfer_id"];

/// The operations with a key whose answers say that points moved.
const OPERATIONS: [(&str, Told); 8] = [
    ("redeem_offer", Told::ByKey),
    ("donate_points", Told::ByKey),
    ("cancel_redemption", Told::Redemption("id")),
    ("approve_reversal", Told::Redemption("redemption_id")),
    ("approve_reward", Told::Reward),
    ("approve_adjustment", Told::Named(&["transfer_id"])),
    ("confirm_misconduct_case", Told::Named(TAKEN)),
    ("rule_misconduct_appeal", Told::TakenBack(TAKEN)),
];

/// The operations whose kept answers are looked at.
pub fn operations() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|(operation, _)| *operation)
}

/// Answers that are looked at at once.
const AT_ONCE: u64 = 2_000;

/// What the answers prove, as [`crate::invariants`] say theirs.
pub const RULE: (&str, &str) =
    ("kept_answer", "whoever was answered that points moved has the transfer that moved them");

/// Goes through the answers that are kept for their keys.
pub async fn check(tx: &ReadTx) -> Result<Violations> {
    use row::Column as C;
    let mut broken = Violations::default();
    for (operation, told) in OPERATIONS {
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
            let told = told_by(tx, told, &rows).await?;
            let posted: Vec<Uuid> = transfer::Entity::find()
                .select_only()
                .column(transfer::Column::Id)
                .filter(transfer::Column::Id.is_in(told.iter().copied()))
                .into_tuple()
                .all(&tx.on())
                .await?;
            let posted: BTreeSet<_> = posted.into_iter().collect();
            told.into_iter().filter(|id| !posted.contains(id)).for_each(|id| broken.add(id));
        }
    }
    Ok(broken)
}

/// The transfers of which these answers tell.
async fn told_by(tx: &ReadTx, told: Told, rows: &[row::Model]) -> Result<Vec<Uuid>> {
    let fields = |answer: &Value, names: &[&str]| -> Vec<Uuid> {
        names.iter().filter_map(|name| answer[*name].as_str()?.parse().ok()).collect()
    };
    let answers = rows.iter().map(|row| serde_json::from_str(&row.body).unwrap_or(Value::Null));
    let back = |id: Uuid| TransferId::of_refund(TransferId::new(id)).uuid();
    Ok(match told {
        Told::ByKey => {
            let of_key = |row: &row::Model| {
                TransferId::of_key(PersonId::from_stored(row.person_id), &row.operation, &row.key).uuid()
            };
            rows.iter().map(of_key).collect()
        }
        Told::Named(names) => answers.flat_map(|answer| fields(&answer, names)).collect(),
        Told::TakenBack(names) => answers
            .filter(|answer| answer["state"] == "revoked")
            .flat_map(|answer| fields(&answer, names))
            .map(back)
            .collect(),
        Told::Reward => answers
            .filter(|answer| answer["points"].as_i64().is_some_and(|points| points > 0))
            .filter_map(|answer| {
                let [reward, member] = fields(&answer, &["id", "member_id"])[..] else { return None };
                Some(TransferId::of_earning(SourceKind::Reward, reward, MemberId::new(member)).uuid())
            })
            .collect(),
        Told::Redemption(name) => {
            let ids: Vec<Uuid> = answers.flat_map(|answer| fields(&answer, &[name])).collect();
            let spent: Vec<(Uuid, Uuid)> = redemption::Entity::find()
                .select_only()
                .columns([redemption::Column::Id, redemption::Column::TransferId])
                .filter(redemption::Column::Id.is_in(ids.iter().copied()))
                .into_tuple()
                .all(&tx.on())
                .await?;
            let spent: BTreeMap<_, _> = spent.into_iter().collect();
            // A redemption that is gone is named itself.
            ids.into_iter().map(|id| spent.get(&id).map_or(id, |spent| back(*spent))).collect()
        }
    })
}
