//! The database itself refuses to change history. Which tables are history is read from its catalogue, so that one that
//! is added later without its triggers is noticed.

use std::collections::BTreeSet;

use crate::books::{Books, at};
use crate::invariants;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

/// What must be kept although nothing in the ledger refers to it or the other way round.
const KEPT: [&str; 5] = ["transfer", "service_record", "seal", "seal_key", "audit"];

/// What refers to a transfer, an account or a lot and does change: each says in one place how it stands now.
const CHANGING: [&str; 6] = ["lot", "hold", "redemption", "account_checkpoint", "adjustment", "misconduct_case"];

impl Books {
    fn on_postgres(&self) -> bool {
        self.raw.get_database_backend() == DbBackend::Postgres
    }

    async fn names(&self, postgres: &str, sqlite: &str) -> BTreeSet<String> {
        let sql = if self.on_postgres() { postgres } else { sqlite };
        let rows = self.raw.query_all_raw(Statement::from_string(self.raw.get_database_backend(), sql)).await;
        rows.expect(sql).iter().map(|row| row.try_get_by_index(0).expect("a name")).collect()
    }

    /// The tables whose rows the database keeps from being changed or removed.
    async fn append_only(&self) -> BTreeSet<String> {
        self.names(
            "SELECT t.tgrelid::regclass::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid \
             WHERE p.proname = 'refuse_change' AND t.tgenabled = 'O' AND (t.tgtype & 58) = 58",
            "SELECT u.tbl_name FROM sqlite_master u JOIN sqlite_master d ON d.tbl_name = u.tbl_name AND d.type = 'trigger' \
             WHERE u.type = 'trigger' AND u.sql LIKE '%BEFORE UPDATE ON%RAISE(ABORT%' AND u.sql NOT LIKE '%WHEN%' \
             AND d.sql LIKE '%BEFORE DELETE ON%RAISE(ABORT%' AND d.sql NOT LIKE '%WHEN%'",
        )
        .await
    }

    /// The tables that refer to what the ledger is made of.
    async fn hanging_on_the_ledger(&self) -> BTreeSet<String> {
        self.names(
            "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' \
             AND confrelid::regclass::text IN ('transfer', 'entry', 'account', 'lot')",
            "SELECT DISTINCT m.name FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f \
             WHERE m.type = 'table' AND f.\"table\" IN ('transfer', 'entry', 'account', 'lot')",
        )
        .await
    }

    /// Puts a row of nothing in particular into an empty table of SQLite, whose triggers fire for rows only. From then on
    /// this connection checks nothing but them.
    async fn fill(&self, table: &str) {
        let count = format!("SELECT count(*) FROM {table}");
        let backend = self.raw.get_database_backend();
        let row = self.raw.query_one_raw(Statement::from_string(backend, &count)).await.expect(&count).expect("a row");
        if self.on_postgres() || row.try_get_by_index::<i64>(0).expect("a number") > 0 {
            return;
        }
        let columns = self.names("", &format!("SELECT name FROM pragma_table_info('{table}')")).await;
        let values = vec!["1"; columns.len()].join(", ");
        for sql in [
            "PRAGMA foreign_keys = OFF",
            "PRAGMA ignore_check_constraints = ON",
            &format!("INSERT INTO {table} VALUES ({values})"),
        ] {
            self.execute(sql).await.expect(sql);
        }
    }
}

#[tokio::test]
async fn history_cannot_be_changed_or_removed() {
    let books = Books::open().await;
    books.credit(20, None, at(0)).await;
    books.spend(5, at(1)).await.expect("enough points");

    let kept = books.append_only().await;
    let must_be: BTreeSet<_> = books.hanging_on_the_ledger().await.into_iter().chain(KEPT.map(String::from)).collect();
    let unkept: Vec<_> = must_be.difference(&kept).filter(|table| !CHANGING.contains(&table.as_str())).collect();
    assert!(unkept.is_empty(), "{unkept:?}: make it append-only, or say that it changes");
    assert!(kept.len() >= 9, "{kept:?}");
    let postgres = books.on_postgres();
    for table in kept {
        books.fill(&table).await;
        let column = books
            .names(
                &format!(
                    "SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}' LIMIT 1"
                ),
                &format!("SELECT name FROM pragma_table_info('{table}') LIMIT 1"),
            )
            .await
            .pop_first()
            .expect("a column");
        let anew = format!("INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT");
        let set = format!("DO UPDATE SET {column} = excluded.{column}");
        let mut refused = vec![format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")];
        if postgres {
            refused.push(format!("TRUNCATE {table} CASCADE"));
            refused.push(format!("{anew} ON CONSTRAINT {table}_pkey {set}"));
            refused.push(format!("MERGE INTO {table} t USING {table} s ON true WHEN MATCHED THEN DELETE"));
        } else {
            refused.push(format!("{anew} {set}"));
            refused.push(format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"));
            refused.push(format!("REPLACE INTO {table} SELECT * FROM {table}"));
            refused.push(format!("UPDATE OR REPLACE {table} SET {column} = {column}"));
        }
        for sql in refused {
            let error = books.execute(&sql).await.expect_err(&sql).to_string();
            assert!(error.contains("append-only"), "{sql}: {error}");
        }
    }
    books.close().await;
}

#[tokio::test]
async fn what_can_still_be_falsified_is_found() {
    let books = Books::open().await;
    books.credit(20, Some(at(90)), at(0)).await;
    let expect = async |sql: &str, undo: &str, found: &[&str]| {
        books.execute(sql).await.expect(sql);
        let broken = invariants::broken(&books.raw).await;
        let names: Vec<&str> = broken.iter().map(|name| name.split(' ').next().unwrap_or_default()).collect();
        assert_eq!(names, found, "{sql}");
        books.execute(undo).await.expect(undo);
    };
    expect(
        "UPDATE account SET balance = balance + 1 WHERE kind = 'points'",
        "UPDATE account SET balance = balance - 1 WHERE kind = 'points'",
        &["I03", "I06"],
    )
    .await;
    expect("UPDATE lot SET remaining = 19", "UPDATE lot SET remaining = 20", &["I06", "I07"]).await;
    expect(
        "UPDATE account SET lifetime_earned = 21 WHERE kind = 'points'",
        "UPDATE account SET lifetime_earned = 20 WHERE kind = 'points'",
        &["I17"],
    )
    .await;
    expect(
        "UPDATE account SET verified_minutes = 1 WHERE kind = 'points'",
        "UPDATE account SET verified_minutes = 0 WHERE kind = 'points'",
        &["I17"],
    )
    .await;
    expect(
        "UPDATE lot SET expires_at = '2030-01-01T00:00:00+00:00'",
        "UPDATE lot SET expires_at = '2026-03-31T16:00:00+00:00'",
        &["I05c"],
    )
    .await;
    books.close().await;
}
