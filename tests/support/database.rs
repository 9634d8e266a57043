//! A database of its own for every test: an SQLite file, or a PostgreSQL database copied from a migrated template.

use std::path::Path;
use std::process::Command;

use migrations::{Migrator, MigratorTrait};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, Statement};
use uuid::Uuid;

const TEMPLATE_LOCK: i64 = 77_031;

/// Where this test's database is; a PostgreSQL one is dropped with the server that `tests/run` made.
pub async fn fresh(directory: &Path) -> String {
    let Ok(admin) = std::env::var("ZHIXIANG_TEST_DATABASE_URL") else {
        return format!("sqlite://{}", directory.join("test.db").display());
    };
    let template = template(&admin).await;
    let name = format!("test_{}", Uuid::now_v7().simple());
    let connection = connect(&admin).await;
    run(&connection, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    connection.close().await.expect("the administrative connection closes");
    address(&admin, &name)
}

/// A copy of a database to which nobody is connected.
pub async fn copy(url: &str, directory: &Path) -> String {
    let copied = format!("copy_{}", Uuid::now_v7().simple());
    if let Some(file) = url.strip_prefix("sqlite://") {
        let copied = directory.join(copied);
        std::fs::copy(file, &copied).expect("the file copies");
        return format!("sqlite://{}", copied.display());
    }
    let admin = std::env::var("ZHIXIANG_TEST_DATABASE_URL").expect("a server");
    let connection = connect(&admin).await;
    let (_, original) = url.rsplit_once('/').expect("postgres://…/database");
    run(&connection, &format!("CREATE DATABASE {copied} TEMPLATE {original}")).await;
    connection.close().await.expect("the administrative connection closes");
    address(&admin, &copied)
}

/// A dump of a database, brought back into a new one: while others use the original, as a backup is made.
pub async fn restored(url: &str, directory: &Path) -> String {
    let name = format!("restored_{}", Uuid::now_v7().simple());
    if url.starts_with("sqlite://") {
        let file = directory.join(name).display().to_string();
        let connection = connect(url).await;
        run(&connection, &format!("VACUUM INTO '{file}'")).await;
        connection.close().await.expect("the connection closes");
        return format!("sqlite://{file}");
    }
    let admin = std::env::var("ZHIXIANG_TEST_DATABASE_URL").expect("a server");
    let dump = directory.join(&name);
    tool("pg_dump", &["--dbname", url, "--file", &dump.display().to_string()]);
    let connection = connect(&admin).await;
    run(&connection, &format!("CREATE DATABASE {name}")).await;
    connection.close().await.expect("the administrative connection closes");
    let restored = address(&admin, &name);
    let file = dump.display().to_string();
    tool(
        "psql",
        &["--dbname", &restored, "--quiet", "--set", "ON_ERROR_STOP=1", "--single-transaction", "--file", &file],
    );
    restored
}

/// Runs one of PostgreSQL's own tools, from beside the server where it is known.
fn tool(name: &str, arguments: &[&str]) {
    let place = std::env::var("ZHIXIANG_TEST_POSTGRES_BIN").map(|folder| Path::new(&folder).join(name));
    let output = Command::new(place.unwrap_or_else(|_| name.into())).args(arguments).output().expect(name);
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The template carries the migrations' names, so that a changed history makes another one.
async fn template(admin: &str) -> String {
    let history: Vec<_> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let name = format!("template_{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, history.join(",").as_bytes()).simple());
    let connection = connect(admin).await;
    run(&connection, &format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
    let sql = format!("SELECT 1 FROM pg_database WHERE datname = '{name}' AND datistemplate");
    let exists = connection.query_one_raw(Statement::from_string(sea_orm::DbBackend::Postgres, sql)).await;
    if exists.expect("the list of databases").is_none() {
        run(&connection, &format!("DROP DATABASE IF EXISTS {name}")).await;
        run(&connection, &format!("CREATE DATABASE {name}")).await;
        storage::Database::migrate(&address(admin, &name)).await.expect("the template migrates");
        run(&connection, &format!("ALTER DATABASE {name} IS_TEMPLATE true")).await;
    }
    run(&connection, &format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).await;
    connection.close().await.expect("the administrative connection closes");
    name
}

/// A new PostgreSQL database and two roles' addresses of it: its owner's, and the application's, which may do nothing yet.
pub async fn owned() -> Option<(String, String)> {
    let admin = std::env::var("ZHIXIANG_TEST_DATABASE_URL").ok()?;
    let name = Uuid::now_v7().simple();
    let connection = connect(&admin).await;
    for role in ["owner", "application"] {
        run(&connection, &format!("CREATE ROLE \"{role}-{name}\" LOGIN")).await;
    }
    run(&connection, &format!("CREATE DATABASE owned_{name} OWNER \"owner-{name}\"")).await;
    connection.close().await.expect("the administrative connection closes");
    let (_, server) = admin.split_once('@').expect("postgres://administrator@server/database");
    let address = |role: &str| address(&format!("postgres://{role}-{name}@{server}"), &format!("owned_{name}"));
    Some((address("owner"), address("application")))
}

/// A connection for what the product itself never does, such as corrupting a row to see it found.
pub async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.expect("the test's database answers")
}

/// Runs a statement there.
pub async fn run(connection: &DatabaseConnection, sql: &str) {
    connection.execute_unprepared(sql).await.expect(sql);
}

fn address(admin: &str, name: &str) -> String {
    let (server, _) = admin.rsplit_once('/').expect("postgres://…/database");
    format!("{server}/{name}")
}
