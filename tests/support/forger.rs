//! Somebody who may do everything to the database and knows how entries are hashed, to see what is found all the same.

use data_encoding::HEXLOWER;
use domain::code::Code;
use domain::id::{AccountId, LotId, TransferId};
use domain::points::chain::{self, Content};
use domain::points::{Actor, LotUse, NewLot, Occasion, Source, SourceKind, Transfer, TransferKind};
use domain::time::Instant;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, FromQueryResult, Statement, Value};
use uuid::Uuid;

use crate::database;

/// A connection on which neither triggers nor foreign keys hold.
pub struct Forger(DatabaseConnection);

/// A leg of a forged transfer.
#[derive(Clone, Debug)]
pub struct ForgedLeg {
    /// The account; it must have a chain.
    pub account: AccountId,
    /// What comes in.
    pub amount: i64,
    /// How far the balance that it names is off.
    pub balance_off_by: i64,
    /// What a lot of its own is granted.
    pub granted: i64,
    /// What is taken out of lots.
    pub uses: Vec<(LotId, i64)>,
}

impl Forger {
    /// Gets at the database.
    pub async fn at(url: &str) -> Self {
        let connection = database::connect(url).await;
        if connection.get_database_backend() == DbBackend::Postgres {
            database::run(&connection, "SET session_replication_role = replica").await;
            return Self(connection);
        }
        database::run(&connection, "PRAGMA foreign_keys = OFF").await;
        let forger = Self(connection);
        for trigger in forger.texts("SELECT name FROM sqlite_master WHERE type = 'trigger'").await {
            database::run(&forger.0, &format!("DROP TRIGGER {trigger}")).await;
        }
        forger
    }

    /// How the engine spells an id in a statement.
    pub fn id(&self, id: impl Into<Uuid>) -> String {
        let id = id.into();
        match self.backend() {
            DbBackend::Postgres => format!("'{id}'"),
            _ => format!("x'{}'", id.simple()),
        }
    }

    /// Changes something.
    pub async fn run(&self, sql: &str) {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let changed = self.0.execute_raw(statement).await.expect(sql).rows_affected();
        assert!(changed > 0, "nothing to forge: {sql}");
    }

