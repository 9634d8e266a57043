//! The schema's own guards of points, stock and vouchers: each refuses by itself what no statement should try, and what it
//! refuses would pass without it. So a guard that is taken away, or that another one hides, is missed here by name.

mod corrections;

use std::collections::BTreeSet;

use api::demo::ids;
use api::jobs;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, TransactionTrait};
use serde_json::json;
use storage::admins;
use tests::TestApp;
use tests::database::connect;

/// Whose guards are all named below.
const TABLES: [&str; 31] = [
    "account",
    "transfer",
    "entry",
    "lot",
    "lot_use",
    "hold",
    "earn_event",
    "service_record",
    "seal",
    "sealed_transfer",
    "seal_key",
    "offer",
    "redemption",
    "idempotency",
    "adjustment",
    "donation",
    "misconduct_case",
    "service_reversal",
    "objection",
    "reward",
    "reversal",
    "exclusion",
    "account_checkpoint",
    "ledger_finding",
    "notice",
    "budget",
    "budget_warning",
    "issuance",
    "issuance_count",
    "rulebook",
    "rulebook_simulation",
];

/// What the database refuses to change or remove.
const KEPT: [&str; 11] = [
    "transfer",
    "entry",
    "lot_use",
    "earn_event",
    "service_record",
    "service_reversal",
    "donation",
    "seal",
    "sealed_transfer",
    "seal_key",
    "audit",
];

