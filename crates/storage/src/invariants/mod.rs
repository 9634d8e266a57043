//! Invariants (账目恒等式): what must hold whatever happened. Each is one query, so it sees one moment of a database at work.

mod accounts;
mod corrections;
mod events;
mod lots;
mod mall;
mod transfers;

use chrono::Duration;
use domain::time::Instant;
use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

use crate::database::ReadTx;
use crate::error::Result;

/// How late a job may be before somebody should ask why.
const PATIENCE: Duration = Duration::minutes(5);

/// How many violations are named; all are counted.
const NAMED: u32 = 5;

/// One thing that must hold.
#[derive(Clone, Copy, Debug)]
pub struct Invariant {
    /// Its short name, as in `transfer_sum`.
    pub name: &'static str,
    /// What holds.
    pub rule: &'static str,
    /// Selects the `subject` of every violation; `$1` is the time before which nothing may still wait for a job.
    sql: &'static str,
}

/// What does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    /// How many there are.
    pub count: u64,
    /// Which the first few are, by id; a violation of the whole ledger has none.
    pub subjects: Vec<String>,
}

impl Violations {
    /// Takes note of one more.
    pub(crate) fn add(&mut self, subject: impl ToString) {
        let subject = subject.to_string();
        self.count += 1;
        if self.subjects.len() < NAMED as usize && !self.subjects.contains(&subject) {
            self.subjects.push(subject);
        }
    }
}

/// Every invariant that a query can ask for. The entries' hashes are recomputed beside them ([`crate::chains`]).
pub fn all() -> impl Iterator<Item = Invariant> {
    [transfers::ALL, accounts::ALL, lots::ALL, events::ALL, mall::ALL, corrections::ALL].into_iter().flatten().copied()
}

/// Looks for violations of an invariant at this time.
pub async fn check(tx: &ReadTx, invariant: &Invariant, now: Instant) -> Result<Violations> {
    let values = if invariant.sql.contains("$1") { vec![Value::from(now - PATIENCE)] } else { Vec::new() };
    let ask = |select: String| Statement::from_sql_and_values(tx.backend(), select, values.clone());
    let counted = tx.on().query_one_raw(ask(format!("SELECT count(*) AS n FROM ({}) AS v", invariant.sql))).await?;
    let count: i64 = counted.map_or(Ok(0), |row| row.try_get("", "n"))?;
    if count == 0 {
        return Ok(Violations::default());
    }
    let named = format!("SELECT subject FROM ({}) AS v LIMIT {NAMED}", invariant.sql);
    let mut subjects = Vec::new();
    for row in tx.on().query_all_raw(ask(named)).await? {
        subjects.extend(row.try_get::<Option<Uuid>>("", "subject")?.map(|id| id.to_string()));
    }
    Ok(Violations { count: count.unsigned_abs(), subjects })
}
