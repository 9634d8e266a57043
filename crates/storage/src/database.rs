//! The database: a pool that only reads, a pool that writes, and the one way to change anything.
//!
//! Locks are taken in one order everywhere: idempotency key, the caller's identity (signing up, objecting), the activity,
//! the thing acted on (redemption and then its reversal, reward, misconduct case, adjustment, exclusion, finding,
//! enrolments by id and then an objection to one of them, residency, a scope's rulebooks), accounts by id, holds, lots by
//! expiry and id, and the counted row (offer, session) last. Signing up and giving a place back take the session before its
//! enrolments instead: its lock is what keeps the waitlist in order, and neither touches an account.

use std::ops::Deref;
use std::time::Duration;

use migrations::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseExecutor, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

use crate::application_role;
use crate::error::{Result, StorageError};

/// How many rows one statement writes at most: their values must stay below what both databases take in one statement.
pub const CHUNK: usize = 1_000;

const MIGRATION_LOCK: i64 = 0x7a68_6978_6961_6e67;

/// How many connections each pool may hold; few are faster than many where rows are contended.
#[derive(Clone, Copy, Debug)]
pub struct Pools {
    /// Connections that only read.
    pub read: u32,
    /// Connections that write; SQLite always has one.
    pub write: u32,
}

/// An open database. Clones share the pools.
#[derive(Clone, Debug)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
}

/// The right to read.
#[derive(Debug)]
pub struct ReadTx {
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Pool(DatabaseConnection),
    Transaction(DatabaseTransaction),
}

/// The right to write, in one transaction. Dropped, it undoes everything; only [`WriteTx::commit`] keeps.
#[derive(Debug)]
pub struct WriteTx {
    read: ReadTx,
}

impl Database {
    /// Opens `sqlite://path` or `postgres://…`; a missing SQLite file is created.
    pub async fn open(url: &str, pools: Pools) -> Result<Self> {
        let sqlite = url.starts_with("sqlite:");
        let writer = connect(url, if sqlite { 1 } else { pools.write }, Purpose::Write).await?;
        let reader = connect(url, pools.read, Purpose::Read).await?;
        Ok(Self { reader, writer })
    }

    /// Brings the schema up to date. One process at a time does it; the others wait.
    pub async fn migrate(url: &str) -> Result<()> {
        Self::migrate_for(url, url).await
    }

    /// The same, and if the application's address names another role grants it what the application needs.
    pub async fn migrate_for(application_url: &str, url: &str) -> Result<()> {
        let owner = application_role::of(url)?;
        let granted = application_role::of(application_url)?.filter(|role| owner.as_ref() != Some(role));
        let connection = connect(url, 1, Purpose::Migrate).await?;
        let postgres = connection.get_database_backend() == DbBackend::Postgres;
        if postgres {
            connection.execute_unprepared(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})")).await?;
        }
        let mut outcome = Migrator::up(&connection, None).await.map_err(StorageError::from);
        if let (Ok(()), Some(role)) = (&outcome, granted) {
            outcome = application_role::grant(&connection, &role).await;
        }
        if postgres {
            connection.execute_unprepared(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})")).await?;
        }
        connection.close().await?;
        outcome
    }

    /// Opens a database to look at it only, however long one question takes.
    pub async fn open_to_verify(url: &str) -> Result<Self> {
        let reader = connect(url, 1, Purpose::Verify).await?;
        Ok(Self { writer: reader.clone(), reader })
    }

    /// The migrations that this program knows and the database has not seen.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        let pending = Migrator::get_pending_migrations_read_only(&self.reader).await?;
        Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
    }

    /// Whether the role that is signed in may rewrite what is append-only: nobody could trust the books that it keeps.
    pub async fn may_rewrite_ledger(&self) -> Result<bool> {
        application_role::may_rewrite(&self.reader).await
    }

    /// The same database, that tells a listener each statement with which it reads outside a transaction: for whoever wants to know
    /// what reading costs.
    #[must_use]
    pub fn overheard(mut self, listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.reader.set_metric_callback(move |asked| listener(&asked.statement.to_string()));
        self
    }

    /// Reads outside a transaction: each query sees what was committed when it began.
    pub fn read(&self) -> ReadTx {
        ReadTx { inner: Inner::Pool(self.reader.clone()) }
    }

    /// Reads in a transaction in which every query sees the same moment, however long each takes: for reports.
    pub async fn read_one_moment(&self) -> Result<ReadTx> {
        let options = TransactionOptions {
            isolation_level: (self.reader.get_database_backend() == DbBackend::Postgres)
                .then_some(IsolationLevel::RepeatableRead),
            ..TransactionOptions::default()
        };
        let tx = ReadTx { inner: Inner::Transaction(begin(&self.reader, options).await?) };
        tx.be_patient().await?;
        Ok(tx)
    }

    /// Reads what belongs to a few rows of large tables: PostgreSQL looks them up by index and plans for the very rows asked
    /// for. By itself it takes a scan for cheaper as long as a table is no more than some megabytes, and keeps the plan.
    pub async fn read_few(&self) -> Result<ReadTx> {
        let tx = ReadTx { inner: Inner::Transaction(begin(&self.reader, TransactionOptions::default()).await?) };
        if tx.backend() == DbBackend::Postgres {
            tx.on().execute_unprepared("SET LOCAL enable_seqscan = off").await?;
            tx.on().execute_unprepared("SET LOCAL plan_cache_mode = force_custom_plan").await?;
        }
        Ok(tx)
    }

    /// Begins to write. On SQLite this waits for the one writer (`BEGIN IMMEDIATE`), on PostgreSQL rows are locked one by one.
    pub async fn write(&self) -> Result<WriteTx> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = begin(&self.writer, options).await?;
        Ok(WriteTx { read: ReadTx { inner: Inner::Transaction(transaction) } })
    }

    /// Closes both pools once their connections have come back.
    pub async fn close(self) -> Result<()> {
        self.reader.close().await?;
        Ok(self.writer.close().await?)
    }
}

