//! Phones that vanish: the connection is reset while the server is at work, and nobody hears the answer.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::app::TestApp;
use crate::database;

/// Sends a request and resets the connection after so long, whatever the server is doing by then.
pub async fn vanish(request: reqwest::RequestBuilder, after: Duration) {
    let request = request.build().expect("a request");
    let (url, body) = (request.url(), request.body().and_then(|body| body.as_bytes()).unwrap_or_default());
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let authority = url.authority();
    let mut head = vec![format!("{} {}{query} HTTP/1.1", request.method(), url.path()), format!("host: {authority}")];
    let headers = request.headers().iter();
    head.extend(headers.map(|(name, value)| format!("{name}: {}", value.to_str().expect("text"))));
    head.push(format!("content-length: {}\r\n\r\n", body.len()));
    let head = head.join("\r\n");
    let mut connection = TcpStream::connect(authority).await.expect("the server listens");
    connection.set_zero_linger().expect("closing resets");
    connection.write_all(&[head.as_bytes(), body].concat()).await.expect("the request is sent");
    // The runtime's own clock ticks in milliseconds, and much happens within one.
    tokio::task::spawn_blocking(move || std::thread::sleep(after)).await.expect("a pause");
    drop(connection);
}

/// Watches for transactions that nobody ends.
pub struct Watcher<'a> {
    app: &'a TestApp,
    connection: DatabaseConnection,
}

impl TestApp {
    /// Watches this application's transactions.
    pub async fn watcher(&self) -> Watcher<'_> {
        Watcher { app: self, connection: database::connect(&self.database_url).await }
    }
}

impl Watcher<'_> {
    /// Waits until the application has no transaction open. One that was forgotten never ends by itself: not before
    /// PostgreSQL ends it after ten seconds, and on SQLite the one writer never comes free.
    pub async fn none_is_open(&self, call: &str) {
        if !self.app.database_url.starts_with("postgres") {
            let free = self.app.state.database.write().await;
            return drop(free.unwrap_or_else(|error| panic!("{call} keeps the one writer: {error}")));
        }
        let open = "SELECT state || ': ' || query FROM pg_stat_activity WHERE datname = current_database() \
                    AND application_name = 'zhixiang' AND state <> 'idle'";
        let mut left = Vec::new();
        for _ in 0..900 {
            let question = Statement::from_string(DbBackend::Postgres, open);
            let rows = self.connection.query_all_raw(question).await.expect("an answer");
            if rows.is_empty() {
                return;
            }
            left = rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a text")).collect();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{call} leaves open {left:?}");
    }
}
