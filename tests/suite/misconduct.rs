//! Service voided for misconduct by two persons, the member's appeal, and everything given back once.

use api::jobs;
use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use storage::earn_events;
use tests::client::key;
use tests::mall::id;
use tests::service::enrol;
use tests::{Client, Reply, TestApp};

use crate::desk::waiting;

/// 李秀英, who has served two hours of 张建国's activity and got 20 points for them, and the enrolment.
pub(crate) async fn served(app: &TestApp) -> (Client, String) {
    let li = app.resident("li").await;
    let enrolment = serve(app, &li).await;
    let balance = li.get("/member/points").await.expect(200);
    assert_eq!((&balance["available"], &balance["verified_minutes"]), (&json!(20), &json!(120)));
    (li, enrolment)
}

/// Serves two hours and is credited; answers the enrolment.
pub(crate) async fn serve(app: &TestApp, li: &Client) -> String {
    let activity = app.activity(1, 3, 10).await;
    let enrolment = app.serve_session(li, &activity).await;
    app.review("community", &enrolment, None).await;
    app.advance("3d").await;
    enrolment
}

async fn propose(admin: &Client, enrolment: &str, fraud: bool) -> Reply {
    let body = json!({
        "enrolment_id": enrolment,
        "reason": "由他人代为签到",
        "evidence": "监控未见本人",
        "fraud": fraud,
    });
    admin.post("/admin/misconduct-cases", &body).await
}

pub(crate) async fn confirm(admin: &Client, case: &str) -> Reply {
    admin.insist(&format!("/admin/misconduct-cases/{case}/confirmation"), &key(), &json!({})).await
}

pub(crate) async fn appeal(member: &Client, case: &str) -> Reply {
    member.post(&format!("/member/misconduct-cases/{case}/appeal"), &json!({ "text": "我在三号楼服务" })).await
}

pub(crate) async fn rule(admin: &Client, case: &str, granted: bool) -> Reply {
    let body = json!({ "granted": granted, "text": "已核实" });
    admin.insist(&format!("/admin/misconduct-cases/{case}/ruling"), &key(), &body).await
}

/// A case that the community proposed and its second admin confirmed.
pub(crate) async fn confirmed(app: &TestApp, second: &Client, enrolment: &str, fraud: bool) -> String {
    let case = id(&propose(&app.admin("community").await, enrolment, fraud).await.expect(201));
    confirm(second, &case).await.expect(201);
    case
}

/// What the member can spend and owes, what was earned in a lifetime, and the minutes.
async fn standing(member: &Client) -> [i64; 4] {
    let balance = member.get("/member/points").await.expect(200);
    ["available", "debt", "lifetime_earned", "verified_minutes"].map(|name| balance[name].as_i64().expect("a number"))
}