/// A guard, and a statement that breaks it and no other, spelled with the phrases below.
const GUARDS: &[(&str, &str)] = &[
    ("account_kind", "UPDATE account SET kind = 'gold' WHERE kind = 'issuance'"),
    ("account_owner", "UPDATE account SET kind = 'expiry' WHERE kind = 'debt' AND balance = 0"),
    ("account_cache", "UPDATE account SET cached = FALSE WHERE kind = 'debt'"),
    ("account_held", "UPDATE account SET held = -1 WHERE kind = 'points'"),
    ("account_balance", "UPDATE account SET balance = held - 1 WHERE kind = 'points'"),
    ("account_balance", "UPDATE account SET balance = 1 WHERE kind = 'debt'"),
    ("account_totals", "UPDATE account SET verified_minutes = -1 WHERE kind = 'points'"),
    ("account_pkey", "UPDATE account SET id = (SELECT id FROM account ORDER BY id LIMIT 1)"),
    (
        "account_unique_member_id_kind",
        "INSERT INTO account (id, kind, member_id, cached) SELECT {new}, kind, member_id, cached FROM account \
         WHERE kind = 'debt'",
    ),
    (
        "account_open_kind",
        "INSERT INTO account (id, kind, cached) SELECT {new}, kind, cached FROM account WHERE kind = 'issuance'",
    ),
    ("transfer_pkey", "INSERT INTO transfer SELECT * FROM transfer WHERE reverses IS NULL"),
    (
        "transfer_kind",
        "INSERT INTO transfer SELECT {new}, 'gift', NULL, reason, source_kind, source_id, actor_kind, actor_id, \
         business_at, posted_at FROM transfer WHERE kind = 'earn'",
    ),
    (
        "transfer_unique_reverses",
        "INSERT INTO transfer SELECT {new}, kind, reverses, reason, source_kind, source_id, actor_kind, actor_id, \
         business_at, posted_at FROM transfer WHERE reverses IS NOT NULL",
    ),
    ("entry_pkey", "INSERT INTO entry SELECT * FROM entry WHERE sequence IS NULL"),
    (
        "entry_amount",
        "INSERT INTO entry (transfer_id, leg, account_id, amount) SELECT transfer_id, 99, account_id, 0 FROM entry \
         WHERE leg = 0",
    ),
    (
        "entry_chain",
        "INSERT INTO entry (transfer_id, leg, account_id, amount, sequence) SELECT transfer_id, 99, account_id, 1, \
         999 FROM entry WHERE sequence = 1 LIMIT 1",
    ),
    (
        "entry_unique_account_id_sequence",
        "INSERT INTO entry SELECT transfer_id, 99, account_id, amount, sequence, balance_after, previous_hash, hash \
         FROM entry WHERE sequence = 1 LIMIT 1",
    ),
    ("lot_pkey", "UPDATE lot SET id = (SELECT id FROM lot ORDER BY id LIMIT 1)"),
    ("lot_remaining", "UPDATE lot SET remaining = -1"),
    ("lot_remaining", "UPDATE lot SET remaining = granted + 1"),
    ("lot_use_pkey", "INSERT INTO lot_use SELECT * FROM lot_use"),
    ("lot_use_amount", "INSERT INTO lot_use SELECT id, transfer_id, 0 FROM lot"),
    ("hold_pkey", "INSERT INTO {hold} t.id, a.id, 1, 'test', 'pending', t.posted_at, t.posted_at, NULL {twice}"),
    ("hold_state", "INSERT INTO {hold} {new}, a.id, 1, 'test', 'lost', t.posted_at, t.posted_at, NULL {twice}"),
    ("hold_amount", "INSERT INTO {hold} {new}, a.id, 0, 'test', 'voided', t.posted_at, t.posted_at, NULL {twice}"),
    ("hold_posted", "INSERT INTO {hold} {new}, a.id, 1, 'test', 'posted', t.posted_at, t.posted_at, NULL {twice}"),
    (
        "hold_unique_transfer_id",
        "INSERT INTO {hold} {new}, a.id, 1, 'test', 'posted', t.posted_at, t.posted_at, t.id {twice}",
    ),
    ("earn_event_pkey", "INSERT INTO {event} source_id, {spending}, {rule} uncapped_points, points {earned}"),
    (
        "earn_event_points",
        "INSERT INTO {event} {new}, {spending}, {rule} uncapped_points, uncapped_points + 1 {earned}",
    ),
    ("earn_event_transfer", "INSERT INTO {event} {new}, {spending}, {rule} uncapped_points, 0 {earned}"),
    (
        "earn_event_unique_transfer_id",
        "INSERT INTO {event} {new}, transfer_id, {rule} uncapped_points, points {earned}",
    ),
    ("service_record_pkey", "INSERT INTO {service} id, member_id, source_kind, {new}, {record}"),
    (
        "service_record_unique_member_id_source_kind_source_id",
        "INSERT INTO {service} {new}, member_id, source_kind, source_id, {record}",
    ),
    (
        "service_record_minutes",
        "INSERT INTO {service} {new}, member_id, source_kind, {new}, -1, made_up_minutes, nature, \
         served_at, verified_at FROM service_record LIMIT 1",
    ),
    (
        "service_record_nature",
        "INSERT INTO {service} {new}, member_id, source_kind, {new}, timed_minutes, made_up_minutes, \
         'forced', served_at, verified_at FROM service_record LIMIT 1",
    ),
    ("seal_pkey", "INSERT INTO seal SELECT * FROM seal"),
    ("sealed_transfer_pkey", "INSERT INTO sealed_transfer SELECT transfer_id, 99, position FROM sealed_transfer"),
    (
        "sealed_transfer_unique_seal_number_position",
        "INSERT INTO sealed_transfer SELECT t.id, s.seal_number, s.position FROM transfer t, sealed_transfer s \
         WHERE t.id NOT IN (SELECT transfer_id FROM sealed_transfer) LIMIT 1",
    ),
    ("offer_pkey", "UPDATE offer SET id = (SELECT id FROM offer ORDER BY id LIMIT 1)"),
    ("offer_category", "UPDATE offer SET category = 'arms'"),
    ("offer_funding_source", "UPDATE offer SET funding_source = 'nobody'"),
    ("offer_state", "UPDATE offer SET state = 'stolen'"),
    ("offer_price", "UPDATE offer SET price = 0"),
    ("offer_stock", "UPDATE offer SET stock_left = -1"),
    ("offer_stock", "UPDATE offer SET stock_left = stock_total + 1"),
    ("offer_limit", "UPDATE offer SET limit_per_member = 0"),
    ("offer_voucher_days", "UPDATE offer SET voucher_days = 0"),
    ("offer_two_persons", "UPDATE offer SET approved_by = drafted_by"),
    ("redemption_pkey", "UPDATE redemption SET id = (SELECT id FROM redemption ORDER BY id LIMIT 1)"),
    ("redemption_state", "UPDATE redemption SET state = 'lost' WHERE state = 'issued'"),
    ("redemption_points", "UPDATE redemption SET points = 0"),
    ("redemption_verified", "UPDATE redemption SET state = 'verified' WHERE state = 'issued'"),
    ("redemption_closed", "UPDATE redemption SET state = 'cancelled' WHERE state = 'issued'"),
    (
        "redemption_unique_code_hash",
        "UPDATE redemption SET code_hash = (SELECT code_hash FROM redemption ORDER BY id LIMIT 1)",
    ),
    (
        "redemption_unique_transfer_id",
        "UPDATE redemption SET transfer_id = (SELECT transfer_id FROM redemption ORDER BY id LIMIT 1)",
    ),
    (
        "idempotency_pkey",
        "INSERT INTO idempotency (person_id, operation, key, request_hash, status, body, created_at) \
         SELECT a.id, 'x', 'x', a.last_hash, 201, '', t.posted_at {twice}",
    ),
];

