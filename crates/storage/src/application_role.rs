//! What the application's role may do on PostgreSQL, when another role owns the schema.

use std::str::FromStr;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, Statement, TransactionTrait};
use sqlx::postgres::PgConnectOptions;

use crate::error::Result;

/// Grants the role of the application's address what it needs, by the role that owns the schema; what is append-only it
/// may only read and extend.
pub(crate) async fn grant(owner: &DatabaseConnection, role: &str) -> Result<()> {
    let role = format!("\"{}\"", role.replace('"', "\"\""));
    let tx = owner.begin().await?;
    tx.execute_unprepared(&format!(
        "GRANT USAGE ON SCHEMA public TO {role}; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}; \
         GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}; \
         REVOKE INSERT, UPDATE, DELETE ON seaql_migrations FROM {role}"
    ))
    .await?;
    // The triggers say which tables are append-only, so that no list here can fall behind the migrations.
    let kept = "SELECT DISTINCT t.tgrelid::regclass::text AS name FROM pg_trigger t \
                JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname = 'refuse_change' ORDER BY name";
    for row in tx.query_all_raw(Statement::from_string(DbBackend::Postgres, kept)).await? {
        let table: String = row.try_get("", "name")?;
        tx.execute_unprepared(&format!("REVOKE UPDATE, DELETE ON {table} FROM {role}")).await?;
    }
    Ok(tx.commit().await?)
}

/// Whether the role that is signed in may change or delete anything that is append-only, were it not for the triggers; an
/// owner may, and could drop those too.
pub(crate) async fn may_rewrite(connection: &DatabaseConnection) -> Result<bool> {
    if connection.get_database_backend() != DbBackend::Postgres {
        return Ok(true);
    }
    let may = "SELECT EXISTS (SELECT 1 FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid \
               WHERE p.proname = 'refuse_change' AND has_table_privilege(t.tgrelid, 'UPDATE, DELETE, TRUNCATE')) AS may";
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, may)).await?;
    Ok(row.map_or(Ok(true), |row| row.try_get("", "may"))?)
}

/// The role that an address names; none on SQLite.
pub(crate) fn of(url: &str) -> Result<Option<String>> {
    if url.starts_with("sqlite:") {
        return Ok(None);
    }
    let options = PgConnectOptions::from_str(url);
    let options = options.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))?;
    Ok(Some(options.get_username().to_owned()))
}
