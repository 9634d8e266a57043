//! What a database kept, as the check of a history wants it: all of it at one moment.

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, IsolationLevel, QueryResult, Statement,
    TransactionTrait,
};
use uuid::Uuid;

use crate::database;
use crate::history::{Kept, KeptEntry};

const ENTRIES: &str = "SELECT a.member_id, e.sequence, e.transfer_id, e.amount, e.balance_after \
    FROM entry e JOIN account a ON a.id = e.account_id WHERE a.kind = 'points' ORDER BY a.member_id, e.sequence";
const VERIFIED: &str = "SELECT object_id FROM audit WHERE action = 'verify_voucher' AND result = 'done'";
const KEYS: &str = "SELECT key FROM idempotency WHERE status = 201";
const EVENTS: &str = "SELECT source_id FROM transfer WHERE kind = 'earn'";

impl Kept {
    /// Reads everything in one snapshot: calls that their clients gave up on may still be under way.
    pub async fn at(url: &str) -> Self {
        let connection = database::connect(url).await;
        let snapshot = match connection.get_database_backend() {
            DbBackend::Postgres => {
                let (isolation, access) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
                connection.begin_with_config(Some(isolation), Some(access)).await
            }
            _ => connection.begin().await,
        };
        let snapshot = snapshot.expect("a snapshot");
        let mut kept = Self::default();
        for row in rows(&snapshot, ENTRIES).await {
            let entry = KeptEntry {
                sequence: row.try_get_by_index(1).expect("a sequence"),
                transfer: row.try_get_by_index(2).expect("a transfer"),
                amount: row.try_get_by_index(3).expect("an amount"),
                balance: row.try_get_by_index(4).expect("a balance"),
            };
            kept.entries.entry(row.try_get_by_index(0).expect("a member")).or_default().push(entry);
        }
        let ids = |rows: Vec<QueryResult>| rows.into_iter().map(|row| row.try_get_by_index::<Uuid>(0).expect("an id"));
        kept.verified = ids(rows(&snapshot, VERIFIED).await).collect();
        let events = ids(rows(&snapshot, EVENTS).await).map(|event| event.to_string());
        let keys = rows(&snapshot, KEYS).await.into_iter().map(|row| row.try_get_by_index(0).expect("a key"));
        kept.keys = events.chain(keys).collect();
        snapshot.rollback().await.expect("nothing to keep");
        connection.close().await.expect("the connection closes");
        kept
    }
}

async fn rows(snapshot: &DatabaseTransaction, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(snapshot.get_database_backend(), sql);
    snapshot.query_all_raw(statement).await.expect(sql)
}
