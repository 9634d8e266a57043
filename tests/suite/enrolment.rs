//! From signing up to the credited service, and everything that stands against it.

use chrono::Duration;
use domain::consent::POLICY_VERSION;
use serde_json::{Value, json};
use tests::client::key;
use tests::service::{cancel, enrol};
use tests::{Client, TestApp};

async fn check_in(client: &Client, code: &str) -> tests::Reply {
    client.post("/member/check-ins", &json!({ "code": code })).await
}

async fn check_out(client: &Client, code: &str) -> tests::Reply {
    client.post("/member/check-outs", &json!({ "code": code })).await
}

async fn confirm(app: &TestApp, activity: &str, enrolment: &Value, evaluation: &str) -> tests::Reply {
    let body = json!({ "attendances": [{ "enrolment_id": enrolment, "evaluation": evaluation }] });
    app.member("zhang").await.post(&format!("/member/led-activities/{activity}/confirmation"), &body).await
}

async fn review(app: &TestApp, account: &str, enrolment: &Value, reason: Option<&str>) -> tests::Reply {
    let one = json!({ "enrolment_id": enrolment, "approved": reason.is_none(), "reason": reason });
    app.admin(account).await.post("/admin/attendances/review", &json!({ "attendances": [one] })).await
}

async fn own(client: &Client) -> Value {
    client.get("/member/enrolments").await.expect(200)["items"][0].clone()
}

/// Signs up for a session from one to three hours from now, comes early and leaves late.
async fn attended(app: &TestApp, client: &Client, activity: &str) -> Value {
    let enrolment = enrol(client, activity).await.expect(201)["id"].clone();
    app.advance("50m").await;
    check_in(client, &app.shown_code(activity, "in").await).await.expect(200);
    app.advance("130m").await;
    check_out(client, &app.shown_code(activity, "out").await).await.expect(200);
    enrolment
}

