//! The same invariants asked of some members only: each query sees, under the names of the tables, what of them belongs to
//! these members. So one statement of a rule serves the whole ledger and any part of it, and still sees one moment.

use domain::id::MemberId;
use sea_orm::{ConnectionTrait, Statement, Value};

use super::{all, whole};
use crate::database::ReadTx;
use crate::error::Result;

/// The invariants that hold of each member by themselves. A new one stands here only if its query joins no rows of others.
pub(super) const OF_EACH: [&str; 37] = [
    "transfer_sum",
    "one_member",
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
    "event_unpaid",
    "redemption_price",
    "redemption_exists",
    "refund",
    "adjustment_points",
    "adjustment_exists",
    "adjustment_hold",
    "freed_points",
    "refunded_points",
    "misconduct_service",
    "misconduct_points",
    "misconduct_exists",
    "misconduct_minutes",
    "service_reversal",
    "reward_credit",
    "reversal_redemption",
    "donation_points",
    "donation_exists",
    "unchained",
    "checkpoint",
    "finding_frozen",
];

/// The tables as these members know them; `{whole}` is the schema in which they stand whole, `{ids}` who the members are.
const TABLES: [(&str, &str); 18] = [
    ("account", "SELECT * FROM {whole}.account WHERE member_id IN ({ids})"),
    (
        "transfer",
        "SELECT * FROM {whole}.transfer WHERE id IN (SELECT transfer_id FROM {whole}.entry WHERE account_id IN (SELECT id FROM account))",
    ),
    ("entry", "SELECT * FROM {whole}.entry WHERE transfer_id IN (SELECT id FROM transfer)"),
    (
        "lot",
        "SELECT * FROM {whole}.lot WHERE transfer_id IN (SELECT id FROM transfer) \
         UNION SELECT * FROM {whole}.lot WHERE remaining > 0 AND account_id IN (SELECT id FROM account)",
    ),
    (
        "lot_use",
        "SELECT * FROM {whole}.lot_use WHERE transfer_id IN (SELECT id FROM transfer) \
         UNION SELECT * FROM {whole}.lot_use WHERE lot_id IN (SELECT id FROM lot)",
    ),
    ("hold", "SELECT * FROM {whole}.hold WHERE account_id IN (SELECT id FROM account)"),
    ("earn_event", "SELECT * FROM {whole}.earn_event WHERE member_id IN ({ids})"),
    ("service_record", "SELECT * FROM {whole}.service_record WHERE member_id IN ({ids})"),
    ("misconduct_case", "SELECT * FROM {whole}.misconduct_case WHERE member_id IN ({ids})"),
    ("enrolment", "SELECT * FROM {whole}.enrolment WHERE id IN (SELECT enrolment_id FROM misconduct_case)"),
    ("service_reversal", "SELECT * FROM {whole}.service_reversal WHERE record_id IN (SELECT id FROM service_record)"),
    ("adjustment", "SELECT * FROM {whole}.adjustment WHERE member_id IN ({ids})"),
    ("donation", "SELECT * FROM {whole}.donation WHERE member_id IN ({ids})"),
    ("reward", "SELECT * FROM {whole}.reward WHERE member_id IN ({ids})"),
    ("redemption", "SELECT * FROM {whole}.redemption WHERE member_id IN ({ids})"),
    ("reversal", "SELECT * FROM {whole}.reversal WHERE redemption_id IN (SELECT id FROM redemption)"),
    ("ledger_finding", "SELECT * FROM {whole}.ledger_finding WHERE member_id IN ({ids})"),
    ("account_checkpoint", "SELECT * FROM {whole}.account_checkpoint WHERE account_id IN (SELECT id FROM account)"),
];

/// The invariants that do not hold of these members.
pub(crate) async fn check_members(tx: &ReadTx, members: &[MemberId]) -> Result<Vec<&'static str>> {
    let ids: Vec<_> = (1..=members.len()).map(|place| format!("${place}")).collect();
    let seen = TABLES.map(|(name, sql)| format!("{name} AS ({})", sql.replace("{ids}", &ids.join(", "))));
    let mut broken = Vec::new();
    for invariant in all().filter(|invariant| OF_EACH.contains(&invariant.name)) {
        // Counted, because PostgreSQL would go through whole tables in search of the first of none.
        let sql = format!("WITH {} SELECT count(*) AS n FROM ({}) AS v", seen.join(", "), invariant.sql);
        let ids = members.iter().map(|member| Value::from(member.uuid()));
        let ask = Statement::from_sql_and_values(tx.backend(), whole(tx, &sql), ids);
        let found = tx.on().query_one_raw(ask).await?;
        if found.map(|row| row.try_get::<i64>("", "n")).transpose()? != Some(0) {
            broken.push(invariant.name);
        }
    }
    Ok(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_that_of_an_invariant() {
        for name in OF_EACH {
            let found = all().find(|invariant| invariant.name == name).expect(name);
            assert!(!found.sql.contains("$1"), "{name} asks for the time, whose place the members take");
        }
    }
}
