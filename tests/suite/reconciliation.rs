//! Reconciliation finds what is wrong by itself, stops the spending of whom it concerns and of nobody else, and leaves the
//! rest to two persons.

use api::jobs;
use chrono::Duration;
use domain::session::{Audience, Holder};
use futures_util::future::join_all;
use serde_json::json;
use tests::TestApp;
use tests::client::key;
use tests::forger::Forger;
use tests::mall::{id, redeem};

/// Runs the jobs when it is time for another round of who was touched.
async fn next_round(app: &TestApp) {
    app.state.clock.advance_wall(Duration::minutes(11));
    jobs::run_all(&app.state).await;
}

async fn next_day(app: &TestApp) {
    app.state.clock.advance_wall(Duration::days(1));
    // The full round ends with the seals, each turn of which ends the round of the job.
    for _ in 0..3 {
        jobs::run_all(&app.state).await;
    }
}

async fn metric(app: &TestApp, name: &str) -> Option<String> {
    let metrics = app.anonymous().get("//metrics").await.text;
    metrics.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn right_books_have_no_findings_and_a_checkpoint_for_every_account() {
    let app = TestApp::demo().await;
    for _ in 0..3 {
        jobs::run_all(&app.state).await;
    }
    assert_eq!(app.number("SELECT count(*) FROM ledger_finding").await, 0);
    let behind = "SELECT count(*) FROM account a LEFT JOIN account_checkpoint c ON c.account_id = a.id \
                  WHERE a.sequence > 0 AND (c.sequence IS NULL OR c.sequence <> a.sequence)";
    assert_eq!(app.number(behind).await, 0);
    let everybody = app.number("SELECT count(*) FROM account WHERE kind = 'points'").await;
    assert_eq!(app.number("SELECT last_members FROM reconciliation WHERE kind = 'full'").await, everybody);
    assert_eq!(app.texts("SELECT stage FROM reconciliation WHERE kind = 'full'").await, ["idle"]);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 'freeze_account'").await, 0);
    for name in ["balance", "seals", "chain_hash", "ledger_sum"] {
        let violations = format!("ledger_invariant_violations{{invariant=\"{name}\"}}");
        assert!(metric(&app, &violations).await.is_some(), "{name} is not measured");
    }
    for round in ["touched", "full"] {
        let ended = format!("ledger_reconciled_timestamp_seconds{{round=\"{round}\"}}");
        assert!(metric(&app, &ended).await.is_some(), "{round} is not measured");
    }
    // Nothing is due.
    jobs::run_all(&app.state).await;
    assert_eq!(app.number("SELECT members FROM reconciliation WHERE kind = 'full'").await, everybody);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_books_are_wrong_cannot_spend_until_two_persons_saw_to_it() {
    let app = TestApp::start().await;
    let (zhang, li) = (app.shopper("zhang", 100).await, app.shopper("li", 100).await);
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 100)).await;
    jobs::run_all(&app.state).await;

    let member = app.world.member("zhang");
    let own = "kind = 'points' AND member_id = (SELECT id FROM member WHERE name = '张建国')";
    app.tamper(&format!("UPDATE account SET balance = balance + 7 WHERE {own}")).await;
    next_round(&app).await;
    let told = redeem(&zhang, &offer).await.refused(409, "points_frozen");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("冻结")));
    let points = zhang.get("/member/points").await.expect(200);
    assert_eq!(points["frozen"], true);
    assert!(points["frozen_because"].as_str().is_some_and(|because| because.contains("正在核查")), "{points}");
    redeem(&li, &offer).await.expect(201);
    assert_eq!(li.get("/member/points").await.expect(200)["frozen_because"], json!(null));
    let kept =
        "SELECT count(*) FROM audit WHERE action = 'freeze_account' AND object_kind = 'member' AND reason = 'balance'";
    assert_eq!(app.number(kept).await, 1);

    // Known is known.
    next_round(&app).await;
    assert_eq!(app.number("SELECT count(*) FROM ledger_finding").await, 1);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 'freeze_account'").await, 1);

    let (district, auditor) = (app.stepped_up("district").await, app.stepped_up("auditor").await);
    let waiting = |kind: &str, me: serde_json::Value| {
        me["waiting"].as_array().expect("a list").iter().any(|one| one["kind"] == kind)
    };
    assert!(waiting("open_finding", district.get("/admin/me").await.expect(200)));
    let found = auditor.get("/admin/ledger-findings?state=open").await.expect(200);
    let finding = &found["items"][0];
    assert_eq!((&finding["invariant"], &finding["member_id"]), (&json!("balance"), &json!(member)));
    assert_eq!(finding["meaning"], "账户余额等于全部流水之和");
    let path = format!("/admin/ledger-findings/{}", finding["id"].as_str().expect("an id"));
    let (explanation, closing) = (format!("{path}/explanation"), format!("{path}/closing"));
    let why = json!({ "explanation": "人工改动数据库，已改回" });

    app.admin("district").await.post(&explanation, &why).await.refused(403, "step_up_required");
    app.admin("auditor").await.post(&closing, &json!({})).await.refused(403, "step_up_required");
    auditor.post(&closing, &json!({})).await.refused(409, "state_conflict");
    auditor.post(&explanation, &why).await.refused(403, "forbidden");
    district.post(&explanation, &json!({ "explanation": " " })).await.refused(422, "invalid_input");
    let explained = district.post(&explanation, &why).await.expect(200);
    assert_eq!((&explained["state"], &explained["explanation"]), (&json!("explained"), &why["explanation"]));
    assert!(waiting("explained_finding", auditor.get("/admin/me").await.expect(200)));
    district.post(&closing, &json!({})).await.refused(403, "forbidden");
    auditor.post(&closing, &json!({})).await.refused(409, "finding_stands");
    // The phone signs in again: its token grew old meanwhile.
    let identity = app.identity_of("zhang", None).await;
    let zhang = app.signed_in(Audience::Member, Holder::Identity(identity)).await;
    redeem(&zhang, &offer).await.refused(409, "points_frozen");

    app.tamper(&format!("UPDATE account SET balance = balance - 7 WHERE {own}")).await;
    // Of those who close it at once, one does.
    let body = json!({});
    let replies = join_all((0..8).map(|_| auditor.post(&closing, &body))).await;
    let (mut done, late): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!(done.len(), 1);
    for reply in late {
        reply.refused(409, "state_conflict");
    }
    let closed = done.remove(0).expect(200);
    assert_eq!(closed["state"], "closed");
    redeem(&zhang, &offer).await.expect(201);
    app.enrich("zhang", 5).await;
    auditor.post(&closing, &json!({})).await.refused(409, "state_conflict");
    assert_eq!(auditor.get(&path).await.expect(200), closed);
    next_round(&app).await;
    assert_eq!(app.number("SELECT count(*) FROM ledger_finding").await, 1);
}