#[tokio::test(flavor = "multi_thread")]
async fn service_is_counted_confirmed_reviewed_made_public_and_credited_once() {
    let app = TestApp::start().await;
    let id = app.activity(1, 3, 10).await;
    let li = app.resident("li").await;
    let enrolled = enrol(&li, &id).await.expect(201);
    assert_eq!((&enrolled["state"], &enrolled["title"]), (&json!("enrolled"), &json!("周末清理楼道")));
    let seen = li.get(&format!("/member/activities/{id}")).await.expect(200);
    assert_eq!(
        (&seen["own_enrolments"][0]["state"], &seen["sessions"][0]["enrolled"]),
        (&json!("enrolled"), &json!(1))
    );

    app.advance("30m").await;
    let location = json!({ "lat": 40.076_54, "lng": 113.300_12, "coord_type": "gcj02", "accuracy_m": 30 });
    let scan = json!({ "code": app.shown_code(&id, "in").await, "location": location });
    li.post("/member/check-ins", &scan).await.refused(403, "consent_required");
    assert_eq!(own(&li).await["state"], "enrolled");
    let consent = json!({ "purpose": "precise_location", "policy_version": POLICY_VERSION });
    li.post("/member/consents", &consent).await.expect(200);
    assert_eq!(li.post("/member/check-ins", &scan).await.expect(200)["state"], "checked_in");
    confirm(&app, &id, &enrolled["id"], "a").await.refused(409, "state_conflict");
    app.advance("3h").await;
    let left = check_out(&li, &app.shown_code(&id, "out").await).await.expect(200);
    assert_eq!((&left["state"], &left["minutes"]), (&json!("checked_out"), &json!(120)));

    let people = app.member("zhang").await.get(&format!("/member/led-activities/{id}/attendees")).await.expect(200);
    assert_eq!((&people["items"][0]["name"], &people["items"][0]["minutes"]), (&json!("李秀英"), &json!(120)));
    confirm(&app, &id, &enrolled["id"], "a").await.expect(200);
    confirm(&app, &id, &enrolled["id"], "a").await.refused(409, "state_conflict");

    let waiting = app.admin("community").await.get("/admin/attendances").await.expect(200);
    assert_eq!((&waiting["items"][0]["lead"], &waiting["items"][0]["located"]), (&json!("张建国"), &json!(true)));
    let reviewed = review(&app, "community", &enrolled["id"], None).await.expect(200);
    assert_eq!(reviewed["attendances"][0]["state"], "in_publicity");
    app.advance("71h").await;
    assert_eq!(own(&li).await["state"], "in_publicity");
    app.advance("1h").await;
    let credited = own(&li).await;
    // 120 minutes are four half-hours of 5 points; 优秀 counts 1.2 times.
    assert_eq!(
        (&credited["state"], &credited["points"], &credited["minutes"]),
        (&json!("credited"), &json!(24), &json!(120))
    );
    assert_eq!(app.number("SELECT CAST(SUM(timed_minutes) AS bigint) FROM service_record").await, 120);
    let balance = li.get("/member/points").await.expect(200);
    assert_eq!((&balance["available"], &balance["verified_minutes"]), (&json!(24), &json!(120)));
    let entries = li.get("/member/points/entries").await.expect(200);
    let transfer = entries["items"][0]["transfer_id"].as_str().expect("an id");
    let why = li.get(&format!("/member/points/entries/{transfer}")).await.expect(200);
    let sentence = why["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("服务 120 分钟") && sentence.contains("得 24 分"), "{sentence}");
    app.advance("1h").await;
    assert_eq!(app.number("SELECT count(*) FROM transfer").await, 1);
    let settled = app.admin("estate").await.get(&format!("/admin/activities/{id}")).await.expect(200);
    assert_eq!(settled["state"], "settled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_given_back_goes_to_the_first_in_line() {
    let app = TestApp::start().await;
    let id = app.activity(48, 50, 1).await;
    let (li, wang, zhao) = (app.resident("li").await, app.resident("wang").await, app.resident("zhao").await);
    assert_eq!(enrol(&li, &id).await.expect(201)["state"], "enrolled");
    assert_eq!(enrol(&wang, &id).await.expect(201)["state"], "waitlisted");
    assert_eq!(enrol(&zhao, &id).await.expect(201)["state"], "waitlisted");
    assert_eq!(cancel(&li, &id).await.expect(201)["state"], "cancelled");
    assert_eq!(
        (own(&wang).await["state"].clone(), own(&zhao).await["state"].clone()),
        (json!("enrolled"), json!("waitlisted"))
    );
    cancel(&li, &id).await.refused(409, "state_conflict");
    assert_eq!(enrol(&li, &id).await.expect(201)["state"], "waitlisted");
    assert_eq!(li.get("/member/enrolments").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    for (state, seen) in [("waitlisted", 1), ("enrolled", 0)] {
        let found = li.get(&format!("/member/enrolments?state={state}")).await.expect(200);
        assert_eq!(found["items"].as_array().map(Vec::len), Some(seen), "{state}");
    }
    cancel(&wang, &id).await.expect(201);
    assert_eq!(
        (own(&zhao).await["state"].clone(), own(&li).await["state"].clone()),
        (json!("enrolled"), json!("waitlisted"))
    );
    cancel(&app.member("liu").await, &id).await.refused(409, "not_enrolled");
    assert_eq!(app.number("SELECT count(*) FROM enrolment WHERE cancelled_late").await, 0);
    app.advance("48h").await;
    cancel(&zhao, &id).await.refused(409, "activity_begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_against_signing_up_has_its_own_code() {
    let app = TestApp::start().await;
    let id = app.activity(2, 4, 5).await;
    let path = format!("/member/activities/{id}/enrolment");
    let li = app.resident("li").await;
    enrol(&app.member("liu").await, &id).await.refused(409, "not_resident");
    li.post(&path, &json!({})).await.refused(400, "idempotency_key_missing");
    enrol(&li, "018f0000-0000-7000-8000-000000000000").await.refused(404, "not_found");
    enrol(&li, "x").await.refused(404, "not_found");
    let elsewhere = json!({ "session_id": "018f0000-0000-7000-8000-000000000000" });
    li.post_keyed(&path, &key(), &elsewhere).await.refused(422, "invalid_input");

    let again = key();
    let first = li.post_keyed(&path, &again, &json!({})).await.expect(201);
    let replayed = li.post_keyed(&path, &again, &json!({})).await;
    assert_eq!((replayed.headers["idempotency-replayed"].to_str().ok(), &replayed.body), (Some("true"), &first));
    li.post_keyed(&path, &again, &elsewhere).await.refused(422, "idempotency_key_reused");
    enrol(&li, &id).await.refused(409, "already_enrolled");
    let clashing = app.activity(3, 5, 5).await;
    let problem = enrol(&li, &clashing).await.refused(409, "time_clash");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("周末清理楼道")));
    let after = app.activity(4, 6, 5).await;
    enrol(&li, &after).await.expect(201);

    let wang = app.resident("wang").await;
    app.advance("2h").await;
    enrol(&wang, &id).await.refused(409, "enrolment_closed");
    app.advance("2h").await;
    enrol(&wang, &id).await.refused(409, "activity_not_open");
    assert_eq!(app.number("SELECT count(*) FROM enrolment").await, 2);
    assert_eq!(app.number("SELECT CAST(SUM(enrolled) AS bigint) FROM activity_session").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_sessions_one_is_chosen() {
    let app = TestApp::start().await;
    let mut proposal = app.proposal(24, 26, 5);
    let mut second = proposal["sessions"][0].clone();
    second["starts_at"] = json!(app.time(Duration::hours(48)));
    second["ends_at"] = json!(app.time(Duration::hours(50)));
    proposal["sessions"].as_array_mut().expect("sessions").push(second);
    let id = app.published(&proposal).await;
    let li = app.resident("li").await;
    let problem = enrol(&li, &id).await.refused(422, "invalid_input");
    assert_eq!(problem["errors"][0]["field"], "session_id");
    let seen = li.get(&format!("/member/activities/{id}")).await.expect(200);
    for session in seen["sessions"].as_array().expect("sessions") {
        let body = json!({ "session_id": session["id"] });
        li.post_keyed(&format!("/member/activities/{id}/enrolment"), &key(), &body).await.expect(201);
    }
    let zhang = app.member("zhang").await;
    app.advance("23h").await;
    let code = format!("/member/led-activities/{id}/code?direction=in");
    assert_eq!(zhang.get(&code).await.expect(200)["session_id"], seen["sessions"][0]["id"]);
    app.advance("24h").await;
    assert_eq!(zhang.get(&code).await.expect(200)["session_id"], seen["sessions"][1]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_code_is_told_apart() {
    let app = TestApp::start().await;
    let (id, other) = (app.activity(2, 4, 5).await, app.activity(2, 4, 5).await);
    let li = app.resident("li").await;
    enrol(&li, &id).await.expect(201);
    app.advance("90m").await;
    let code = app.shown_code(&id, "in").await;
    for text in ["https://weixin.qq.com/", "", "ZXV1.a.b.c.d"] {
        check_in(&li, text).await.refused(422, "attendance_code_foreign");
    }
    check_in(&li, &code.replace(".in.", ".out.")).await.refused(422, "attendance_code_edited");
    let out = app.shown_code(&id, "out").await;
    check_in(&li, &out).await.refused(409, "attendance_code_direction");
    check_out(&li, &out).await.refused(409, "not_checked_in");
    check_in(&li, &app.shown_code(&other, "in").await).await.refused(409, "not_enrolled");
    app.state.clock.advance_wall(Duration::seconds(61));
    check_in(&li, &code).await.refused(409, "attendance_code_stale");
    let swapped = json!({ "lat": 113.3, "lng": 40.0, "coord_type": "gcj02", "accuracy_m": 30 });
    let body = json!({ "code": app.shown_code(&id, "in").await, "location": swapped });
    li.post("/member/check-ins", &body).await.refused(422, "invalid_input");
    let wgs = json!({ "lat": 40.0, "lng": 113.3, "coord_type": "wgs84", "accuracy_m": 30 });
    let body = json!({ "code": app.shown_code(&id, "in").await, "location": wgs });
    li.post("/member/check-ins", &body).await.refused(422, "invalid_input");
    assert_eq!(own(&li).await["state"], "enrolled");
    let code = app.shown_code(&id, "in").await;
    check_in(&li, &code).await.expect(200);
    check_in(&li, &code).await.refused(409, "already_checked_in");
    app.advance("90m").await;
    let out = app.shown_code(&id, "out").await;
    check_out(&li, &out).await.expect(200);
    check_out(&li, &out).await.refused(409, "already_checked_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_check_out_closes_at_the_planned_end_and_who_never_came_is_absent() {
    let app = TestApp::start().await;
    let id = app.activity(1, 3, 1).await;
    let (li, wang) = (app.resident("li").await, app.resident("wang").await);
    enrol(&li, &id).await.expect(201);
    enrol(&wang, &id).await.expect(201);
    app.advance("50m").await;
    check_in(&wang, &app.shown_code(&id, "in").await).await.refused(409, "not_enrolled");
    check_in(&li, &app.shown_code(&id, "in").await).await.expect(200);
    app.advance("26h").await;
    let closed = own(&li).await;
    assert_eq!((&closed["state"], &closed["minutes"]), (&json!("checked_out"), &json!(120)));
    assert_eq!((&closed["closed_automatically"], &closed["checked_out_at"]), (&json!(true), &closed["ends_at"]));
    assert_eq!(own(&wang).await["state"], "waitlisted");

    let next = app.activity(1, 3, 1).await;
    enrol(&wang, &next).await.expect(201);
    app.advance("3h").await;
    assert_eq!(own(&wang).await["state"], "no_show");
    for _ in 0..2 {
        let next = app.activity(1, 3, 1).await;
        enrol(&wang, &next).await.expect(201);
        app.advance("3h").await;
    }
    let next = app.activity(1, 3, 1).await;
    enrol(&wang, &next).await.refused(409, "enrolment_paused");
    let mut duty = app.proposal(1, 3, 1);
    duty["nature"] = json!("party_duty");
    enrol(&wang, &app.published(&duty).await).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lead_confirms_only_their_own_activity_and_calls_nobody_excellent_who_is_themselves() {
    let app = TestApp::start().await;
    let (id, other) = (app.activity(1, 3, 5).await, app.activity(24, 26, 5).await);
    let (zhang, li) = (app.resident("zhang").await, app.resident("li").await);
    let led = enrol(&zhang, &id).await.expect(201)["id"].clone();
    let served = enrol(&li, &id).await.expect(201)["id"].clone();
    app.advance("1h").await;
    for member in [&zhang, &li] {
        check_in(member, &app.shown_code(&id, "in").await).await.expect(200);
    }
    app.advance("2h").await;
    let path = format!("/member/led-activities/{id}/confirmation");
    let both = json!({ "attendances": [
        { "enrolment_id": served, "evaluation": "a" }, { "enrolment_id": led, "evaluation": "a" },
    ] });
    li.post(&path, &both).await.refused(404, "not_found");
    let problem = zhang.post(&path, &both).await.refused(409, "same_person");
    assert_eq!(problem["facts"]["enrolment_id"], led);
    assert_eq!(own(&li).await["state"], "checked_out", "all or nothing");
    zhang.post(&path, &json!({ "attendances": [] })).await.refused(422, "invalid_input");
    let twice = json!({ "attendances": [
        { "enrolment_id": led, "evaluation": "a" }, { "enrolment_id": led, "evaluation": "b" },
    ] });
    zhang.post(&path, &twice).await.refused(422, "invalid_input");
    let elsewhere = format!("/member/led-activities/{other}/confirmation");
    zhang.post(&elsewhere, &both).await.refused(404, "not_found");
    confirm(&app, &id, &served, "a").await.expect(200);
    confirm(&app, &id, &led, "b").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_of_the_right_community_reviews() {
    let app = TestApp::start().await;
    let id = app.activity(1, 3, 5).await;
    let li = app.resident("li").await;
    let enrolment = attended(&app, &li, &id).await;
    review(&app, "community", &enrolment, None).await.refused(409, "state_conflict");
    confirm(&app, &id, &enrolment, "b").await.expect(200);
    review(&app, "other-community", &enrolment, None).await.refused(404, "not_found");
    review(&app, "estate", &enrolment, None).await.refused(403, "forbidden");
    for name in ["张建国", "李秀英"] {
        let link = format!(
            "UPDATE admin SET member_id = (SELECT id FROM member WHERE name = '{name}') WHERE account = 'community'"
        );
        app.tamper(&link).await;
        app.state.database.read().ping().await.expect("alive");
        app.state.clock.advance_wall(Duration::seconds(6));
        review(&app, "community", &enrolment, None).await.refused(409, "same_person");
    }
    assert_eq!(own(&li).await["state"], "lead_confirmed");
    let empty = json!({ "attendances": [{ "enrolment_id": enrolment, "approved": false }] });
    let second = app.admin("second-community").await;
    second.post("/admin/attendances/review", &empty).await.refused(422, "invalid_input");
    review(&app, "second-community", &enrolment, Some("未见到场")).await.expect(200);
    let refused = own(&li).await;
    assert_eq!((&refused["state"], &refused["refusal_reason"]), (&json!("refused"), &json!("未见到场")));
    review(&app, "second-community", &enrolment, None).await.refused(409, "state_conflict");
    app.advance("10d").await;
    assert_eq!(app.number("SELECT count(*) FROM transfer").await, 0);
    assert_eq!(app.number("SELECT count(*) FROM service_record").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn service_judged_insufficient_keeps_its_minutes_and_earns_nothing() {
    let app = TestApp::start().await;
    let id = app.activity(1, 3, 5).await;
    let li = app.resident("li").await;
    let enrolment = attended(&app, &li, &id).await;
    confirm(&app, &id, &enrolment, "d").await.expect(200);
    review(&app, "community", &enrolment, None).await.expect(200);
    app.advance("3d").await;
    let credited = own(&li).await;
    assert_eq!(
        (&credited["state"], &credited["points"], &credited["minutes"]),
        (&json!("credited"), &json!(0), &json!(120))
    );
    assert_eq!(app.number("SELECT count(*) FROM transfer").await, 0);
    assert_eq!(app.number("SELECT CAST(SUM(timed_minutes) AS bigint) FROM service_record").await, 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_comes_to_the_sessions_of_a_day_as_often_as_the_rules_say() {
    let app = TestApp::start().await;
    app.change_rules(|rules| rules.earning.sign_pairs_per_activity_day = 1).await;
    let mut proposal = app.proposal(1, 2, 5);
    let later = app.proposal(2, 3, 5)["sessions"][0].clone();
    proposal["sessions"].as_array_mut().expect("sessions").push(later);
    let id = app.published(&proposal).await;
    let li = app.resident("li").await;
    let lead = app.member("zhang").await;
    let activity = li.get(&format!("/member/activities/{id}")).await.expect(200);
    let path = format!("/member/activities/{id}/enrolment");
    let mut scans = Vec::new();
    app.advance("10m").await;
    for session in activity["sessions"].as_array().expect("sessions") {
        li.post_keyed(&path, &key(), &json!({ "session_id": session["id"] })).await.expect(201);
    }
    app.advance("55m").await;
    for session in activity["sessions"].as_array().expect("sessions") {
        let asked = format!(
            "/member/led-activities/{id}/code?direction=in&session_id={}",
            session["id"].as_str().expect("an id")
        );
        scans.push(lead.get(&asked).await.expect(200)["code"].as_str().expect("a code").to_owned());
    }
    check_in(&li, &scans[0]).await.expect(200);
    let told = check_in(&li, &scans[1]).await.refused(409, "check_in_limit_reached");
    assert_eq!(told["detail"], "同一活动每日最多签到 1 次，您今天已达到上限");
    app.change_rules(|rules| rules.earning.sign_pairs_per_activity_day = 2).await;
    check_in(&li, &scans[1]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_confirmed_after_the_days_that_the_rules_give_is_marked_for_the_reviewer() {
    let app = TestApp::start().await;
    app.change_rules(|rules| rules.record.register_within_days = 1).await;
    let id = app.activity(1, 3, 5).await;
    let li = app.resident("li").await;
    let enrolment = attended(&app, &li, &id).await;
    app.advance("25h").await;
    confirm(&app, &id, &enrolment, "b").await.expect(200);
    let late = async || {
        app.admin("community").await.get("/admin/attendances").await.expect(200)["items"][0]["confirmed_late"].clone()
    };
    assert_eq!(late().await, true);
    app.change_rules(|rules| rules.record.register_within_days = 2).await;
    assert_eq!(late().await, false);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lead_makes_up_what_nobody_timed_and_its_minutes_stand_apart() {
    let app = TestApp::start().await;
    let id = app.activity(1, 3, 5).await;
    let (li, wang) = (app.resident("li").await, app.resident("wang").await);
    let enrolment = enrol(&li, &id).await.expect(201)["id"].clone();
    let other = enrol(&wang, &id).await.expect(201)["id"].clone();
    let path = format!("/member/led-activities/{id}/made-up-attendance");
    let body = |enrolment: &Value, minutes: i64| json!({ "enrolment_id": enrolment, "minutes": minutes, "evidence": "签到设备故障，有签名册", "evaluation": "b" });
    let lead = app.member("zhang").await;
    lead.post(&path, &body(&enrolment, 60)).await.refused(409, "state_conflict");
    app.advance("4h").await;
    assert_eq!(own(&li).await["state"], "no_show");
    li.post(&path, &body(&enrolment, 60)).await.refused(404, "not_found");
    lead.post(&path, &body(&enrolment, 121)).await.refused(422, "invalid_input");
    let mut bare = body(&enrolment, 60);
    bare["evidence"] = json!(" ");
    lead.post(&path, &bare).await.refused(422, "invalid_input");
    let made_up = lead.post(&path, &body(&enrolment, 60)).await.expect(200);
    assert_eq!((&made_up["state"], &made_up["made_up_minutes"]), (&json!("lead_confirmed"), &json!(60)));
    lead.post(&path, &body(&enrolment, 60)).await.refused(409, "state_conflict");
    let waiting = app.admin("community").await.get("/admin/attendances").await.expect(200)["items"][0].clone();
    assert_eq!((&waiting["minutes"], &waiting["made_up_minutes"]), (&json!(0), &json!(60)));
    assert_eq!(waiting["made_up_evidence"], "签到设备故障，有签名册");
    review(&app, "community", &enrolment, None).await.expect(200);
    app.advance("72h").await;
    let credited = own(&li).await;
    assert_eq!((&credited["state"], &credited["points"]), (&json!("credited"), &json!(0)), "the default rules");
    let minutes = "SELECT CAST(SUM(timed_minutes * 1000 + made_up_minutes) AS bigint) FROM service_record";
    assert_eq!(app.number(minutes).await, 60);
    let balance = li.get("/member/points").await.expect(200);
    assert_eq!((&balance["available"], &balance["verified_minutes"]), (&json!(0), &json!(60)));

    app.advance("4d").await;
    lead.post(&path, &body(&other, 60)).await.refused(409, "make_up_too_late");
    app.change_rules(|rules| rules.record.made_up_within_days = 9).await;
    lead.post(&path, &body(&other, 60)).await.expect(200);
    review(&app, "community", &other, Some("签名册上没有")).await.expect(200);
    let stayed_away = "SELECT count(*) FROM enrolment WHERE state = 'refused' AND checked_in_at IS NULL";
    assert_eq!(app.number(stayed_away).await, 1);
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_minutes_earn_what_the_rules_say() {
    let app = TestApp::start().await;
    app.change_rules(|rules| rules.coefficients.made_up_bp = 5_000).await;
    let id = app.activity(1, 3, 5).await;
    let li = app.resident("li").await;
    let enrolment = enrol(&li, &id).await.expect(201)["id"].clone();
    app.advance("3h").await;
    let path = format!("/member/led-activities/{id}/made-up-attendance");
    let body = json!({ "enrolment_id": enrolment, "minutes": 120, "evidence": "签名册", "evaluation": "b" });
    app.member("zhang").await.post(&path, &body).await.expect(200);
    review(&app, "community", &enrolment, None).await.expect(200);
    assert_eq!(li.get("/member/points/pending").await.expect(200)["points"], 10);
    app.advance("72h").await;
    assert_eq!(li.get("/member/points").await.expect(200)["available"], 10, "half of two hours");
    app.books_balance().await;
}
