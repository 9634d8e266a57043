//! The ledger can prove itself: every invariant holds of a busy demo, and each turns red for the fault that it is there for.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use api::clock::Clock;
use api::demo::ids;
use api::jobs;
use api::seal_key::{SealChecker, SealKey};
use domain::code::Code;
use domain::id::{AccountId, LotId};
use domain::points::{Source, SourceKind, TransferKind};
use domain::session::Audience;
use storage::{Database, answers, chains, invariants, owners, reconciliations, seals};
use tests::TestApp;
use tests::binary::zhixiang;
use tests::contract::operations;
use tests::database::copy;
use tests::forger::{ForgedLeg, Forger};

/// What is red at this database.
pub(crate) async fn red(url: &str, seal_key: &SealChecker) -> Vec<&'static str> {
    let database = Database::open_to_verify(url).await.expect("the database opens");
    let (tx, now) = (database.read(), Clock::default().wall());
    let mut red = Vec::new();
    for invariant in invariants::all() {
        if invariants::check(&tx, &invariant, now).await.expect("an answer").count > 0 {
            red.push(invariant.name);
        }
    }
    if chains::check(&tx, |_| ()).await.expect("an answer").count > 0 {
        red.push(chains::RULE.0);
    }
    if answers::check(&tx).await.expect("an answer").count > 0 {
        red.push(answers::RULE.0);
    }
    if owners::check(&tx).await.expect("an answer").count > 0 {
        red.push(owners::RULE.0);
    }
    if seals::check(&tx, |signed| seal_key.accepts(signed)).await.expect("an answer").count > 0 {
        red.push(seals::RULE.0);
    }
    drop(tx);
    database.close().await.expect("it closes");
    red
}

/// What is red when some members at a time are looked at, as reconciliation does.
pub(crate) async fn red_of_members(url: &str) -> Vec<&'static str> {
    let database = Database::open_to_verify(url).await.expect("the database opens");
    let tx = database.read();
    let (mut red, mut after) = (BTreeSet::new(), None);
    loop {
        let members = reconciliations::list_members(&tx, after, 25).await.expect("members");
        let Some(last) = members.last() else { break };
        after = Some(*last);
        red.extend(reconciliations::look(&tx, &members, true).await.expect("an answer").0);
    }
    drop(tx);
    database.close().await.expect("it closes");
    red.into_iter().collect()
}