/// Faults of which each names a member, and those whom they concern: a donor, somebody accused, and two others.
const OF_MEMBERS: [&str; 10] = [
    "UPDATE adjustment SET amount = amount - 1 WHERE state = 'approved'",
    "UPDATE donation SET points = points + 1",
    "UPDATE reward SET state = 'approved', decided_by = id",
    "UPDATE reversal SET state = 'approved', decided_by = id, decided_at = requested_at",
    "UPDATE misconduct_case SET state = 'confirmed', decided_by = node_id WHERE state = 'proposed'",
    "INSERT INTO service_reversal (id, record_id, case_id, kind, timed_minutes, made_up_minutes, at) SELECT s.id, s.id, c.id, \
     'void', 0, 0, s.served_at FROM misconduct_case c JOIN service_record s ON s.source_id = c.enrolment_id \
     WHERE s.id NOT IN (SELECT record_id FROM service_reversal)",
    "UPDATE entry SET previous_hash = (SELECT last_hash FROM account WHERE last_hash IS NOT NULL LIMIT 1) \
     WHERE sequence IS NULL AND transfer_id = (SELECT id FROM transfer WHERE kind = 'earn' AND source_kind = 'first_residency' \
     AND source_id NOT IN (SELECT member_id FROM donation UNION SELECT member_id FROM misconduct_case) ORDER BY source_id LIMIT 1)",
    "UPDATE account SET verified_minutes = verified_minutes + 1 WHERE kind = 'points' AND member_id = (SELECT source_id \
     FROM transfer WHERE kind = 'earn' AND source_kind = 'first_residency' \
     AND source_id NOT IN (SELECT member_id FROM donation UNION SELECT member_id FROM misconduct_case) \
     ORDER BY source_id LIMIT 1 OFFSET 1)",
    "UPDATE account SET id = member_id WHERE kind = 'debt' AND sequence = 0 AND member_id = (SELECT max_id FROM (SELECT source_id \
     AS max_id FROM transfer WHERE kind = 'earn' AND source_kind = 'first_residency' \
     AND source_id NOT IN (SELECT member_id FROM donation UNION SELECT member_id FROM misconduct_case) \
     ORDER BY source_id LIMIT 1 OFFSET 2) AS third)",
    "UPDATE adjustment SET transfer_id = (SELECT transfer_id FROM donation) WHERE state = 'approved'",
];

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_a_fault_is_frozen_for_it_and_nobody_else() {
    let app = TestApp::demo().await;
    for _ in 0..3 {
        jobs::run_all(&app.state).await;
    }
    let forger = Forger::at(&app.database_url).await;
    for fault in OF_MEMBERS {
        forger.run(fault).await;
    }
    forger.leave().await;
    next_day(&app).await;
    let found = app
        .texts(
            "SELECT CASE WHEN f.member_id IN (SELECT member_id FROM donation) THEN 'donor' \
             WHEN f.member_id IN (SELECT member_id FROM misconduct_case) THEN 'accused' ELSE 'another' END || ' ' || f.invariant \
             FROM ledger_finding f WHERE f.member_id IS NOT NULL ORDER BY 1",
        )
        .await;
    let expected = [
        "accused misconduct_points",
        "accused misconduct_service",
        "accused service_reversal",
        "another account_owner",
        "another reversal_redemption",
        "another unchained",
        "another verified_minutes",
        "donor adjustment_exists",
        "donor adjustment_hold",
        "donor adjustment_points",
        "donor donation_points",
        "donor reward_credit",
    ];
    assert_eq!(found, expected);
    let concerned = "SELECT count(DISTINCT member_id) FROM ledger_finding WHERE member_id IS NOT NULL";
    assert_eq!(app.number(concerned).await, 6);
    let frozen = "SELECT count(*) FROM account WHERE frozen_at IS NOT NULL AND member_id IN (SELECT member_id FROM ledger_finding)";
    assert_eq!(app.number(frozen).await, 6);
    assert_eq!(app.number("SELECT count(*) FROM account WHERE frozen_at IS NOT NULL").await, 6);
    assert_eq!(app.texts("SELECT invariant FROM ledger_finding WHERE member_id IS NULL").await, [""; 0]);
}

