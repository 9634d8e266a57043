//! Invariants (账目恒等式): what must hold whatever happened. Each is one query, so it sees one moment of a database at work.

mod accounts;
mod corrections;
mod events;
mod lots;
mod mall;
mod members;
mod proof;
mod transfers;

pub(crate) use members::check_members;

use chrono::Duration;
use domain::time::Instant;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
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
    /// Selects the `subject` of every violation; `$1` is the time before which nothing may still wait for a job, `{whole}`
    /// the schema in which a table stands whole even where only some members are looked at.
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
    let all = [transfers::ALL, accounts::ALL, lots::ALL, events::ALL, mall::ALL, corrections::ALL, proof::ALL];
    all.into_iter().flatten().copied()
}

/// Those that hold of the ledger as a whole, and not of each member by themselves.
pub fn of_the_whole() -> impl Iterator<Item = Invariant> {
    all().filter(|invariant| !members::OF_EACH.contains(&invariant.name))
}

/// Looks for violations of an invariant at this time. What waits for a job is late only if the books were alive after its
/// time: a copy of them that lay on a shelf, or a service that did not run, is not wrong for that.
pub async fn check(tx: &ReadTx, invariant: &Invariant, now: Instant) -> Result<Violations> {
    let mut values = Vec::new();
    if invariant.sql.contains("$1") {
        values.push(Value::from(last_alive(tx).await?.map_or(now, |alive| alive.min(now)) - PATIENCE));
    }
    let sql = whole(tx, invariant.sql);
    let ask = |select: String| Statement::from_sql_and_values(tx.backend(), select, values.clone());
    let counted = tx.on().query_one_raw(ask(format!("SELECT count(*) AS n FROM ({sql}) AS v"))).await?;
    let count: i64 = counted.map_or(Ok(0), |row| row.try_get("", "n"))?;
    if count == 0 {
        return Ok(Violations::default());
    }
    let named = format!("SELECT subject FROM ({sql}) AS v LIMIT {NAMED}");
    let mut subjects = Vec::new();
    for row in tx.on().query_all_raw(ask(named)).await? {
        subjects.extend(row.try_get::<Option<Uuid>>("", "subject")?.map(|id| id.to_string()));
    }
    Ok(Violations { count: count.unsigned_abs(), subjects })
}

/// When somebody last did anything, or the jobs last went round; none if nothing ever happened.
async fn last_alive(tx: &ReadTx) -> Result<Option<Instant>> {
    let sql = "SELECT max(at) AS at FROM (SELECT max(posted_at) AS at FROM transfer \
               UNION ALL SELECT max(signed_at) FROM seal UNION ALL SELECT max(began_at) FROM reconciliation \
               UNION ALL SELECT max(last_ended_at) FROM reconciliation \
               UNION ALL SELECT at FROM (SELECT at FROM audit ORDER BY id DESC LIMIT 1) AS newest) AS signs";
    let found = tx.on().query_one_raw(Statement::from_string(tx.backend(), sql)).await?;
    Ok(found.map_or(Ok(None), |row| row.try_get("", "at"))?)
}

fn whole(tx: &ReadTx, sql: &str) -> String {
    sql.replace("{whole}", if tx.backend() == DbBackend::Postgres { "public" } else { "main" })
}
