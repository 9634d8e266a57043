//! Questions about the database that no answer of the API shows.

use sea_orm::{ConnectionTrait, QueryResult, Statement};

use crate::app::TestApp;
use crate::database;

/// What must be nought whatever happened, each a count of things that do not add up.
const BALANCES: [(&str, &str); 8] = [
    (
        "transfers sum to zero",
        "SELECT count(*) FROM (SELECT transfer_id FROM entry GROUP BY transfer_id HAVING sum(amount) <> 0) AS t",
    ),
    (
        "balances are the sums of entries",
        "SELECT count(*) FROM account a WHERE a.cached AND a.balance <> \
         (SELECT COALESCE(sum(e.amount), 0) FROM entry e WHERE e.account_id = a.id)",
    ),
    (
        "balances are what is left in lots",
        "SELECT count(*) FROM account a WHERE a.kind = 'points' AND a.balance <> \
         (SELECT COALESCE(sum(l.remaining), 0) FROM lot l WHERE l.account_id = a.id)",
    ),
    (
        "lots are what was granted less what was used",
        "SELECT count(*) FROM lot l WHERE l.remaining <> l.granted - \
         (SELECT COALESCE(sum(u.amount), 0) FROM lot_use u WHERE u.lot_id = l.id)",
    ),
    (
        "minutes are the sums of service",
        "SELECT count(*) FROM account a WHERE a.kind = 'points' AND a.verified_minutes <> \
         (SELECT COALESCE(sum(r.timed_minutes + r.made_up_minutes), 0) FROM service_record r WHERE r.member_id = a.member_id)",
    ),
    (
        "stock is what was there less what was redeemed",
        "SELECT count(*) FROM offer o WHERE o.stock_total - o.stock_left <> \
         (SELECT count(*) FROM redemption r WHERE r.offer_id = o.id AND r.state IN ('issued', 'verified', 'settled'))",
    ),
    (
        "seats are counted",
        "SELECT count(*) FROM activity_session s WHERE s.enrolled <> (SELECT count(*) FROM enrolment e \
         WHERE e.session_id = s.id AND e.state NOT IN ('waitlisted', 'cancelled'))",
    ),
    (
        "a redemption took its points once",
        "SELECT count(*) FROM redemption r WHERE r.points <> (SELECT COALESCE(-sum(e.amount), 0) FROM entry e \
         JOIN account a ON a.id = e.account_id WHERE e.transfer_id = r.transfer_id AND a.kind = 'points')",
    ),
];

impl TestApp {
    /// Sums up the books: points, lots, minutes, stock and seats.
    pub async fn books_balance(&self) {
        assert_eq!(unbalanced(&self.database_url).await, []);
    }

    /// The first column of the first row of a query, as an integer.
    pub async fn number(&self, sql: &str) -> i64 {
        number(&self.database_url, sql).await
    }

    /// Changes the database behind the application's back.
    pub async fn tamper(&self, sql: &str) {
        let connection = database::connect(&self.database_url).await;
        connection.execute_unprepared(sql).await.expect(sql);
        connection.close().await.expect("the connection closes");
    }
}

/// The rules that the books break, each with how often.
pub async fn unbalanced(database_url: &str) -> Vec<(&'static str, i64)> {
    let mut broken = Vec::new();
    for (rule, sql) in BALANCES {
        broken.push((rule, number(database_url, sql).await));
    }
    broken.retain(|(_, violations)| *violations != 0);
    broken
}

/// The first column of the first row of a query, as an integer.
pub async fn number(database_url: &str, sql: &str) -> i64 {
    let rows = rows(database_url, sql).await;
    rows.first().expect("one row").try_get_by_index(0).expect("an integer")
}

/// The first column of a query, as texts.
pub async fn texts(database_url: &str, sql: &str) -> Vec<String> {
    let rows = rows(database_url, sql).await;
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}

async fn rows(database_url: &str, sql: &str) -> Vec<QueryResult> {
    let connection = database::connect(database_url).await;
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.expect(sql);
    connection.close().await.expect("the connection closes");
    rows
}