/// Begins in a task of its own. A caller who is gone by then drops a transaction that has begun, which undoes itself; a
/// `BEGIN` that is broken off halfway would stay open on its connection, back in the pool.
async fn begin(pool: &DatabaseConnection, options: TransactionOptions) -> Result<DatabaseTransaction> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with_options(options).await });
    let begun = begun.await.unwrap_or_else(|lost| Err(DbErr::Custom(format!("a transaction did not begin: {lost}"))));
    Ok(begun?)
}

impl ReadTx {
    pub(crate) fn on(&self) -> DatabaseExecutor<'_> {
        match &self.inner {
            Inner::Pool(pool) => DatabaseExecutor::Connection(pool),
            Inner::Transaction(transaction) => DatabaseExecutor::Transaction(transaction),
        }
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.on().get_database_backend()
    }

    /// Lets the statements of this transaction take longer than any request may.
    async fn be_patient(&self) -> Result<()> {
        if self.backend() == DbBackend::Postgres {
            self.on().execute_unprepared("SET LOCAL statement_timeout = '120s'").await?;
        }
        Ok(())
    }

    /// Asks the database for an answer, for the readiness check.
    pub async fn ping(&self) -> Result<()> {
        self.on().execute_unprepared("SELECT 1").await?;
        Ok(())
    }
}

impl WriteTx {
    /// Keeps everything. After an error nobody knows whether it was kept: the same call must be made again by its key.
    pub async fn commit(self) -> Result<()> {
        match self.read.inner {
            Inner::Transaction(transaction) => transaction.commit().await.map_err(StorageError::Unavailable),
            Inner::Pool(_) => unreachable!("a WriteTx is made from a transaction only"),
        }
    }

    /// Undoes everything now. One that is merely dropped keeps its locks until the pool comes round to its connection, and
    /// whoever tries again at once finds the rows taken.
    pub async fn undo(self) -> Result<()> {
        match self.read.inner {
            Inner::Transaction(transaction) => transaction.rollback().await.map_err(StorageError::Unavailable),
            Inner::Pool(_) => unreachable!("a WriteTx is made from a transaction only"),
        }
    }

    /// Lets the statements of this transaction take longer than any request may.
    pub(crate) async fn be_patient(&mut self) -> Result<()> {
        self.read.be_patient().await
    }
}

impl Deref for WriteTx {
    type Target = ReadTx;

    fn deref(&self) -> &ReadTx {
        &self.read
    }
}

/// What connections are for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Read,
    Write,
    Migrate,
    Verify,
}