async fn enrolment_state(member: &Client) -> Value {
    member.get("/member/enrolments").await.expect(200)["items"][0]["state"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn confirmed_misconduct_takes_everything_and_a_granted_appeal_gives_it_back_once() {
    let app = TestApp::start().await;
    let (li, enrolment) = served(&app).await;
    let before = standing(&li).await;
    let [earned, _, lifetime, minutes] = before;
    app.spend_points("li", earned - 5).await;
    let community = app.stepped_up("community").await;
    let case = id(&propose(&community, &enrolment, false).await.expect(201));
    assert_eq!(li.get("/member/misconduct-cases").await.expect(200)["items"], json!([]), "nothing is decided");
    confirm(&community, &case).await.refused(409, "same_person");
    let second = app.stepped_up("second-community").await;
    let waits = async |admin: &Client, kind: &str| waiting(admin, kind).await;
    assert_eq!((waits(&community, "misconduct").await, waits(&second, "misconduct").await), (json!(0), json!(1)));
    let done = confirm(&second, &case).await.expect(201);
    assert_eq!((&done["state"], &done["deduction"]), (&json!("confirmed"), &json!(20)));
    assert_eq!(standing(&li).await, [0, earned - 5 + 20, lifetime - earned - 20, 0]);
    assert_eq!(enrolment_state(&li).await, "voided");
    confirm(&second, &case).await.refused(409, "state_conflict");

    let own = li.get("/member/misconduct-cases").await.expect(200);
    assert_eq!(
        (&own["items"][0]["reason"], &own["items"][0]["decided_by"]),
        (&json!("由他人代为签到"), &json!("文源社区"))
    );
    let clawback = done["clawback_transfer_id"].as_str().expect("an id");
    let why = li.get(&format!("/member/points/entries/{clawback}")).await.expect(200);
    let owed = earned - 5;
    let sentence = format!("服务作废：由他人代为签到，追回 {earned} 分，其中 {owed} 分余额不足，记为欠分。");
    assert_eq!(why["sentence"], sentence);

    appeal(&app.member("zhang").await, &case).await.refused(404, "not_found");
    let subdistrict = app.stepped_up("subdistrict").await;
    rule(&subdistrict, &case, true).await.refused(409, "state_conflict");
    assert_eq!(appeal(&li, &case).await.expect(200)["state"], "appealed");
    appeal(&li, &case).await.refused(409, "state_conflict");
    assert_eq!((waits(&second, "appeal").await, waits(&subdistrict, "appeal").await), (json!(0), json!(1)));
    rule(&second, &case, true).await.refused(403, "forbidden");
    let ruled = rule(&subdistrict, &case, true).await.expect(201);
    assert_eq!((&ruled["state"], &ruled["ruled_by"]), (&json!("revoked"), &json!("水泊寺街道")));
    assert_eq!(standing(&li).await, [5, 0, lifetime, minutes]);
    assert_eq!(enrolment_state(&li).await, "credited");
    rule(&subdistrict, &case, true).await.refused(409, "state_conflict");
    propose(&community, &enrolment, false).await.refused(409, "already_charged");
    assert_eq!(waits(&subdistrict, "appeal").await, 0);
    assert_eq!(app.number("SELECT count(*) FROM transfer WHERE kind = 'refund'").await, 2);
    // What was given back is issued again; it is no refund of something spent.
    let report = app.admin("district").await.get("/admin/reports/liability").await.expect(200);
    let sum = |name: &str| report[name].as_i64().expect("a number");
    assert_eq!((sum("issued"), sum("spent"), sum("outstanding"), sum("owed")), (earned, earned - 5, 5, 0));
    let restored = report["movements"].as_array().expect("all").iter().find(|one| one["kind"] == "restore");
    assert_eq!(restored.expect("every kind")["points"], earned + 20);
    for action in ["propose", "confirm", "appeal"].map(|act| format!("{act}_misconduct_case")) {
        let written = format!("SELECT count(*) FROM audit WHERE action = '{action}' AND result = 'done'");
        assert_eq!(app.number(&written).await, 1, "{action}");
    }
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_granted_appeal_gives_back_pays_what_is_owed_for_something_else() {
    let app = TestApp::start().await;
    let (li, first) = served(&app).await;
    let second_admin = app.stepped_up("second-community").await;
    let case = confirmed(&app, &second_admin, &first, false).await;
    assert_eq!(standing(&li).await[..2], [0, 20], "the credit is gone, and the deduction is owed");
    let second = serve(&app, &li).await;
    assert_eq!(standing(&li).await[..2], [0, 0], "the second service paid it");
    confirmed(&app, &second_admin, &second, false).await;
    assert_eq!(standing(&li).await[..2], [0, 40], "the second credit and its deduction are owed");

    appeal(&li, &case).await.expect(200);
    rule(&app.stepped_up("subdistrict").await, &case, true).await.expect(201);
    assert_eq!(standing(&li).await[..2], [0, 0], "what came back for the first case pays for the second");
    app.books_balance().await;
}

/// The rules void the activity: it takes no room under the caps, unless the appeal is granted.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_void_takes_no_room_under_a_cap() {
    let app = TestApp::start().await;
    let (li, enrolment) = served(&app).await;
    // The session's start decides the year that it counts for.
    let served_at = app.state.clock.business() - Duration::days(3) - Duration::hours(2);
    let taken = async || {
        let earned = earn_events::earned(&app.state.database.read(), app.world.member("li"), served_at).await;
        earned.expect("an answer").year
    };
    let before = taken().await;
    let case = confirmed(&app, &app.stepped_up("second-community").await, &enrolment, false).await;
    let without = taken().await;
    assert!(without < before, "{without} of {before}");
    appeal(&li, &case).await.expect(200);
    rule(&app.stepped_up("subdistrict").await, &case, true).await.expect(201);
    assert_eq!(taken().await, before, "what came back counts again");
}

#[tokio::test(flavor = "multi_thread")]
async fn points_of_a_lot_that_expired_meanwhile_come_back_for_the_grace() {
    let app = TestApp::start().await;
    let (li, enrolment) = served(&app).await;
    let [earned, _, lifetime, minutes] = standing(&li).await;
    app.enrich("li", 50).await;
    let case = confirmed(&app, &app.stepped_up("second-community").await, &enrolment, false).await;
    appeal(&li, &case).await.expect(200);
    app.advance("500d").await;
    assert_eq!(standing(&li).await[0], 0, "all else has expired");
    rule(&app.stepped_up("subdistrict").await, &case, true).await.expect(201);
    assert_eq!(standing(&li).await, [earned + 20, 0, lifetime + 50, minutes + 300]);
    app.advance("7d").await;
    assert_eq!(standing(&li).await[0], earned + 20);
    app.advance("1d").await;
    assert_eq!(standing(&li).await[0], 0);
    app.books_balance().await;
}

/// Service that earned nothing has no credit to say how long its deduction lasts; the rules that decided it do.
#[tokio::test(flavor = "multi_thread")]
async fn a_deduction_for_service_that_earned_nothing_comes_back_for_the_grace_and_not_for_ever() {
    let app = TestApp::start().await;
    let li = app.resident("li").await;
    let activity = app.activity(1, 3, 10).await;
    let enrolment = id(&enrol(&li, &activity).await.expect(201));
    for (wait, direction, path) in [("50m", "in", "check-ins"), ("30m", "out", "check-outs")] {
        app.advance(wait).await;
        let code = app.shown_code(&activity, direction).await;
        li.post(&format!("/member/{path}"), &json!({ "code": code })).await.expect(200);
    }
    app.advance("2h").await;
    let confirmed_as = json!({ "attendances": [{ "enrolment_id": enrolment, "evaluation": "b" }] });
    let lead = app.member("zhang").await;
    lead.post(&format!("/member/led-activities/{activity}/confirmation"), &confirmed_as).await.expect(200);
    app.review("community", &enrolment, None).await;
    app.advance("3d").await;
    app.enrich("li", 50).await;
    let before = standing(&li).await;
    let case = confirmed(&app, &app.stepped_up("second-community").await, &enrolment, false).await;
    assert_eq!(standing(&li).await[0], before[0] - 20);
    appeal(&li, &case).await.expect(200);
    app.advance("500d").await;
    rule(&app.stepped_up("subdistrict").await, &case, true).await.expect(201);
    assert_eq!(standing(&li).await[0], 20, "all else has expired");
    app.advance("8d").await;
    assert_eq!(standing(&li).await[0], 0);
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appeal_is_heard_for_five_working_days_and_by_the_level_above() {
    let app = TestApp::start().await;
    let (li, enrolment) = served(&app).await;
    let subdistrict = app.stepped_up("subdistrict").await;
    let case = id(&propose(&app.admin("community").await, &enrolment, false).await.expect(201));
    confirm(&subdistrict, &case).await.expect(201);
    let after = standing(&li).await;
    app.advance("4d").await;
    appeal(&li, &case).await.expect(200);
    rule(&subdistrict, &case, false).await.refused(409, "appeal_level");
    let district = app.stepped_up("district").await;
    assert_eq!(rule(&district, &case, false).await.expect(201)["state"], "upheld");
    assert_eq!(standing(&li).await, after, "nothing comes back");
    assert_eq!(enrolment_state(&li).await, "voided");
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_appeal_is_not_taken_and_what_was_dismissed_may_come_up_again() {
    let app = TestApp::start().await;
    let (li, enrolment) = served(&app).await;
    let before = standing(&li).await;
    let (community, second) = (app.stepped_up("community").await, app.stepped_up("second-community").await);
    let first = id(&propose(&community, &enrolment, false).await.expect(201));
    propose(&second, &enrolment, true).await.refused(409, "already_charged");
    let dismissal = format!("/admin/misconduct-cases/{first}/dismissal");
    community.post(&dismissal, &json!({ "reason": "证据不足" })).await.refused(409, "same_person");
    second.post(&dismissal, &json!({ "reason": " " })).await.refused(422, "invalid_input");
    assert_eq!(second.post(&dismissal, &json!({ "reason": "证据不足" })).await.expect(200)["state"], "dismissed");
    confirm(&second, &first).await.refused(409, "state_conflict");
    assert_eq!(standing(&li).await, before);
    let case = confirmed(&app, &second, &enrolment, false).await;
    app.advance("8d").await;
    appeal(&li, &case).await.refused(409, "appeal_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn fraud_stops_spending_until_an_appeal_is_granted() {
    let app = TestApp::start().await;
    let (li, enrolment) = served(&app).await;
    let case = confirmed(&app, &app.stepped_up("second-community").await, &enrolment, true).await;
    app.enrich("li", 100).await;
    let donate = async || li.post_keyed("/member/donations", &key(), &json!({ "amount": 1 })).await;
    donate().await.refused(409, "points_frozen");
    app.advance("1d").await;
    appeal(&li, &case).await.expect(200);
    rule(&app.stepped_up("subdistrict").await, &case, true).await.expect(201);
    donate().await.expect(201);

    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_frauds_the_one_that_stands_still_stops_spending() {
    let app = TestApp::start().await;
    let (li, first) = served(&app).await;
    let second_admin = app.stepped_up("second-community").await;
    let case = confirmed(&app, &second_admin, &first, true).await;
    let second = serve(&app, &li).await;
    let later = confirmed(&app, &second_admin, &second, true).await;
    app.enrich("li", 100).await;
    appeal(&li, &later).await.expect(200);
    let subdistrict = app.stepped_up("subdistrict").await;
    rule(&subdistrict, &later, true).await.expect(201);
    let donate = async || li.post_keyed("/member/donations", &key(), &json!({ "amount": 1 })).await;
    donate().await.refused(409, "points_frozen");
    appeal(&li, &case).await.expect(200);
    rule(&subdistrict, &case, true).await.expect(201);
    donate().await.expect(201);
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_after_the_fraud_points_can_be_spent_again() {
    let app = TestApp::start().await;
    let (li, enrolment) = served(&app).await;
    confirmed(&app, &app.stepped_up("second-community").await, &enrolment, true).await;
    app.advance("364d").await;
    app.enrich("li", 100).await;
    let donate = async || li.post_keyed("/member/donations", &key(), &json!({ "amount": 1 })).await;
    donate().await.refused(409, "points_frozen");
    app.advance("2d").await;
    donate().await.expect(201);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 'lift_freeze'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_is_told_why_and_nothing_changes() {
    let app = TestApp::start().await;
    let (li, enrolment) = served(&app).await;
    let before = standing(&li).await;
    let community = app.admin("community").await;
    propose(&app.admin("other-community").await, &enrolment, false).await.refused(404, "not_found");
    propose(&app.admin("estate").await, &enrolment, false).await.refused(403, "forbidden");
    let waiting = id(&enrol(&li, &app.activity(30, 31, 5).await).await.expect(201));
    propose(&community, &waiting, false).await.refused(409, "state_conflict");
    let blank = json!({ "enrolment_id": enrolment, "reason": "代签", "evidence": "" });
    community.post("/admin/misconduct-cases", &blank).await.refused(422, "invalid_input");
    app.link_admin("second-community", "li").await;
    propose(&app.admin("second-community").await, &enrolment, false).await.refused(409, "same_person");
    let case = id(&propose(&community, &enrolment, false).await.expect(201));
    confirm(&app.admin("subdistrict").await, &case).await.refused(403, "step_up_required");
    confirm(&app.stepped_up("second-community").await, &case).await.refused(409, "same_person");
    assert_eq!(standing(&li).await, before);
    assert_eq!(app.number("SELECT count(*) FROM transfer WHERE kind = 'clawback'").await, 0);
}

/// The one reply that counted; the others came too late and are told so.
fn one_of(replies: Vec<Reply>, status: u16) -> Value {
    let (counted, late): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == status);
    for reply in late {
        reply.refused(409, "state_conflict");
    }
    let [counted] = <[Reply; 1]>::try_from(counted).expect("one counts");
    counted.body
}

#[tokio::test(flavor = "multi_thread")]
async fn of_confirmations_appeals_and_rulings_at_once_one_counts() {
    let app = TestApp::start().await;
    let (li, enrolment) = served(&app).await;
    let [earned, ..] = standing(&li).await;
    let case = id(&propose(&app.admin("community").await, &enrolment, false).await.expect(201));
    let (second, subdistrict) = (app.stepped_up("second-community").await, app.stepped_up("subdistrict").await);
    one_of(join_all((0..12).map(|_| confirm(&second, &case))).await, 201);
    assert_eq!(app.number("SELECT count(*) FROM transfer WHERE kind = 'clawback'").await, 2);
    one_of(join_all((0..8).map(|_| appeal(&li, &case))).await, 200);
    let ruled = one_of(join_all((0..12).map(|number| rule(&subdistrict, &case, number % 2 == 0))).await, 201);
    let back = if ruled["state"] == "revoked" { earned } else { 0 };
    assert_eq!(standing(&li).await[0], back);
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn minutes_that_were_taken_back_are_rows_of_their_own() {
    let app = TestApp::start().await;
    let (_, enrolment) = served(&app).await;
    confirmed(&app, &app.stepped_up("second-community").await, &enrolment, false).await;
    for change in ["UPDATE service_reversal SET timed_minutes = 0", "DELETE FROM service_reversal"] {
        assert!(app.refused_by_schema(change).await.contains("append-only"), "{change}");
    }
    let again = "INSERT INTO service_reversal SELECT case_id, record_id, case_id, kind, timed_minutes, made_up_minutes, at \
                 FROM service_reversal";
    assert!(app.refused_by_schema(again).await.to_lowercase().contains("unique"), "a record is voided once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_and_a_fraud_each_stop_spending_by_themselves() {
    let app = TestApp::start().await;
    let (li, enrolment) = served(&app).await;
    confirmed(&app, &app.stepped_up("second-community").await, &enrolment, true).await;
    app.enrich("li", 100).await;
    jobs::run_all(&app.state).await;
    let because = async || li.get("/member/points").await.expect(200)["frozen_because"].to_string();
    assert!(because().await.contains("弄虚作假"), "{}", because().await);

    let own = "kind = 'points' AND member_id = (SELECT id FROM member WHERE name = '李秀英')";
    app.tamper(&format!("UPDATE account SET balance = balance + 7 WHERE {own}")).await;
    app.state.clock.advance_wall(Duration::minutes(11));
    jobs::run_all(&app.state).await;
    assert!(because().await.contains("正在核查"), "{}", because().await);
    app.tamper(&format!("UPDATE account SET balance = balance - 7 WHERE {own}")).await;
    let found = app.stepped_up("auditor").await.get("/admin/ledger-findings").await.expect(200);
    for finding in found["items"].as_array().expect("items") {
        let path = format!("/admin/ledger-findings/{}", finding["id"].as_str().expect("an id"));
        let why = json!({ "explanation": "人工改动数据库，已改回" });
        app.stepped_up("district").await.post(&format!("{path}/explanation"), &why).await.expect(200);
        app.stepped_up("auditor").await.post(&format!("{path}/closing"), &json!({})).await.expect(200);
    }
    assert!(because().await.contains("弄虚作假"), "{}", because().await);
    li.post_keyed("/member/donations", &key(), &json!({ "amount": 1 })).await.refused(409, "points_frozen");
}
