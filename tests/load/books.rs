//! The district's database, asked from outside.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbErr, QueryResult, Statement};

use crate::balances::BALANCES;

/// The books behind an address.
pub struct Books {
    runtime: tokio::runtime::Runtime,
    database_url: String,
}

impl Books {
    /// Nothing is asked yet.
    pub fn new(database_url: String) -> std::io::Result<Self> {
        Ok(Self { runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?, database_url })
    }

    /// The rules that the books break, each with how often.
    pub fn unbalanced(&self) -> Result<Vec<(&'static str, i64)>, DbErr> {
        let mut broken = Vec::new();
        for (rule, sql) in BALANCES {
            broken.push((rule, self.number(sql)?));
        }
        broken.retain(|(_, violations)| *violations != 0);
        Ok(broken)
    }

    /// The one number that a query answers.
    pub fn number(&self, sql: &str) -> Result<i64, DbErr> {
        let rows = self.rows(sql)?;
        rows.first().ok_or_else(|| DbErr::RecordNotFound(sql.into()))?.try_get_by_index(0)
    }

    /// The one column of text that a query answers.
    pub fn texts(&self, sql: &str) -> Result<Vec<String>, DbErr> {
        self.rows(sql)?.iter().map(|row| row.try_get_by_index(0)).collect()
    }

    /// Lets the database do something.
    pub fn execute(&self, sql: &str) -> Result<(), DbErr> {
        self.rows(sql).map(drop)
    }

    fn rows(&self, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
        self.runtime.block_on(async {
            let mut options = ConnectOptions::new(&self.database_url);
            options.max_connections(1).sqlx_logging(false);
            let connection = Database::connect(options).await?;
            let statement = Statement::from_string(connection.get_database_backend(), sql);
            let rows = connection.query_all_raw(statement).await?;
            connection.close().await?;
            Ok(rows)
        })
    }
}
