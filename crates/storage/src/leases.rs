//! Leases (租约): any replica may run a job, one does. The database's clock decides, not a replica's.

use domain::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};

/// Takes or renews the lease for so many seconds; `false` if another holder has it.
pub async fn take(tx: &mut WriteTx, name: &str, holder: Uuid, seconds: u32) -> Result<bool> {
    let now = database_time(tx).await?;
    let until = now + chrono::Duration::seconds(i64::from(seconds));
    let sql = match tx.backend() {
        DbBackend::Postgres => {
            "INSERT INTO lease (name, holder, until) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE \
             SET holder = excluded.holder, until = excluded.until WHERE lease.holder = $2 OR lease.until < $4"
        }
        _ => {
            "INSERT INTO lease (name, holder, until) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE \
             SET holder = excluded.holder, until = excluded.until WHERE lease.holder = ?2 OR lease.until < ?4"
        }
    };
    let statement =
        Statement::from_sql_and_values(tx.backend(), sql, [name.into(), holder.into(), until.into(), now.into()]);
    Ok(tx.on().execute_raw(statement).await?.rows_affected() == 1)
}

/// Gives a lease back before its time.
pub async fn release(tx: &mut WriteTx, name: &str, holder: Uuid) -> Result<()> {
    let mut delete = Query::delete();
    delete.from_table("lease").and_where(Expr::col("name").eq(name)).and_where(Expr::col("holder").eq(holder));
    tx.on().execute(&delete).await?;
    Ok(())
}

/// Gives up every lease of the holder.
pub async fn give_up(tx: &mut WriteTx, holder: Uuid) -> Result<()> {
    let mut delete = Query::delete();
    delete.from_table("lease").and_where(Expr::col("holder").eq(holder));
    tx.on().execute(&delete).await?;
    Ok(())
}

/// What the database's clock says.
pub async fn database_time(tx: &ReadTx) -> Result<Instant> {
    let (sql, sqlite) = match tx.backend() {
        DbBackend::Postgres => ("SELECT clock_timestamp() AS now", false),
        _ => ("SELECT strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now') AS now", true),
    };
    let answer = tx.on().query_one_raw(Statement::from_string(tx.backend(), sql)).await?;
    let answer = answer.ok_or_else(|| StorageError::corrupt("database", "now", "clock"))?;
    if sqlite {
        let text: String = answer.try_get("", "now")?;
        return text.parse().map_err(|_| StorageError::corrupt("database", "now", text));
    }
    Ok(answer.try_get("", "now")?)
}
