//! The database itself refuses to change history.

use crate::books::{Books, at};
use crate::invariants;
use domain::points::{Source, SourceKind};
use domain::service::ServiceNature;
use sea_orm::DbBackend;
use storage::purses;
use storage::service_records::{self, ServiceRecord};
use uuid::Uuid;

const KEPT: [(&str, &str); 5] = [
    ("transfer", "reason = 'x'"),
    ("entry", "amount = amount + 1"),
    ("lot_use", "amount = amount + 1"),
    ("earn_event", "points = 0"),
    ("service_record", "timed_minutes = 0"),
];

#[tokio::test]
async fn history_cannot_be_changed_or_removed() {
    let books = Books::open().await;
    books.credit(20, None, at(0)).await;
    books.spend(5, at(1)).await.expect("enough points");
    let mut tx = books.write().await;
    purses::lock_accounts(&mut tx, books.member).await.expect("the purse");
    let record = ServiceRecord {
        id: Uuid::now_v7(),
        member: books.member,
        source: Source { kind: SourceKind::Enrolment, id: Uuid::now_v7() },
        timed_minutes: 90,
        made_up_minutes: 0,
        nature: ServiceNature::Voluntary,
        served_at: at(0),
        verified_at: at(0),
    };
    service_records::insert(&mut tx, &record).await.expect("a record");
    tx.commit().await.expect("a commit");

    let postgres = books.raw.get_database_backend() == DbBackend::Postgres;
    for (table, change) in KEPT {
        let mut refused = vec![format!("UPDATE {table} SET {change}"), format!("DELETE FROM {table}")];
        if postgres {
            refused.push(format!("TRUNCATE {table} CASCADE"));
        } else {
            refused.push(format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"));
            refused.push(format!("REPLACE INTO {table} SELECT * FROM {table}"));
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