/// A trigger of the rulebook, what it watches, and a statement that it alone refuses: approved rules never overlap, are
/// changed or removed, yet get an end.
const OF_THE_RULEBOOK: [(&str, &str, &str); 4] = [
    (
        "rulebook_overlap",
        "INSERT",
        "INSERT INTO rulebook (id, scope_id, version, state, body, effective_from, effective_to, created_at) SELECT \
         {new}, scope_id, 99, state, body, effective_from, {end}, created_at FROM rulebook WHERE {approved}",
    ),
    (
        "rulebook_overlap",
        "UPDATE",
        "UPDATE rulebook SET state = 'effective', version = 99, effective_to = {end}, scope_id = (SELECT scope_id FROM \
         rulebook WHERE {approved}) WHERE state = 'checked'",
    ),
    ("rulebook_kept", "UPDATE", "UPDATE rulebook SET body = '{}' WHERE {approved}"),
    ("rulebook_kept", "DELETE", "DELETE FROM rulebook WHERE {approved}"),
];

/// What the statements above have in common.
const PHRASES: [(&str, &str); 9] = [
    ("{approved}", "state = 'effective' AND drafted_by IS NOT NULL"),
    (
        "{service}",
        "service_record (id, member_id, source_kind, source_id, timed_minutes, made_up_minutes, nature, served_at, \
         verified_at) SELECT",
    ),
    ("{hold}", "hold (id, account_id, amount, purpose, state, created_at, expires_at, transfer_id) SELECT"),
    (
        "{twice}",
        "FROM (SELECT id, last_hash FROM account WHERE kind = 'points' AND sequence > 0 ORDER BY id LIMIT 1) AS a, \
         (SELECT id, posted_at FROM transfer WHERE kind = 'redeem' ORDER BY id LIMIT 1) AS t, \
         (SELECT 1 AS n UNION ALL SELECT 2) AS twice",
    ),
    (
        "{event}",
        "earn_event (member_id, source_kind, source_id, transfer_id, rulebook_id, rule, timed_minutes, \
         made_up_minutes, counted_minutes, base_points, coefficient_bp, cap, uncapped_points, points, debt_paid, \
         business_at) SELECT member_id, source_kind,",
    ),
    ("{spending}", "(SELECT id FROM transfer WHERE kind = 'redeem' ORDER BY id LIMIT 1)"),
    ("{rule}", "rulebook_id, rule, timed_minutes, made_up_minutes, counted_minutes, base_points, coefficient_bp, cap,"),
    ("{earned}", ", 0, business_at FROM earn_event WHERE points > 0 LIMIT 1"),
    ("{record}", "timed_minutes, made_up_minutes, nature, served_at, verified_at FROM service_record LIMIT 1"),
];

/// A database whose guards are tried: everything done to it is undone.
struct Trial {
    connection: DatabaseConnection,
    postgres: bool,
}

impl Trial {
    /// Tries a statement, once something was done that makes way for it, and undoes both.
    async fn undone(&self, way: &[String], statement: &str) -> Result<u64, DbErr> {
        let transaction = self.connection.begin().await.expect("a transaction");
        for sql in way {
            transaction.execute_unprepared(sql).await.expect(sql);
        }
        let outcome = transaction.execute_unprepared(statement).await;
        transaction.rollback().await.expect("undone");
        outcome.map(|done| done.rows_affected())
    }

    async fn names(&self, sql: &str) -> BTreeSet<String> {
        let statement = sea_orm::Statement::from_string(self.connection.get_database_backend(), sql);
        let rows = self.connection.query_all_raw(statement).await.expect(sql);
        rows.iter().map(|row| row.try_get_by_index(0).expect("a name")).collect()
    }