/// What was added to a wrong balance could never be put right: the ledger keeps what it says for ever.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_added_to_an_account_that_does_not_stand_as_its_entries_say() {
    let app = TestApp::start().await;
    let zhang = app.shopper("zhang", 100).await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 100)).await;
    let own = "kind = 'points' AND balance > 0";
    for (fault, cure) in [
        ("balance = balance + 7", "balance = balance - 7"),
        (
            "last_hash = NULL",
            "last_hash = (SELECT hash FROM entry e WHERE e.account_id = account.id ORDER BY sequence DESC LIMIT 1)",
        ),
    ] {
        let entries = app.number("SELECT count(*) FROM entry").await;
        app.tamper(&format!("UPDATE account SET {fault} WHERE {own}")).await;
        redeem(&zhang, &offer).await.refused(409, "points_frozen");
        assert_eq!(app.number("SELECT count(*) FROM entry").await, entries, "{fault}");
        app.tamper(&format!("UPDATE account SET {cure} WHERE {own}")).await;
        redeem(&zhang, &offer).await.expect(201);
        app.books_are_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_the_whole_ledger_freezes_nobody_and_ends_when_a_round_no_longer_sees_it() {
    let app = TestApp::start().await;
    app.shopper("zhang", 100).await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    app.listed(&shop, &app.promise("面", 10, 100)).await;
    app.tamper("UPDATE offer SET stock_left = stock_left - 1").await;
    next_day(&app).await;
    assert_eq!(app.texts("SELECT invariant FROM ledger_finding WHERE member_id IS NULL").await, ["stock"]);
    assert_eq!(app.number("SELECT count(*) FROM account WHERE frozen_at IS NOT NULL").await, 0);
    let violations = "ledger_invariant_violations{invariant=\"stock\"}";
    assert!(metric(&app, violations).await.is_some());

    let found = app.admin("auditor").await.get("/admin/ledger-findings").await.expect(200);
    let path = format!("/admin/ledger-findings/{}", found["items"][0]["id"].as_str().expect("an id"));
    let explain = async || {
        let why = json!({ "explanation": "少记一件" });
        app.stepped_up("district").await.post(&format!("{path}/explanation"), &why).await.expect(200)
    };
    let close = async || app.stepped_up("auditor").await.post(&format!("{path}/closing"), &json!({})).await;
    explain().await;
    next_day(&app).await;
    close().await.refused(409, "finding_stands");
    app.tamper("UPDATE offer SET stock_left = stock_left + 1").await;
    close().await.refused(409, "finding_stands");
    next_day(&app).await;
    explain().await;
    close().await.refused(409, "finding_stands");
    next_day(&app).await;
    let closed = close().await.expect(200);
    let named = [&closed["explained_by_name"], &closed["closed_by_name"], &closed["meaning"]];
    assert_eq!(named, [&json!("district 管理员"), &json!("auditor 管理员"), &json!("库存和名额与明细相符")]);
    assert_eq!(app.number("SELECT count(*) FROM ledger_finding").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_goes_on_from_where_it_was_ended() {
    let app = TestApp::start().await;
    app.shoppers(5, 10).await;
    app.state.clock.advance_wall(Duration::minutes(1));
    let order = "SELECT count(*) FROM account WHERE kind = 'points'";
    let everybody = app.number(order).await;
    let third = "(SELECT member_id FROM account WHERE kind = 'points' ORDER BY member_id LIMIT 1 OFFSET 2)";
    app.tamper(&format!(
        "INSERT INTO reconciliation (kind, stage, began_at, after_member_id, after_seal, members, last_members) \
         VALUES ('full', 'members', (SELECT max(posted_at) FROM transfer), {third}, 0, 3, 0)"
    ))
    .await;
    jobs::run_all(&app.state).await;
    let behind = format!(
        "SELECT count(*) FROM account_checkpoint c JOIN account a ON a.id = c.account_id WHERE a.member_id <= {third}"
    );
    let touched = app.number("SELECT last_members FROM reconciliation WHERE kind = 'touched'").await;
    assert_eq!(touched, everybody, "everybody was posted to within the hour");
    assert_eq!(app.number("SELECT members FROM reconciliation WHERE kind = 'full'").await, everybody);
    assert_eq!(app.number(&behind).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_replicas_one_reconciles() {
    let app = TestApp::start().await;
    app.shopper("zhang", 100).await;
    let replica = app.replica().await;
    tokio::join!(jobs::run_all(&app.state), jobs::run_all(&replica.state));
    assert_eq!(app.number("SELECT count(*) FROM ledger_finding").await, 0);
    assert_eq!(app.number("SELECT last_members FROM reconciliation WHERE kind = 'touched'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_found_wrong_while_points_move() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 1, 1_000)).await;
    let buyers = app.shoppers(8, 100).await;
    let moving = buyers.into_iter().map(|buyer| {
        let offer = offer.clone();
        tokio::spawn(async move {
            for _ in 0..6 {
                let bought = buyer.insist("/member/redemptions", &key(), &json!({ "offer_id": offer })).await;
                if bought.status != 201 {
                    continue;
                }
                let path = format!("/member/redemptions/{}/cancellation", id(&bought.body));
                buyer.insist(&path, &key(), &json!({})).await;
            }
        })
    });
    let moving: Vec<_> = moving.collect();
    let mut rounds = 0;
    while rounds < 3 || moving.iter().any(|task| !task.is_finished()) {
        app.tamper("DELETE FROM reconciliation").await;
        jobs::run_all(&app.state).await;
        rounds += 1;
    }
    assert_eq!(app.texts("SELECT invariant FROM ledger_finding").await, [""; 0]);
    assert_eq!(app.number("SELECT count(*) FROM account WHERE frozen_at IS NOT NULL").await, 0);
    app.mall_balances().await;
}