/// The fault alone, if it is one that members have by themselves.
pub(crate) fn of_members(name: &'static str) -> Vec<&'static str> {
    let mut whole = invariants::of_the_whole().map(|invariant| invariant.name).chain([answers::RULE.0]);
    let of_the_whole = whole.any(|whole| whole == name);
    if of_the_whole { Vec::new() } else { vec![name] }
}

/// Faults that statements make; two where one would break two things.
const FAULTS: [(&str, &[&str]); 34] = [
    (
        "transfer_sum",
        &[
            "INSERT INTO entry (transfer_id, leg, account_id, amount) SELECT t.id, 77, a.id, 5 FROM transfer t, account a \
             WHERE a.kind = 'issuance' AND t.id = (SELECT id FROM transfer WHERE kind = 'earn' ORDER BY id LIMIT 1)",
            "INSERT INTO entry (transfer_id, leg, account_id, amount) SELECT t.id, 77, a.id, -5 FROM transfer t, account a \
             WHERE a.kind = 'issuance' AND t.id = (SELECT id FROM transfer WHERE kind = 'earn' ORDER BY id DESC LIMIT 1)",
        ],
    ),
    (
        "ledger_sum",
        &[
            "INSERT INTO entry (transfer_id, leg, account_id, amount) SELECT id, 0, id, 5 FROM account WHERE kind = 'issuance'",
        ],
    ),
    ("balance", &["UPDATE account SET balance = balance - 1 WHERE kind = 'debt'"]),
    ("chain_link", &["UPDATE account SET last_hash = NULL WHERE kind = 'points' AND sequence > 0"]),
    ("held", &["UPDATE account SET held = 1 WHERE kind = 'points' AND balance > 0"]),
    (
        "hold_overdue",
        &[
            "INSERT INTO hold (id, account_id, amount, purpose, state, created_at, expires_at) SELECT id, id, 1, 'test', \
             'pending', '2026-01-01 00:00:00+00:00', '2026-01-02 00:00:00+00:00' FROM account WHERE kind = 'points' AND balance > 0",
            "UPDATE account SET held = 1 WHERE kind = 'points' AND balance > 0",
        ],
    ),
    ("lifetime_earned", &["UPDATE account SET lifetime_earned = lifetime_earned + 1 WHERE kind = 'points'"]),
    ("verified_minutes", &["UPDATE account SET verified_minutes = verified_minutes + 1 WHERE kind = 'points'"]),
    (
        "earned_by_event",
        &["DELETE FROM earn_event WHERE transfer_id IS NOT NULL \
           AND source_id NOT IN (SELECT enrolment_id FROM misconduct_case)"],
    ),
    (
        "event_points",
        &["UPDATE earn_event SET points = points + 1, uncapped_points = uncapped_points + 1 WHERE points > 0 \
           AND source_id NOT IN (SELECT enrolment_id FROM misconduct_case)"],
    ),
    (
        "event_minutes",
        &["UPDATE service_record SET timed_minutes = timed_minutes - 1, made_up_minutes = made_up_minutes + 1 \
           WHERE timed_minutes > 0 AND source_id NOT IN (SELECT enrolment_id FROM misconduct_case)"],
    ),
    (
        "event_unpaid",
        &["UPDATE earn_event SET rule = 'service.general.b.excluded' WHERE points > 0 \
           AND source_id NOT IN (SELECT enrolment_id FROM misconduct_case)"],
    ),
    ("issuance", &["INSERT INTO issuance (year, funding_source, points) VALUES (2026, 'fiscal', 1)"]),
    ("seats", &["UPDATE activity_session SET enrolled = enrolled + 1 WHERE enrolled < capacity"]),
    ("stock", &["UPDATE offer SET stock_left = stock_left - 1 WHERE stock_left > 0"]),
    ("redemption_price", &["UPDATE redemption SET points = points + 1 WHERE state = 'issued'"]),
    ("redemption_exists", &["DELETE FROM redemption WHERE state = 'cancelled'"]),
    (
        "refund",
        &[
            "UPDATE offer SET stock_left = stock_left + (SELECT count(*) FROM redemption r WHERE r.offer_id = offer.id \
             AND r.state = 'issued')",
            "UPDATE redemption SET state = 'cancelled', closed_at = issued_at WHERE state = 'issued'",
        ],
    ),
    (
        "adjustment_points",
        &[
            "UPDATE adjustment SET amount = amount - 1 WHERE state = 'approved'",
            "UPDATE hold SET amount = amount + 1 WHERE state = 'posted'",
        ],
    ),
    ("adjustment_exists", &["DELETE FROM adjustment WHERE state = 'approved'"]),
    ("adjustment_hold", &["UPDATE hold SET amount = amount + 1 WHERE state = 'posted'"]),
    ("adjustment_overdue", &["UPDATE adjustment SET lapses_at = '2026-01-02 00:00:00+00:00' WHERE state = 'proposed'"]),
    ("reward_credit", &["UPDATE reward SET state = 'approved', decided_by = id"]),
    ("reversal_redemption", &["UPDATE reversal SET state = 'approved', decided_by = id, decided_at = requested_at"]),
    ("donation_points", &["UPDATE donation SET points = points + 1"]),
    ("donation_exists", &["DELETE FROM donation"]),
    ("chain_hash", &["UPDATE transfer SET reason = 'because' WHERE kind = 'earn'"]),
    ("chain_hash", &["UPDATE lot SET expires_at = NULL WHERE expires_at IS NOT NULL"]),
    ("account_owner", &["UPDATE account SET id = member_id WHERE kind = 'debt' AND sequence = 0"]),
    (
        "unchained",
        &["UPDATE entry SET previous_hash = (SELECT last_hash FROM account WHERE last_hash IS NOT NULL LIMIT 1) \
           WHERE sequence IS NULL"],
    ),
    (
        "unchained_books",
        &["UPDATE account SET last_hash = (SELECT last_hash FROM account WHERE last_hash IS NOT NULL LIMIT 1) \
           WHERE kind = 'issuance'"],
    ),
    (
        "some_member",
        &[
            "INSERT INTO transfer (id, kind, reason, source_kind, source_id, actor_kind, business_at, posted_at) \
             SELECT id, 'expire', '', 'lot', id, 'job', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00' \
             FROM account WHERE kind = 'issuance'",
            "INSERT INTO entry (transfer_id, leg, account_id, amount) SELECT id, 0, id, 5 FROM account WHERE kind = 'issuance'",
            "INSERT INTO entry (transfer_id, leg, account_id, amount) SELECT t.id, 1, a.id, -5 FROM account t, account a \
             WHERE t.kind = 'issuance' AND a.kind = 'expiry'",
        ],
    ),
    (
        "checkpoint",
        &["INSERT INTO account_checkpoint (account_id, sequence, hash, checked_at) \
           SELECT account_id, sequence, previous_hash, '2026-01-01 00:00:00+00:00' FROM entry WHERE sequence = 2"],
    ),
    (
        "finding_frozen",
        &[
            "INSERT INTO ledger_finding (id, invariant, member_id, state, found_at, seen_at) SELECT id, 'balance', member_id, \
           'open', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00' FROM account WHERE kind = 'points'",
        ],
    ),
];

/// Answers that tell of transfers that never were, by operation.
const LOST: [(&str, &str); 8] = [
    ("redeem_offer", "{}"),
    ("donate_points", "{}"),
    ("cancel_redemption", r#"{"id":"00000000-0000-7000-8000-000000000001"}"#),
    ("approve_adjustment", r#"{"transfer_id":"00000000-0000-7000-8000-000000000001"}"#),
    ("confirm_misconduct_case", r#"{"deduction_transfer_id":"00000000-0000-7000-8000-000000000001"}"#),
    ("approve_reversal", r#"{"redemption_id":"00000000-0000-7000-8000-000000000001"}"#),
    (
        "approve_reward",
        r#"{"id":"00000000-0000-7000-8000-000000000001","member_id":"00000000-0000-7000-8000-000000000002","points":5}"#,
    ),
    ("rule_misconduct_appeal", r#"{"state":"revoked","clawback_transfer_id":"00000000-0000-7000-8000-000000000001"}"#),
];

/// Operations with a key whose answers name no transfer: they count places and pieces, wait for somebody else, or do not say
/// whether points moved.
const SILENT: [&str; 9] = [
    "accept_residency",
    "cancel_activity",
    "cancel_enrolment",
    "change_offer_stock",
    "enrol_activity",
    "propose_adjustment",
    "propose_reward",
    "refuse_adjustment",
    "verify_voucher",
];

#[test]
fn every_keyed_answer_is_held_against_the_ledger_or_names_no_transfer() {
    let keyed = Audience::ALL.iter().flat_map(|audience| operations(*audience)).filter(|operation| operation.keyed);
    let keyed: BTreeSet<String> = keyed.map(|operation| operation.id).collect();
    let known = SILENT.into_iter().chain(answers::operations()).map(str::to_owned).collect();
    assert_eq!(keyed, known);
    assert_eq!(
        LOST.map(|(operation, _)| operation).into_iter().collect::<BTreeSet<_>>(),
        answers::operations().collect()
    );
}

/// Faults for which somebody must know how entries are hashed.
const FORGERIES: [&str; 9] = [
    "running_balance",
    "one_member",
    "reversal",
    "lots",
    "lot_remaining",
    "debit_covered",
    "expired_lot",
    "freed_points",
    "refunded_points",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_invariant_holds_of_the_demo_and_turns_red_for_its_own_fault_alone() {
    let app = TestApp::demo().await;
    let key = app.state.seal_key.checker();
    app.state.database.clone().close().await.expect("nobody is connected");
    assert_eq!(red(&app.database_url, &key).await, [""; 0]);
    assert_eq!(red_of_members(&app.database_url).await, [""; 0]);
    let mut seen: Vec<&str> = Vec::new();
    for (name, statements) in FAULTS {
        let url = copy(&app.database_url, app.data_directory()).await;
        let forger = Forger::at(&url).await;
        for sql in statements {
            forger.run(sql).await;
        }
        forger.leave().await;
        assert_eq!(red(&url, &key).await, [name], "{statements:?}");
        assert_eq!(red_of_members(&url).await, of_members(name), "{statements:?}");
        seen.push(name);
    }
    for name in FORGERIES {
        let url = copy(&app.database_url, app.data_directory()).await;
        forge(name, &url).await;
        assert_eq!(red(&url, &key).await, [name]);
        assert_eq!(red_of_members(&url).await, of_members(name));
        seen.push(name);
    }
    for (operation, body) in LOST {
        let url = copy(&app.database_url, app.data_directory()).await;
        let forger = Forger::at(&url).await;
        let answer = format!(
            "INSERT INTO idempotency (person_id, operation, key, request_hash, status, body, created_at) SELECT member_id, \
             '{operation}', 'lost', last_hash, 201, '{body}', '2026-01-01 00:00:00+00:00' FROM account \
             WHERE last_hash IS NOT NULL AND kind = 'points'"
        );
        forger.run(&answer).await;
        forger.leave().await;
        assert_eq!(red(&url, &key).await, [answers::RULE.0], "{operation}");
    }
    // Of what is sealed, the next test speaks, and `tampering` of what was void.
    seen.push("sealed");
    seen.extend(crate::tampering::OF_MISCONDUCT.iter().map(|(name, _)| *name));
    let unproven = invariants::all().map(|invariant| invariant.name).filter(|name| !seen.contains(name));
    assert_eq!(unproven.collect::<Vec<_>>(), [""; 0], "every invariant has a fault of its own");
}

/// Whoever can change every row and every hash still cannot sign.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_cannot_be_changed_and_nothing_slips_in_unsealed() {
    let app = TestApp::demo().await;
    let key = app.state.seal_key.checker();
    jobs::run_all(&app.state).await;
    let sealed = app.number("SELECT count(*) FROM sealed_transfer").await;
    assert_eq!(sealed, app.number("SELECT count(*) FROM transfer").await);
    jobs::run_all(&app.state).await;
    assert_eq!(app.number("SELECT count(*) FROM seal").await, 1, "nothing new, no new seal");
    assert_eq!(red(&app.database_url, &key).await, [""; 0]);
    let stranger = SealKey::new(&[7; 32]).checker();
    assert_eq!(red(&app.database_url, &stranger).await, ["seals"]);

    app.state.database.clone().close().await.expect("nobody is connected");
    let faults = [
        "UPDATE entry SET leg = leg + 50 WHERE sequence IS NULL",
        "UPDATE seal SET transfers = transfers + 1",
        "UPDATE seal SET number = 2",
        "UPDATE sealed_transfer SET position = 10000 WHERE position = 0",
        "DELETE FROM seal",
    ];
    for sql in faults {
        let url = copy(&app.database_url, app.data_directory()).await;
        let forger = Forger::at(&url).await;
        forger.run(sql).await;
        forger.leave().await;
        assert_eq!(red(&url, &key).await, ["seals"], "{sql}");
    }
    let url = copy(&app.database_url, app.data_directory()).await;
    forge("slipped in", &url).await;
    assert_eq!(red(&url, &key).await, ["sealed"]);
}

async fn forge(name: &str, url: &str) {
    let forger = Forger::at(url).await;
    let account = AccountId::points_of(ids::MEMBER);
    let debt = AccountId::debt_of(ids::MEMBER);
    let leg = |amount: i64| ForgedLeg { account, amount, granted: amount.max(0), balance_off_by: 0, uses: Vec::new() };
    match name {
        "running_balance" => drop(forger.post(&[ForgedLeg { balance_off_by: 1, ..leg(5) }]).await),
        "one_member" => {
            let others = format!("SELECT id FROM account WHERE kind = 'debt' AND id <> {} LIMIT 1", forger.id(debt));
            let other = AccountId::new(forger.ids(&others).await[0]);
            forger.post(&[leg(5), ForgedLeg { account: other, granted: 0, ..leg(-5) }]).await;
        }
        "reversal" => {
            let earned = format!(
                "SELECT t.id FROM transfer t JOIN entry e ON e.transfer_id = t.id WHERE t.kind = 'earn' \
                 AND e.account_id = {} AND e.amount < 1000",
                forger.id(account)
            );
            let earned = forger.ids(&earned).await[0];
            let back = ForgedLeg { account: debt, ..leg(-1000) };
            forger.post_as(TransferKind::Clawback, Some(earned.into()), &[back]).await;
            let less = "UPDATE account SET lifetime_earned = lifetime_earned - 1000";
            forger.run(&format!("{less} WHERE id = {}", forger.id(account))).await;
        }
        "lots" => drop(forger.post(&[ForgedLeg { granted: 8, ..leg(5) }]).await),
        "lot_remaining" => {
            let [first, second] = two_lots(&forger, leg(5)).await;
            forger.post(&[ForgedLeg { uses: vec![(first, 2)], ..leg(-2) }]).await;
            forger.run(&format!("UPDATE lot SET remaining = remaining + 1 WHERE id = {}", forger.id(first))).await;
            forger.run(&format!("UPDATE lot SET remaining = remaining - 1 WHERE id = {}", forger.id(second))).await;
        }
        "debit_covered" => {
            let [first, second] = two_lots(&forger, leg(5)).await;
            forger.post(&[ForgedLeg { uses: vec![(first, 3)], ..leg(-2) }]).await;
            forger.post(&[ForgedLeg { uses: vec![(second, 1)], ..leg(-2) }]).await;
        }
        "expired_lot" => {
            let [lot, _] = two_lots(&forger, leg(5)).await;
            forger.post_as(TransferKind::Expire, None, &[ForgedLeg { uses: vec![(lot, 5)], ..leg(-5) }]).await;
            forger.post(&[ForgedLeg { granted: 0, uses: vec![(lot, -2)], ..leg(2) }]).await;
        }
        "freed_points" => {
            let [lot, _] = two_lots(&forger, leg(5)).await;
            let hold = Source { kind: SourceKind::Hold, id: lot.uuid() };
            forger
                .run(&format!(
                    "INSERT INTO hold (id, account_id, amount, purpose, state, created_at, expires_at) SELECT {}, id, 5, 'test', \
                     'voided', '2026-01-01 00:00:00+00:00', '2026-01-02 00:00:00+00:00' FROM account WHERE id = {}",
                    forger.id(lot),
                    forger.id(account)
                ))
                .await;
            let into_nothing = [ForgedLeg { uses: vec![(lot, 5)], ..leg(-5) }];
            forger.post_for(hold, TransferKind::Refund, None, &into_nothing).await;
        }
        "refunded_points" => {
            let [lot, _] = two_lots(&forger, leg(5)).await;
            let no_refund = Source { kind: SourceKind::Refund, id: lot.uuid() };
            let into_nothing = [ForgedLeg { uses: vec![(lot, 5)], ..leg(-5) }];
            forger.post_for(no_refund, TransferKind::Refund, None, &into_nothing).await;
        }
        "slipped in" => drop(forger.post(&[leg(5)]).await),
        other => panic!("no forgery is written for {other}"),
    }
    forger.leave().await;
}

/// Two further lots, of what the leg brings.
async fn two_lots(forger: &Forger, leg: ForgedLeg) -> [LotId; 2] {
    let first = forger.post(std::slice::from_ref(&leg)).await[0];
    let second = forger.post(&[leg]).await[0];
    [first, second]
}

/// What `zhixiang verify-ledger` says of this database.
fn verify_ledger(url: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(zhixiang());
    command.arg("verify-ledger").env_clear().env("ZHIXIANG__DATABASE__URL", url);
    let Output { status, stdout, stderr } = command.output().expect("zhixiang runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_what_is_right_and_what_is_wrong_of_a_database_at_work() {
    let app = TestApp::demo().await;
    let (code, table, _) = verify_ledger(&app.database_url);
    assert_eq!(code, Some(0), "{table}");
    assert_eq!(table.lines().filter(|line| line.starts_with("ok ")).count(), invariants::all().count() + 4);
    assert!(table.ends_with("hold\n") && table.contains("the books are right"));

    app.tamper("UPDATE offer SET stock_left = stock_left - 1 WHERE state = 'paused' AND stock_left > 0").await;
    let (code, table, said) = verify_ledger(&app.database_url);
    assert_eq!((code, said.lines().count()), (Some(1), 1));
    assert!(said.contains("the books are wrong: 1 of"), "{said}");
    let red: Vec<_> = table.lines().skip_while(|line| !line.starts_with("RED")).take(2).collect();
    assert!(red[0].starts_with("RED  stock ") && red[1].contains("violation"), "{red:?}");
    assert_eq!(table.lines().filter(|line| line.starts_with("RED")).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn books_that_are_not_there_are_no_right_books() {
    let app = TestApp::empty().await;
    let nowhere = format!("sqlite://{}", app.data_directory().join("none.db").display());
    let (code, _, said) = verify_ledger(&nowhere);
    assert_eq!((code, said.lines().count()), (Some(2), 1), "{said}");
    assert!(!app.data_directory().join("none.db").exists(), "looking makes nothing");
}