    /// Every unique index, primary key and CHECK of the tables.
    async fn guards(&self) -> BTreeSet<String> {
        let tables = TABLES.map(|table| format!("'{table}'")).join(", ");
        if self.postgres {
            return self
                .names(&format!(
                    "SELECT conname::text FROM pg_constraint WHERE contype IN ('c', 'p', 'u') \
                     AND conrelid::regclass::text IN ({tables}) UNION SELECT indexname::text FROM pg_indexes \
                     WHERE tablename IN ({tables}) AND indexdef LIKE 'CREATE UNIQUE%'"
                ))
                .await;
        }
        let sql = format!(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name IN ({tables}) AND sql LIKE 'CREATE UNIQUE%'"
        );
        let mut guards = self.names(&sql).await;
        for sql in
            self.names(&format!("SELECT sql FROM sqlite_master WHERE type = 'table' AND name IN ({tables})")).await
        {
            let constraints = sql.split("CONSTRAINT \"").skip(1).filter_map(|rest| rest.split_once('"'));
            guards.extend(constraints.filter(|(_, rest)| rest.starts_with(" CHECK")).map(|(name, _)| name.to_owned()));
        }
        guards.extend(TABLES.map(|table| format!("{table}_pkey")));
        guards
    }

    /// Tries a trigger of the rulebook with what it watches, first as it stands, then without it.
    async fn keeps_rules(&self, trigger: &str) {
        let watched = OF_THE_RULEBOOK.iter().filter(|(name, action, _)| {
            let name = if self.postgres { (*name).to_owned() } else { format!("{name}_{action}") };
            name == trigger
        });
        let mut tried = 0;
        for (name, action, statement) in watched {
            let statement = spelled(statement, self.postgres);
            let refusal = self.undone(&[], &statement).await.expect_err(&statement).to_string();
            assert!(refusal.contains(name), "{statement}: {refusal}");
            let on = if self.postgres { " ON rulebook" } else { "" };
            let passed = self.undone(&[format!("DROP TRIGGER {trigger}{on}")], &statement).await;
            assert!(passed.as_ref().is_ok_and(|rows| *rows > 0), "{name} {action} hides behind another: {passed:?}");
            tried += 1;
        }
        assert!(tried > 0, "say how {trigger} is tried");
    }

    /// What stands before a guard and refuses the same, but cannot see what another transaction does meanwhile.
    fn before(&self, guard: &str) -> Vec<String> {
        match (guard, self.postgres) {
            ("rulebook_open_scope_id", true) => vec!["DROP TRIGGER rulebook_overlap ON rulebook".into()],
            ("rulebook_open_scope_id", false) => vec!["DROP TRIGGER rulebook_overlap_INSERT".into()],
            _ => Vec::new(),
        }
    }

    /// What takes a guard away; nothing, where SQLite cannot.
    fn lifted(&self, guard: &str) -> Option<String> {
        let table =
            TABLES.iter().filter(|table| guard.starts_with(&format!("{table}_"))).max_by_key(|table| table.len());
        let table = table.expect("a guard of a table");
        let index = guard.contains("_unique_") || guard.contains("_open_");
        match (index, self.postgres) {
            (true, _) => Some(format!("DROP INDEX {guard}")),
            (false, true) => Some(format!("ALTER TABLE {table} DROP CONSTRAINT {guard} CASCADE")),
            (false, false) if guard.ends_with("_pkey") => None,
            (false, false) => Some("PRAGMA ignore_check_constraints = ON".into()),
        }
    }
}

fn spelled(statement: &str, postgres: bool) -> String {
    let new = if postgres { "gen_random_uuid()" } else { "randomblob(16)" };
    let phrases = PHRASES.iter().chain(&corrections::PHRASES);
    let whole = phrases.fold(statement.to_owned(), |text, (short, long)| text.replace(short, long));
    let end = if postgres { "TIMESTAMPTZ '2999-01-01'" } else { "'2999-01-01'" };
    whole.replace("{new}", new).replace("{end}", end)
}

/// A demo with everything in it, transfers sealed and one not yet.
async fn demo() -> (TestApp, Trial) {
    tried(TestApp::demo().await).await
}