async fn connect(url: &str, connections: u32, purpose: Purpose) -> Result<DatabaseConnection> {
    let only_reads = matches!(purpose, Purpose::Read | Purpose::Verify);
    let mut options = ConnectOptions::new(url);
    // SQLite's one writer is busy for some seconds when the roster of a whole district is applied: the others wait for it.
    let patience = if url.starts_with("sqlite:") && !only_reads { 20 } else { 5 };
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(patience))
        .sqlx_logging(false)
        .test_before_acquire_if_idle_for(Duration::from_secs(30));
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite
            .create_if_missing(!only_reads)
            .read_only(only_reads)
            .busy_timeout(Duration::from_secs(20))
            .foreign_keys(true)
            .pragma("recursive_triggers", "ON")
            .synchronous(SqliteSynchronous::Full);
        if only_reads {
            return sqlite;
        }
        // 134,000 members go in twice as fast when their indexes fit into the cache (KiB).
        sqlite.journal_mode(SqliteJournalMode::Wal).pragma("cache_size", "-65536")
    });
    let timeout = match purpose {
        Purpose::Verify => "0",
        Purpose::Migrate => "120s",
        Purpose::Read | Purpose::Write => "5s",
    };
    options.map_sqlx_postgres_opts(move |postgres| {
        postgres.application_name("zhixiang").options([
            ("timezone", "UTC"),
            ("lock_timeout", "2s"),
            ("statement_timeout", timeout),
            ("idle_in_transaction_session_timeout", "10s"),
            ("default_transaction_read_only", if only_reads { "on" } else { "off" }),
        ])
    });
    Ok(sea_orm::Database::connect(options).await?)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use sea_orm::Statement;

    use super::*;

    async fn statement_timeout(tx: &ReadTx) -> String {
        let show = Statement::from_string(DbBackend::Postgres, "SHOW statement_timeout");
        let row = tx.on().query_one_raw(show).await.expect("an answer").expect("a row");
        row.try_get("", "statement_timeout").expect("a text")
    }

    #[tokio::test]
    async fn only_a_transaction_that_says_so_may_take_longer_than_a_request() {
        let Ok(url) = std::env::var("ZHIXIANG_TEST_DATABASE_URL") else {
            println!("skipped: SQLite has no statement timeout");
            return;
        };
        let database = Database::open(&url, Pools { read: 1, write: 1 }).await.expect("the database opens");
        let mut tx = database.write().await.expect("a transaction");
        assert_eq!(statement_timeout(&tx).await, "5s");
        tx.be_patient().await.expect("it may");
        assert_eq!(statement_timeout(&tx).await, "2min");
        tx.commit().await.expect("kept");
        assert_eq!(statement_timeout(&database.write().await.expect("the next one")).await, "5s");
        assert_eq!(statement_timeout(&database.read()).await, "5s");
    }

    /// How the one connection of a pool stands, as another sees it.
    async fn stands(pool: &DatabaseConnection, other: &DatabaseConnection) -> String {
        let own = Statement::from_string(DbBackend::Postgres, "SELECT pg_backend_pid()");
        let own = pool.query_one_raw(own).await.expect("an answer").expect("a row");
        let own: i32 = own.try_get_by_index(0).expect("a number");
        let state = format!("SELECT state FROM pg_stat_activity WHERE pid = {own}");
        let row = other.query_one_raw(Statement::from_string(DbBackend::Postgres, state)).await;
        row.expect("an answer").expect("a row").try_get_by_index(0).expect("a text")
    }

    #[tokio::test]
    async fn a_transaction_whose_beginning_is_broken_off_does_not_stay_open() {
        let Ok(url) = std::env::var("ZHIXIANG_TEST_DATABASE_URL") else {
            println!("skipped: on SQLite there is one writer, which undoes what nobody waits for");
            return;
        };
        let database = Database::open(&url, Pools { read: 1, write: 1 }).await.expect("the database opens");
        let other = sea_orm::Database::connect(&url).await.expect("another connection");
        // The first connections are made, so that what follows is broken off in the BEGIN itself.
        assert_eq!(stands(&database.writer, &other).await, "idle");
        assert_eq!(stands(&database.reader, &other).await, "idle");
        for polls in 1..=4 {
            let (mut write, mut read) = (Box::pin(database.write()), Box::pin(database.read_one_moment()));
            for _ in 0..polls {
                let begun = poll_fn(|context| {
                    let written = write.as_mut().poll(context).is_ready();
                    Poll::Ready(read.as_mut().poll(context).is_ready() || written)
                });
                if begun.await {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop((write, read));
            for pool in [&database.writer, &database.reader] {
                assert_eq!(stands(pool, &other).await, "idle", "after {polls} polls");
            }
        }
    }
}
