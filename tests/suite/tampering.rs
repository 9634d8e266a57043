//! Whoever may do everything to the database is found out: in a restored dump, in any column of the ledger, in the seals,
//! and by a root that was published before, even in an older copy.

use std::process::{Command, Output};

use api::clock::Clock;
use api::jobs;
use api::seal_key::SealKey;
use data_encoding::{BASE64, HEXLOWER};
use domain::id::TransferId;
use domain::points::SourceKind;
use storage::seals;
use tests::TestApp;
use tests::binary::zhixiang;
use tests::database::{copy, restored};
use tests::forger::Forger;

use crate::ledger::{of_members, red, red_of_members};
use crate::misconduct::{appeal, confirmed, rule, serve, served};

/// What `zhixiang verify-ledger` finds, where there are no settings and no keys but what it is told.
fn verify(app: &TestApp, url: &str, more: &[&str]) -> (Option<i32>, Vec<String>, String) {
    let key = BASE64.encode(app.state.seal_key.checker().public());
    let mut command = Command::new(zhixiang());
    command.arg("verify-ledger").args(["--seal-key", &key]).args(more);
    command.env_clear().env("ZHIXIANG__DATABASE__URL", url).current_dir(app.data_directory());
    let Output { status, stdout, stderr } = command.output().expect("zhixiang runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let name = |line: &str| line.strip_prefix("RED  ")?.split(' ').next().map(str::to_owned);
    (status.code(), text(stdout).lines().filter_map(name).collect(), text(stderr))
}

/// A demo whose books are sealed and reconciled.
async fn sealed_demo() -> TestApp {
    let app = TestApp::demo().await;
    jobs::run_all(&app.state).await;
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_dump_is_as_right_as_the_original_and_shows_what_was_changed_in_it() {
    let app = sealed_demo().await;
    assert_eq!(verify(&app, &app.database_url, &[]).0, Some(0), "the original, at work");
    let url = restored(&app.database_url, app.data_directory()).await;
    let (code, red, said) = verify(&app, &url, &[]);
    assert_eq!((code, red.len()), (Some(0), 0), "{said}");

    let forger = Forger::at(&url).await;
    forger.run("UPDATE entry SET amount = amount + 1 WHERE sequence = 1 AND account_id = (SELECT account_id FROM entry WHERE sequence = 1 ORDER BY account_id LIMIT 1)").await;
    forger.leave().await;
    let (code, red, said) = verify(&app, &url, &[]);
    assert_eq!((code, said.lines().count()), (Some(1), 1), "{said}");
    for name in ["transfer_sum", "ledger_sum", "balance", "running_balance", "chain_hash", "seals"] {
        assert!(red.iter().any(|red| red == name), "{name}: {red:?}");
    }
    assert_eq!(verify(&app, &app.database_url, &[]).0, Some(0), "the original is what it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_is_found_out_by_a_root_that_was_published_since() {
    let app = TestApp::start().await;
    app.enrich("zhang", 10).await;
    jobs::run_all(&app.state).await;
    let backup = restored(&app.database_url, app.data_directory()).await;
    let root = async |number: i64| {
        let seal = seals::find(&app.state.database.read(), number).await.expect("an answer").expect("the seal");
        format!("{number}:{}", HEXLOWER.encode(&seal.seal.root))
    };
    let first = root(1).await;
    app.enrich("zhang", 10).await;
    jobs::run_all(&app.state).await;
    let second = root(2).await;
    assert_eq!(verify(&app, &backup, &[]).0, Some(0), "by itself it is right");
    assert_eq!(verify(&app, &backup, &["--expect-seal", &first]).0, Some(0));
    let (code, red, _) = verify(&app, &backup, &["--expect-seal", &first, "--expect-seal", &second]);
    assert_eq!((code, red), (Some(1), vec!["expected_seal".to_owned()]));
    let (code, red, said) = verify(&app, &app.database_url, &["--expect-seal", &first, "--expect-seal", &second]);
    assert_eq!((code, red.len()), (Some(0), 0), "{said}");
    for nonsense in ["2", "two:00", "2:00"] {
        assert_eq!(verify(&app, &backup, &["--expect-seal", nonsense]).0, Some(2), "{nonsense}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn seals_can_be_neither_dropped_nor_reordered_nor_signed_by_anybody_else() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        app.enrich("zhang", 10).await;
        app.enrich("li", 10).await;
        jobs::run_all(&app.state).await;
    }
    let key = app.state.seal_key.checker();
    assert_eq!(red(&app.database_url, &key).await, [""; 0]);
    let newest = seals::find_newest(&app.state.database.read()).await.expect("an answer").expect("a seal");
    let stranger = SealKey::new(&[7; 32]).sign(newest.seal.clone());
    app.leave().await;
    let forger = Forger::at(&app.database_url).await;
    let signature = forger.bytes(&stranger.signature);
    forger.leave().await;
    let by_another_name = format!("UPDATE seal SET signature = {signature} WHERE number = 3");
    let under_its_own =
        format!("UPDATE seal SET signature = {signature}, key_id = '{}' WHERE number = 3", stranger.key_id);
    let faults: [&[&str]; 8] = [
        &["DELETE FROM seal WHERE number = 1"],
        &["DELETE FROM seal WHERE number = 2"],
        &["DELETE FROM seal WHERE number = 3"],
        &["DELETE FROM seal WHERE number = 2", "UPDATE seal SET number = 2 WHERE number = 3"],
        &[
            "UPDATE sealed_transfer SET position = 1000 WHERE seal_number = 2 AND position = 0",
            "UPDATE sealed_transfer SET position = 0 WHERE seal_number = 2 AND position = 1",
            "UPDATE sealed_transfer SET position = 1 WHERE seal_number = 2 AND position = 1000",
        ],
        &["UPDATE sealed_transfer SET seal_number = 3, position = 1000 WHERE seal_number = 2 AND position = 0"],
        &[&by_another_name],
        &[&under_its_own],
    ];
    for statements in faults {
        let url = copy(&app.database_url, app.data_directory()).await;
        let forger = Forger::at(&url).await;
        for sql in statements {
            forger.run(sql).await;
        }
        forger.leave().await;
        assert_eq!(red(&url, &key).await, ["seals"], "{statements:?}");
    }
}

/// The minutes in each purse, as records and reversals have them.
const MINUTES: &str = "UPDATE account SET verified_minutes = \
    (SELECT COALESCE(sum(timed_minutes + made_up_minutes), 0) FROM service_record r WHERE r.member_id = account.member_id) \
    + (SELECT COALESCE(sum(v.timed_minutes + v.made_up_minutes), 0) FROM service_reversal v \
    JOIN service_record r ON r.id = v.record_id WHERE r.member_id = account.member_id) WHERE kind = 'points'";

/// Faults in books in which one case of misconduct stands, another was revoked, and a third credit was clawed back in part by
/// nobody's decision. Each is all right but for one thing.
pub(crate) const OF_MISCONDUCT: [(&str, &[&str]); 14] = [
    ("misconduct_service", &["UPDATE enrolment SET state = 'credited' WHERE state = 'voided'"]),
    ("misconduct_points", &["UPDATE misconduct_case SET deduction = deduction + 1 WHERE state = 'confirmed'"]),
    ("misconduct_points", &["UPDATE misconduct_case SET deduction = 0, deduction_id = NULL WHERE state = 'confirmed'"]),
    ("misconduct_points", &["UPDATE misconduct_case SET clawback_id = NULL WHERE state = 'confirmed'"]),
    ("misconduct_points", &["UPDATE misconduct_case SET clawback_id = deduction_id WHERE state = 'revoked'"]),
    // A case that took less than the service had earned.
    (
        "misconduct_points",
        &[
            "INSERT INTO misconduct_case (id, enrolment_id, member_id, reason, evidence, fraud, state, node_id, proposed_by, \
             proposed_at, decided_by, ruled_by, deduction, clawback_id) SELECT t.source_id, v.source_id, v.member_id, '', '', FALSE, \
             'upheld', c.node_id, c.proposed_by, c.proposed_at, c.decided_by, c.node_id, 0, t.id \
             FROM transfer t JOIN earn_event v ON v.transfer_id = t.reverses, misconduct_case c \
             WHERE t.source_kind = 'transfer' AND c.state = 'confirmed'",
            "UPDATE enrolment SET state = 'voided' WHERE id IN (SELECT enrolment_id FROM misconduct_case WHERE state = 'upheld')",
            "INSERT INTO service_reversal (id, record_id, case_id, kind, timed_minutes, made_up_minutes, at) \
             SELECT c.id, s.id, c.id, 'void', -s.timed_minutes, -s.made_up_minutes, s.served_at \
             FROM misconduct_case c JOIN service_record s ON s.source_id = c.enrolment_id WHERE c.state = 'upheld'",
            MINUTES,
        ],
    ),
    // Revoked, and the points were never given back.
    (
        "misconduct_points",
        &[
            "INSERT INTO service_reversal (id, record_id, case_id, kind, timed_minutes, made_up_minutes, at) \
             SELECT c.id, s.id, c.id, 'reinstate', s.timed_minutes, s.made_up_minutes, s.served_at \
             FROM misconduct_case c JOIN service_record s ON s.source_id = c.enrolment_id WHERE c.state = 'confirmed'",
            MINUTES,
            "UPDATE enrolment SET state = 'credited' WHERE state = 'voided'",
            "UPDATE misconduct_case SET state = 'revoked', ruled_by = node_id WHERE state = 'confirmed'",
        ],
    ),
    // Upheld, and the points were given back all the same.
    (
        "misconduct_points",
        &[
            "UPDATE misconduct_case SET state = 'upheld' WHERE state = 'revoked'",
            "UPDATE enrolment SET state = 'voided' WHERE id IN (SELECT enrolment_id FROM misconduct_case WHERE state = 'upheld')",
            "DELETE FROM service_reversal WHERE kind = 'reinstate'",
            MINUTES,
        ],
    ),
    (
        "misconduct_exists",
        &[
            "DELETE FROM service_reversal WHERE case_id = (SELECT id FROM misconduct_case WHERE state = 'confirmed')",
            "DELETE FROM misconduct_case WHERE state = 'confirmed'",
            MINUTES,
        ],
    ),
    (
        "misconduct_minutes",
        &[
            "DELETE FROM service_reversal WHERE case_id = (SELECT id FROM misconduct_case WHERE state = 'confirmed')",
            MINUTES,
        ],
    ),
    ("misconduct_minutes", &["DELETE FROM service_reversal WHERE kind = 'reinstate'", MINUTES]),
    (
        "service_reversal",
        &[
            "UPDATE service_reversal SET timed_minutes = timed_minutes + 1 \
             WHERE case_id = (SELECT id FROM misconduct_case WHERE state = 'confirmed')",
            MINUTES,
        ],
    ),
    (
        "service_reversal",
        &[
            "INSERT INTO service_reversal (id, record_id, case_id, kind, timed_minutes, made_up_minutes, at) \
             SELECT id, id, id, 'void', -timed_minutes, -made_up_minutes, served_at FROM service_record \
             WHERE id NOT IN (SELECT record_id FROM service_reversal)",
            MINUTES,
        ],
    ),
    (
        "service_reversal",
        &[
            "INSERT INTO service_reversal (id, record_id, case_id, kind, timed_minutes, made_up_minutes, at) \
             SELECT s.id, s.id, c.id, 'void', -s.timed_minutes, -s.made_up_minutes, s.served_at FROM service_record s, \
             misconduct_case c WHERE s.id NOT IN (SELECT record_id FROM service_reversal) AND c.state = 'confirmed'",
            MINUTES,
        ],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn misconduct_that_took_too_little_or_gave_back_too_much_is_found() {
    let app = TestApp::start().await;
    let (li, stands) = served(&app).await;
    let revoked = serve(&app, &li).await;
    let in_part = serve(&app, &li).await;
    let second = app.stepped_up("second-community").await;
    confirmed(&app, &second, &stands, false).await;
    let case = confirmed(&app, &second, &revoked, false).await;
    appeal(&li, &case).await.expect(200);
    rule(&app.stepped_up("subdistrict").await, &case, true).await.expect(201);
    let event = (SourceKind::Enrolment, in_part.parse().expect("an id"), app.world.member("li"));
    app.claw_back("li", TransferId::of_earning(event.0, event.1, event.2), 1).await;
    let key = app.state.seal_key.checker();
    app.leave().await;
    assert_eq!(red(&app.database_url, &key).await, [""; 0]);
    for (name, statements) in OF_MISCONDUCT {
        let url = copy(&app.database_url, app.data_directory()).await;
        let forger = Forger::at(&url).await;
        for sql in statements {
            forger.run(sql).await;
        }
        forger.leave().await;
        assert_eq!(red(&url, &key).await, [name], "{statements:?}");
        assert_eq!(red_of_members(&url).await, of_members(name), "{statements:?}");
    }
}

/// The tables of the ledger.
const LEDGER: [&str; 10] = [
    "account",
    "transfer",
    "entry",
    "lot",
    "lot_use",
    "earn_event",
    "service_record",
    "seal",
    "sealed_transfer",
    "account_checkpoint",
];

/// What no invariant, hash or seal speaks of: who is stopped from spending, and when a checkpoint was made.
const UNPROVEN: [(&str, &str); 4] = [
    ("account", "frozen_at"),
    ("account", "frozen_because"),
    ("account", "frozen_until"),
    ("account_checkpoint", "checked_at"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_any_value_in_the_ledger_is_found() {
    let app = sealed_demo().await;
    let key = app.state.seal_key.checker();
    app.leave().await;
    let seed = Clock::default().wall().timestamp_micros().unsigned_abs();
    println!("seed {seed}");
    let (mut dice, mut tried, mut unseen) = (seed, 0, Vec::new());
    let forger = Forger::at(&app.database_url).await;
    for table in LEDGER {
        let columns = forger.columns(table).await;
        for column in columns.iter().filter(|column| !UNPROVEN.contains(&(table, column.as_str()))) {
            // Knuth's generator: another row of each column in each run.
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // What the schema refuses by itself needs no finding.
            let Some(change) = forger.change(table, column, dice >> 33).await else { continue };
            tried += 1;
            if red(&app.database_url, &key).await.is_empty() {
                unseen.push(change.what.clone());
            }
            forger.undo(change).await;
        }
    }
    assert!(unseen.is_empty(), "seed {seed}, not found:\n{}", unseen.join("\n"));
    assert!(tried >= 45, "only {tried} were tried");
    assert_eq!(red(&app.database_url, &key).await, [""; 0], "everything was undone");
    forger.leave().await;
}
