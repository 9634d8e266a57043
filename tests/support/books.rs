//! Questions about the database that no answer of the API shows.

use sea_orm::{ConnectionTrait, Statement};
use storage::chains;
use storage::invariants::{self, Violations};

use crate::app::TestApp;
use crate::balances::BALANCES;
use crate::database;

impl TestApp {
    /// Sums up the books: points, lots, minutes, stock and seats.
    pub async fn books_balance(&self) {
        for (rule, sql) in BALANCES {
            assert_eq!(self.number(sql).await, 0, "{rule}");
        }
    }

    /// Asks every invariant, and recomputes the hash of every entry.
    pub async fn books_are_sound(&self) {
        let (read, now) = (self.state.database.read(), self.state.clock.wall());
        for invariant in invariants::all() {
            let violations = invariants::check(&read, &invariant, now).await.expect("an answer");
            assert_eq!(violations, Violations::default(), "{}: {}", invariant.name, invariant.rule);
        }
        assert_eq!(chains::check(&read, |_| ()).await.expect("an answer"), Violations::default(), "{}", chains::RULE.1);
    }

    /// The first column of the first row of a query, as an integer.
    pub async fn number(&self, sql: &str) -> i64 {
        let connection = database::connect(&self.database_url).await;
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let row = connection.query_one_raw(statement).await.expect(sql).expect("one row");
        let number: i64 = row.try_get_by_index(0).expect("an integer");
        connection.close().await.expect("the connection closes");
        number
    }

    /// The first column of every row of a query, as texts.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let connection = database::connect(&self.database_url).await;
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let rows = connection.query_all_raw(statement).await.expect(sql);
        let texts = rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect();
        connection.close().await.expect("the connection closes");
        texts
    }

    /// Changes the database behind the application's back.
    pub async fn tamper(&self, sql: &str) {
        let connection = database::connect(&self.database_url).await;
        connection.execute_unprepared(sql).await.expect(sql);
        connection.close().await.expect("the connection closes");
    }

    /// What the schema says to a change that it must refuse.
    pub async fn refused_by_schema(&self, sql: &str) -> String {
        let connection = database::connect(&self.database_url).await;
        let refusal = connection.execute_unprepared(sql).await.err().unwrap_or_else(|| panic!("allowed: {sql}"));
        connection.close().await.expect("the connection closes");
        refusal.to_string()
    }
}