    /// How the engine spells bytes in a statement.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        let hex = HEXLOWER.encode(bytes);
        match self.backend() {
            DbBackend::Postgres => format!("'\\x{hex}'::bytea"),
            _ => format!("x'{hex}'"),
        }
    }

    /// The columns of a table.
    pub async fn columns(&self, table: &str) -> Vec<String> {
        let sql = match self.backend() {
            DbBackend::Postgres => {
                format!("SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}'")
            }
            _ => format!("SELECT name FROM pragma_table_info('{table}')"),
        };
        self.texts(&sql).await
    }

    /// Changes one value of one row, whichever the dice say, and keeps the table as it was. None if there is no row, or the
    /// schema refuses the change.
    pub async fn change(&self, table: &str, column: &str, dice: u64) -> Option<Change> {
        let count = format!("SELECT count(*) FROM {table}");
        let row = self.0.query_one_raw(Statement::from_string(self.backend(), &count)).await.expect(&count)?;
        let rows = row.try_get_by_index::<i64>(0).expect("a number").unsigned_abs();
        let place = dice.checked_rem(rows)?;
        let (row, value) = match self.backend() {
            DbBackend::Postgres => ("ctid", self.other_value_on_postgres(table, column).await),
            _ => ("rowid", other_value_on_sqlite(column)),
        };
        database::run(&self.0, &format!("CREATE TABLE before_change AS SELECT * FROM {table}")).await;
        let one = format!("{row} = (SELECT {row} FROM {table} ORDER BY {row} LIMIT 1 OFFSET {place})");
        let what = format!("UPDATE {table} SET {column} = {value} WHERE {one}");
        let change = Change { table: table.into(), what };
        if self.0.execute_unprepared(&change.what).await.is_ok_and(|done| done.rows_affected() == 1) {
            return Some(change);
        }
        database::run(&self.0, "DROP TABLE before_change").await;
        None
    }

    /// Puts the table back as it was.
    pub async fn undo(&self, Change { table, .. }: Change) {
        for sql in [
            format!("DELETE FROM {table}"),
            format!("INSERT INTO {table} SELECT * FROM before_change"),
            "DROP TABLE before_change".into(),
        ] {
            database::run(&self.0, &sql).await;
        }
    }

    async fn other_value_on_postgres(&self, table: &str, column: &str) -> String {
        let kind = format!(
            "SELECT data_type::text FROM information_schema.columns WHERE table_name = '{table}' AND column_name = '{column}'"
        );
        match self.texts(&kind).await.remove(0).as_str() {
            "uuid" => "gen_random_uuid()".into(),
            "bytea" => "sha256(random()::text::bytea)".into(),
            "boolean" => format!("NOT {column}"),
            "timestamp with time zone" => format!("COALESCE({column} - interval '1 second', now())"),
            "integer" | "bigint" => format!("COALESCE({column}, 0) + 1"),
            _ => format!("COALESCE({column}, '') || 'x'"),
        }
    }

    /// The first column of every row, as ids.
    pub async fn ids(&self, sql: &str) -> Vec<Uuid> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let rows = self.0.query_all_raw(statement).await.expect(sql);
        rows.iter().map(|row| row.try_get_by_index(0).expect("an id")).collect()
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let rows = self.0.query_all_raw(statement).await.expect(sql);
        rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
    }

    /// Posts a refund by hand, with hashes that are right for what it says. The rest goes to the adjustment account.
    pub async fn post(&self, legs: &[ForgedLeg]) -> Vec<LotId> {
        self.post_as(TransferKind::Refund, None, legs).await
    }

    /// The same for a transfer of any kind. Answers the lots that it grants.
    pub async fn post_as(&self, kind: TransferKind, reverses: Option<TransferId>, legs: &[ForgedLeg]) -> Vec<LotId> {
        let source = Source { kind: SourceKind::Adjustment, id: Uuid::now_v7() };
        self.post_for(source, kind, reverses, legs).await
    }

    /// The same for anything.
    pub async fn post_for(
        &self,
        source: Source,
        kind: TransferKind,
        reverses: Option<TransferId>,
        legs: &[ForgedLeg],
    ) -> Vec<LotId> {
        let now = chrono::DateTime::from_timestamp(1_790_000_000, 0).expect("a time");
        let transfer = Transfer {
            id: TransferId::new(Uuid::now_v7()),
            kind,
            reverses,
            occasion: Occasion { reason: "手工".into(), source, actor: Actor::Job, business_at: now, posted_at: now },
        };
        self.head(&transfer, now).await;
        let mut lots = Vec::new();
        for (number, leg) in (0..).zip(legs) {
            lots.extend(self.leg(&transfer, number, leg).await);
        }
        let rest: i64 = legs.iter().map(|leg| leg.amount).sum();
        if rest != 0 {
            let adjustment = AccountId::of_system(domain::points::SystemAccount::Adjustment);
            let values = [transfer.id.uuid().into(), i32::MAX.into(), adjustment.uuid().into(), (-rest).into()];
            self.insert("entry (transfer_id, leg, account_id, amount)", values).await;
        }
        lots
    }

    async fn head(&self, transfer: &Transfer, now: Instant) {
        let occasion = &transfer.occasion;
        let values = [
            transfer.id.uuid().into(),
            transfer.kind.code().into(),
            transfer.reverses.map(TransferId::uuid).into(),
            occasion.reason.clone().into(),
            occasion.source.kind.code().into(),
            occasion.source.id.into(),
            occasion.actor.kind().into(),
            now.into(),
            now.into(),
        ];
        let columns =
            "transfer (id, kind, reverses, reason, source_kind, source_id, actor_kind, business_at, posted_at)";
        self.insert(columns, values).await;
    }

    async fn leg(&self, transfer: &Transfer, number: i32, leg: &ForgedLeg) -> Option<LotId> {
        let select = "SELECT balance, sequence, last_hash FROM account WHERE id = $1";
        let statement = Statement::from_sql_and_values(self.backend(), select, [leg.account.uuid().into()]);
        let before = Before::find_by_statement(statement).one(&self.0).await.expect("an answer").expect("the account");
        let (balance, sequence) = (before.balance + leg.amount, before.sequence + 1);
        let balance_after = balance + leg.balance_off_by;

        let lot =
            NewLot { id: LotId::new(Uuid::now_v7()), account: leg.account, granted: leg.granted, expires_at: None };
        let granted = if leg.granted > 0 { vec![lot] } else { Vec::new() };
        let uses: Vec<_> = leg.uses.iter().map(|(lot, amount)| LotUse { lot: *lot, amount: *amount }).collect();
        let content = Content {
            previous: before.last_hash.clone().map(|hash| hash.try_into().expect("32 bytes")),
            leg: number,
            account: leg.account,
            amount: leg.amount,
            sequence,
            balance_after,
            granted: &granted,
            uses: &uses,
        };
        let hash = chain::hash(transfer, &content).to_vec();
        let columns = "entry (transfer_id, leg, account_id, amount, sequence, balance_after, previous_hash, hash)";
        let values = [
            transfer.id.uuid().into(),
            number.into(),
            leg.account.uuid().into(),
            leg.amount.into(),
            sequence.into(),
            balance_after.into(),
            before.last_hash.into(),
            hash.clone().into(),
        ];
        self.insert(columns, values).await;
        let update = "UPDATE account SET balance = $1, sequence = $2, last_hash = $3 WHERE id = $4";
        self.execute(update, [balance.into(), sequence.into(), hash.into(), leg.account.uuid().into()]).await;

        for lot in &granted {
            let of = [lot.id.uuid().into(), leg.account.uuid().into(), transfer.id.uuid().into()];
            let amounts = [lot.granted.into(), lot.granted.into()];
            let values = of.into_iter().chain(amounts);
            self.insert("lot (id, account_id, transfer_id, granted, remaining)", values).await;
        }
        for used in &uses {
            let values = [used.lot.uuid().into(), transfer.id.uuid().into(), used.amount.into()];
            self.insert("lot_use (lot_id, transfer_id, amount)", values).await;
            let take = "UPDATE lot SET remaining = remaining - $1 WHERE id = $2";
            self.execute(take, [used.amount.into(), used.lot.uuid().into()]).await;
        }
        granted.first().map(|lot| lot.id)
    }

    fn backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    async fn insert(&self, into: &str, values: impl IntoIterator<Item = Value>) {
        let values: Vec<Value> = values.into_iter().collect();
        let places: Vec<String> = (1..=values.len()).map(|place| format!("${place}")).collect();
        self.execute(&format!("INSERT INTO {into} VALUES ({})", places.join(", ")), values).await;
    }

    async fn execute(&self, sql: &str, values: impl IntoIterator<Item = Value>) {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        self.0.execute_raw(statement).await.expect(sql);
    }

    /// Leaves the database to others.
    pub async fn leave(self) {
        self.0.close().await.expect("the connection closes");
    }
}

/// A change that can be undone.
#[derive(Debug)]
pub struct Change {
    table: String,
    /// The statement that made it.
    pub what: String,
}

/// SQLite knows the kind of a value, and of nothing only what its column is called.
fn other_value_on_sqlite(column: &str) -> String {
    let of_nothing = match column {
        name if name.ends_with("_at") => "'2026-01-01 00:00:00+00:00'",
        name if name.ends_with("hash") || name.ends_with("root") => "randomblob(32)",
        name if name.ends_with("_id") || name == "reverses" => "randomblob(16)",
        "cap" => "'day'",
        _ => "1",
    };
    let text =
        if column.ends_with("_at") { format!("replace({column}, '20', '19')") } else { format!("{column} || 'x'") };
    format!(
        "CASE typeof({column}) WHEN 'integer' THEN {column} + 1 WHEN 'blob' THEN randomblob(length({column})) \
         WHEN 'text' THEN {text} ELSE {of_nothing} END"
    )
}

#[derive(FromQueryResult)]
struct Before {
    balance: i64,
    sequence: i64,
    last_hash: Option<Vec<u8>>,
}
