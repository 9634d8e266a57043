//! The same invariants asked of some members only: each query sees, under the names of the tables, what of them belongs to
//! these members. So one statement of a rule serves the whole ledger and any part of it, and still sees one moment.

use domain::id::MemberId;
use domain::time::Instant;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use super::{PATIENCE, all};
use crate::database::ReadTx;
use crate::error::Result;

/// The invariants that hold of each member by themselves. A new one stands here only if its query joins no rows of others.
pub(super) const OF_EACH: [&str; 20] = [
    "transfer_sum",
    "reversal",
    "balance",
    "running_balance",
    "chain_link",
    "held",
    "lifetime_earned",
    "verified_minutes",
    "lots",
    "lot_remaining",
    "debit_covered",
    "expired_lot",
    "earned_by_event",
    "event_points",
    "event_minutes",
    "redemption_price",
    "redemption_exists",
    "refund",
    "checkpoint",
    "finding_frozen",
];

/// The tables as these members know them; `{of}` is the schema in which they stand whole, `{ids}` who the members are.
const TABLES: [(&str, &str); 11] = [
    ("account", "SELECT * FROM {of}.account WHERE member_id IN ({ids})"),
    (
        "transfer",
        "SELECT * FROM {of}.transfer WHERE id IN (SELECT transfer_id FROM {of}.entry WHERE account_id IN (SELECT id FROM account))",
    ),
    ("entry", "SELECT * FROM {of}.entry WHERE transfer_id IN (SELECT id FROM transfer)"),
    (
        "lot",
        "SELECT * FROM {of}.lot WHERE transfer_id IN (SELECT id FROM transfer) \
         UNION SELECT * FROM {of}.lot WHERE remaining > 0 AND account_id IN (SELECT id FROM account)",
    ),
    (
        "lot_use",
        "SELECT * FROM {of}.lot_use WHERE transfer_id IN (SELECT id FROM transfer) \
         UNION SELECT * FROM {of}.lot_use WHERE lot_id IN (SELECT id FROM lot)",
    ),
    ("hold", "SELECT * FROM {of}.hold WHERE account_id IN (SELECT id FROM account)"),
    ("earn_event", "SELECT * FROM {of}.earn_event WHERE member_id IN ({ids})"),
    ("service_record", "SELECT * FROM {of}.service_record WHERE member_id IN ({ids})"),
    ("redemption", "SELECT * FROM {of}.redemption WHERE member_id IN ({ids})"),
    ("ledger_finding", "SELECT * FROM {of}.ledger_finding WHERE member_id IN ({ids})"),
    ("account_checkpoint", "SELECT * FROM {of}.account_checkpoint WHERE account_id IN (SELECT id FROM account)"),
];

/// The invariants that do not hold of these members.
pub(crate) async fn check_members(tx: &ReadTx, members: &[MemberId], now: Instant) -> Result<Vec<&'static str>> {
    let mut broken = Vec::new();
    for invariant in all().filter(|invariant| OF_EACH.contains(&invariant.name)) {
        let mut values = Vec::with_capacity(members.len() + 1);
        if invariant.sql.contains("$1") {
            values.push(Value::from(now - PATIENCE));
        }
        let first = values.len() + 1;
        values.extend(members.iter().map(|member| Value::from(member.uuid())));
        let ids: Vec<_> = (first..=values.len()).map(|place| format!("${place}")).collect();
        let sql =
            format!("{} SELECT 1 AS n FROM ({}) AS v LIMIT 1", tables(tx.backend(), &ids.join(", ")), invariant.sql);
        if tx.on().query_one_raw(Statement::from_sql_and_values(tx.backend(), sql, values)).await?.is_some() {
            broken.push(invariant.name);
        }
    }
    Ok(broken)
}

fn tables(backend: DbBackend, ids: &str) -> String {
    let of = if backend == DbBackend::Postgres { "public" } else { "main" };
    let seen = TABLES.map(|(name, sql)| format!("{name} AS ({})", sql.replace("{of}", of).replace("{ids}", ids)));
    format!("WITH {}", seen.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_that_of_an_invariant() {
        for name in OF_EACH {
            assert!(all().any(|invariant| invariant.name == name), "{name}");
        }
    }
}