async fn tried(app: TestApp) -> (TestApp, Trial) {
    jobs::run_all(&app.state).await;
    app.endow(api::demo::ids::MEMBER, 5, 10).await;
    app.leave().await;
    let connection = connect(&app.database_url).await;
    for row in corrections::ROWS {
        connection.execute_unprepared(row).await.expect(row);
    }
    let postgres = app.database_url.starts_with("postgres");
    if !postgres {
        // As the product connects: else REPLACE would remove rows without a word to the triggers.
        connection.execute_unprepared("PRAGMA recursive_triggers = ON").await.expect("a setting");
    }
    (app, Trial { connection, postgres })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_guard_of_the_schema_refuses_alone() {
    let (_app, trial) = demo().await;
    let guards = || GUARDS.iter().chain(corrections::GUARDS);
    let named: BTreeSet<String> = guards().map(|(guard, _)| (*guard).to_owned()).collect();
    assert_eq!(named, trial.guards().await, "what is named here, then what the schema has");
    for (guard, statement) in guards() {
        let statement = spelled(statement, trial.postgres);
        let mut way = trial.before(guard);
        let refusal = trial.undone(&way, &statement).await.expect_err(guard).to_string();
        let told = trial.postgres && refusal.contains(&format!("\"{guard}\""))
            || refusal.contains(&format!("CHECK constraint failed: {guard}"))
            || (!trial.postgres && refusal.contains("UNIQUE constraint failed"));
        assert!(told, "{guard}: {refusal}");
        if let Some(lifted) = trial.lifted(guard) {
            way.push(lifted);
            let passed = trial.undone(&way, &statement).await;
            trial.connection.execute_unprepared(RESTORED[usize::from(trial.postgres)]).await.expect("restored");
            assert!(passed.as_ref().is_ok_and(|rows| *rows > 0), "{guard} hides behind another: {passed:?}");
        }
    }
}

/// What a rollback leaves lifted: nothing but SQLite's own switch.
const RESTORED: [&str; 2] = ["PRAGMA ignore_check_constraints = OFF", "SELECT 1"];

/// The same with the demo's draft of a community's rules made effective, under which nothing was credited yet.
async fn demo_with_approved_rules() -> (TestApp, Trial) {
    let app = TestApp::demo().await;
    let path = format!("/admin/rulebooks/{}", ids::DRAFT_RULEBOOK);
    for (account, step) in [("subdistrict", "check"), ("district", "approval")] {
        let admin = admins::find_by_account(&app.state.database.read(), &app.state.vault, account).await;
        let admin = app.stepped_up_as(admin.expect("an answer").expect("the account").id).await;
        admin.post(&format!("{path}/{step}"), &json!({})).await.expect(200);
    }
    tried(app).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trigger_keeps_history_alone() {
    let (_app, trial) = demo_with_approved_rules().await;
    let triggers = if trial.postgres {
        "SELECT tgrelid::regclass::text || ' ' || tgname FROM pg_trigger WHERE NOT tgisinternal"
    } else {
        "SELECT tbl_name || ' ' || name FROM sqlite_master WHERE type = 'trigger'"
    };
    let triggers = trial.names(triggers).await;
    let kept: BTreeSet<&str> = triggers.iter().filter_map(|line| line.split(' ').next()).collect();
    let forgotten: Vec<_> = KEPT.iter().filter(|table| !kept.contains(**table)).collect();
    assert!(forgotten.is_empty(), "nothing keeps {forgotten:?}");
    for line in &triggers {
        let (table, trigger) = line.split_once(' ').expect("a table and its trigger");
        if table == "rulebook" {
            trial.keeps_rules(trigger).await;
            continue;
        }
        let column = if trial.postgres {
            format!("SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}'")
        } else {
            format!("SELECT name FROM pragma_table_info('{table}')")
        };
        let column = trial.names(&column).await.pop_first().expect("a column");
        let (update, delete) = (format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}"));
        let mut refused = vec![update.clone(), delete.clone()];
        if trial.postgres {
            refused.push(format!("TRUNCATE {table} CASCADE"));
        } else {
            refused.push(format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"));
        }
        for statement in refused {
            let refusal = trial.undone(&[], &statement).await.expect_err(&statement).to_string();
            assert!(refusal.contains("append-only"), "{statement}: {refusal}");
        }
        let (lifted, statement) = match (trial.postgres, trigger.ends_with("_no_delete")) {
            (true, _) => (format!("DROP TRIGGER {trigger} ON {table}"), update),
            (false, false) => (format!("DROP TRIGGER {trigger}"), update),
            (false, true) => (format!("DROP TRIGGER {trigger}"), delete),
        };
        // On SQLite, what refers to a removed row would be asked for at the commit that never comes.
        let way = if trial.postgres { vec![lifted] } else { vec!["PRAGMA defer_foreign_keys = ON".into(), lifted] };
        let passed = trial.undone(&way, &statement).await;
        assert!(passed.as_ref().is_ok_and(|rows| *rows > 0), "{trigger} hides behind another: {passed:?}");
    }
}
