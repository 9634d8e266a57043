//! Somebody else's transaction, held open at the worst moment.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, Statement, TransactionTrait};

use crate::app::TestApp;
use crate::database;

/// A transaction that has changed something and is not committed yet.
pub struct Held {
    transaction: DatabaseTransaction,
    watcher: DatabaseConnection,
}

impl TestApp {
    /// Whether this run has PostgreSQL; says so if not. SQLite has one writer at a time, so there nobody waits for a row.
    pub fn on_postgres(&self) -> bool {
        let postgres = self.database_url.starts_with("postgres");
        if !postgres {
            println!("skipped: on SQLite there are neither row locks nor replicas");
        }
        postgres
    }

    /// Changes the database behind the application's back and leaves the transaction open.
    pub async fn hold(&self, sql: &str) -> Held {
        let connection = database::connect(&self.database_url).await;
        let transaction = connection.begin().await.expect("a transaction");
        transaction.execute_unprepared(sql).await.expect(sql);
        Held { transaction, watcher: database::connect(&self.database_url).await }
    }
}

impl Held {
    /// Commits.
    pub async fn commit(self) {
        self.transaction.commit().await.expect("kept");
    }

    /// Commits once so many of the application's transactions stand before a lock.
    pub async fn commit_when_waited_for_by(self, count: i64) {
        self.waited_for_by(count).await;
        self.commit().await;
    }

    /// Waits until so many of the application's transactions, at least, stand before a lock.
    pub async fn waited_for_by(&self, count: i64) {
        for _ in 0..180 {
            if self.waiting().await >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("fewer than {count} transactions wait");
    }

    /// How many of the application's transactions stand before a lock.
    pub async fn waiting(&self) -> i64 {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND wait_event_type = 'Lock' AND application_name = 'zhixiang'";
        let question = Statement::from_string(DbBackend::Postgres, waiting);
        let row = self.watcher.query_one_raw(question).await.expect("an answer").expect("one row");
        row.try_get_by_index(0).expect("a count")
    }
}
