//! Activities: proposed, reviewed by the level above, found by members, called off, and the lead's codes.

use chrono::Duration;
use domain::role::Role;
use domain::session::{Audience, Holder};
use serde_json::{Value, json};
use tests::client::key;
use tests::service::enrol;
use tests::{Client, TestApp, world};

async fn propose(app: &TestApp, account: &str, node: &str) -> tests::Reply {
    let mut proposal = app.proposal(48, 50, 10);
    proposal["organisation_id"] = json!(app.world.node(node));
    app.admin(account).await.post("/admin/activities", &proposal).await
}

async fn proposed(app: &TestApp, account: &str, node: &str) -> String {
    propose(app, account, node).await.expect(201)["id"].as_str().expect("an id").to_owned()
}

async fn publish(app: &TestApp, account: &str, id: &str) -> tests::Reply {
    app.admin(account).await.post(&format!("/admin/activities/{id}/publication"), &json!({})).await
}

/// Another admin of the district, who reviews what the first proposes.
async fn second_district(app: &TestApp) -> Client {
    let mut tx = app.state.database.write().await.expect("a transaction");
    let second = world::admin(&app.state, &mut tx, "second-district", Role::District, app.world.node("district")).await;
    tx.commit().await.expect("kept");
    app.signed_in(Audience::Admin, Holder::Admin(second)).await
}

fn titles(list: &Value) -> Vec<&str> {
    list["items"].as_array().expect("items").iter().filter_map(|item| item["title"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_level_above_publishes_what_an_estate_proposes() {
    let app = TestApp::start().await;
    let id = proposed(&app, "estate", "xinhewan").await;
    let zhang = app.member("zhang").await;
    zhang.get(&format!("/member/activities/{id}")).await.refused(404, "not_found");
    assert_eq!(titles(&zhang.get("/member/activities").await.expect(200)), [""; 0]);
    zhang.get(&format!("/member/led-activities/{id}")).await.refused(404, "not_found");

    let waiting = app.admin("community").await.get("/admin/activities?state=review&reviewable=true").await.expect(200);
    assert_eq!(waiting["items"][0]["lead"], "张建国");
    publish(&app, "estate", &id).await.refused(403, "forbidden");
    publish(&app, "other-community", &id).await.refused(404, "not_found");
    let published = publish(&app, "community", &id).await.expect(200);
    assert_eq!(published["state"], "published");
    assert_eq!((&published["proposer"], &published["reviewer"]), (&json!("estate 管理员"), &json!("community 管理员")));
    publish(&app, "second-community", &id).await.refused(409, "state_conflict");

    let seen = zhang.get(&format!("/member/activities/{id}")).await.expect(200);
    assert_eq!((&seen["lead"], &seen["organisation"]), (&json!("张**"), &json!("新河湾小区")));
    assert_eq!((&seen["sessions"][0]["capacity"], &seen["own_enrolments"]), (&json!(10), &json!([])));
    assert_eq!(zhang.get("/member/led-activities").await.expect(200)["items"][0]["id"], id.as_str());
    let led = async |state: &str| {
        let found = zhang.get(&format!("/member/led-activities?state={state}")).await.expect(200);
        found["items"].as_array().map(Vec::len)
    };
    assert_eq!((led("published").await, led("ongoing").await, led("review").await), (Some(1), Some(0), Some(0)));
    app.advance("49h").await;
    assert_eq!((led("published").await, led("ongoing").await), (Some(0), Some(1)), "as it stands now");
    assert_eq!(zhang.get(&format!("/member/led-activities/{id}")).await.expect(200)["lead"], "张建国");
    app.member("li").await.get(&format!("/member/led-activities/{id}")).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_publishes_their_own_and_a_level_never_its_own() {
    let app = TestApp::start().await;
    let of_estate = proposed(&app, "community", "xinhewan").await;
    publish(&app, "community", &of_estate).await.refused(409, "same_person");
    let path = format!("/admin/activities/{of_estate}/refusal");
    app.admin("community").await.post(&path, &json!({ "reason": "重复" })).await.refused(409, "same_person");
    publish(&app, "second-community", &of_estate).await.expect(200);

    let of_community = proposed(&app, "community", "wenyuan").await;
    publish(&app, "second-community", &of_community).await.refused(404, "not_found");
    publish(&app, "subdistrict", &of_community).await.expect(200);

    let of_unit = proposed(&app, "unit", "education").await;
    publish(&app, "subdistrict", &of_unit).await.refused(404, "not_found");
    publish(&app, "district", &of_unit).await.expect(200);

    let of_district = proposed(&app, "district", "district").await;
    publish(&app, "district", &of_district).await.refused(409, "same_person");
    let second = second_district(&app).await;
    second.post(&format!("/admin/activities/{of_district}/publication"), &json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_proposal_is_said_at_once() {
    let app = TestApp::start().await;
    let estate = app.admin("estate").await;
    let mut proposal = app.proposal(-2, -3, 0);
    proposal["title"] = json!("活动");
    proposal["description"] = json!("来就行");
    proposal["kind"] = json!("professional");
    proposal["risk_level"] = json!("high");
    let problem = estate.post("/admin/activities", &proposal).await.refused(422, "invalid_input");
    let fields: Vec<_> = problem["errors"].as_array().expect("errors").iter().map(|e| e["field"].as_str()).collect();
    let expected =
        ["title", "description", "required_qualification", "risk_notice", "insurance", "sessions[0].starts_at"];
    assert_eq!(fields, expected.map(Some));

    let refused = async |change: fn(&TestApp, &mut Value), field: &str| {
        let mut proposal = app.proposal(24, 26, 10);
        change(&app, &mut proposal);
        let problem = estate.post("/admin/activities", &proposal).await.refused(422, "invalid_input");
        assert_eq!(problem["errors"][0]["field"], field);
    };
    refused(|app, body| body["organisation_id"] = json!(app.world.node("wenyuan")), "organisation_id").await;
    refused(|app, body| body["organisation_id"] = json!(app.world.node("jueqianyuan")), "organisation_id").await;
    refused(|_, body| body["lead_member_id"] = json!("018f0000-0000-7000-8000-000000000000"), "lead_member_id").await;
    refused(|app, body| body["lead_member_id"] = json!(app.world.member("liu")), "lead_member_id").await;
    refused(|_, body| body["sessions"] = json!([]), "sessions").await;
    refused(|_, body| body["kind"] = json!("emergency"), "kind").await;
    refused(|_, body| body["sessions"][0]["capacity"] = json!(2001), "sessions[0].capacity").await;
    refused(|_, body| body["sessions"][0]["starts_at"] = json!("2026-11-24 09:30"), "sessions[0].starts_at").await;
    refused(|app, body| body["sessions"][0]["ends_at"] = json!(app.time(Duration::hours(49))), "sessions[0].ends_at")
        .await;
    assert_eq!(app.number("SELECT count(*) FROM activity").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_names_its_declaration_and_counts_double() {
    let app = TestApp::start().await;
    let (li, district) = (app.resident("li").await, app.admin("district").await);
    let refused = async |proposal: &Value| {
        let problem = district.post("/admin/activities", proposal).await.refused(422, "invalid_input");
        assert_eq!(problem["errors"][0]["field"], "emergency_declaration", "{problem}");
    };
    let mut emergency = app.proposal(1, 3, 10);
    emergency["organisation_id"] = json!(app.world.node("district"));
    emergency["kind"] = json!("emergency");
    refused(&emergency).await;
    for text in [" ".to_owned(), "号".repeat(101)] {
        emergency["emergency_declaration"] = json!(text);
        refused(&emergency).await;
    }
    let declaration = json!("市应急响应〔2026〕12号");
    let mut usual = app.proposal(1, 3, 10);
    usual["emergency_declaration"] = declaration.clone();
    refused(&usual).await;
    assert_eq!(app.number("SELECT count(*) FROM activity").await, 0);

    emergency["emergency_declaration"] = declaration.clone();
    let proposed = district.post("/admin/activities", &emergency).await.expect(201);
    assert_eq!(proposed["emergency_declaration"], declaration);
    let id = proposed["id"].as_str().expect("an id");
    let path = format!("/admin/activities/{id}/publication");
    second_district(&app).await.post(&path, &json!({})).await.expect(200);
    let seen = li.get(&format!("/member/activities/{id}")).await.expect(200);
    assert_eq!((&seen["emergency_declaration"], &seen["points_notice"]), (&declaration, &json!(null)));
    let enrolment = app.serve_session(&li, id).await;
    app.review("district", &enrolment, None).await;
    app.advance("3d").await;
    assert_eq!(li.get("/member/points").await.expect(200)["available"], 40);

    app.tamper("UPDATE activity SET emergency_declaration = NULL").await;
    let seen = li.get(&format!("/member/activities/{id}")).await.expect(200);
    assert_eq!(seen["emergency_declaration"], json!(null), "an emergency from before it was asked for");
    app.books_are_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_activity_stays_hidden_with_its_reason() {
    let app = TestApp::start().await;
    let id = proposed(&app, "estate", "xinhewan").await;
    let path = format!("/admin/activities/{id}/refusal");
    let community = app.admin("community").await;
    community.post(&path, &json!({ "reason": "" })).await.refused(422, "invalid_input");
    let refused = community.post(&path, &json!({ "reason": "请补充安排" })).await.expect(200);
    assert_eq!((&refused["state"], &refused["review_comment"]), (&json!("refused"), &json!("请补充安排")));
    community.post(&path, &json!({ "reason": "再次" })).await.refused(409, "state_conflict");
    publish(&app, "community", &id).await.refused(409, "state_conflict");
    app.member("zhang").await.get(&format!("/member/activities/{id}")).await.refused(404, "not_found");
    let shown = app.admin("estate").await.get(&format!("/admin/activities/{id}")).await.expect(200);
    assert_eq!(shown["review_comment"], "请补充安排");
    app.admin("other-community").await.get(&format!("/admin/activities/{id}")).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_published_once_it_should_have_begun() {
    let app = TestApp::start().await;
    let id = proposed(&app, "estate", "xinhewan").await;
    app.advance("49h").await;
    publish(&app, "community", &id).await.refused(409, "activity_begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_find_activities_by_place_time_and_text() {
    let app = TestApp::start().await;
    let pairing = json!({ "unit_id": app.world.node("education"), "community_id": app.world.node("jueqian") });
    app.admin("district").await.post("/admin/unit-pairings", &pairing).await.expect(201);
    for (title, node, proposer, reviewer, from) in [
        ("上午清理楼道", "xinhewan", "estate", "community", 24),
        ("社区义诊服务", "jueqian", "other-community", "district", 48),
        ("下周巡逻值守", "xinhewan", "estate", "subdistrict", 168),
    ] {
        let mut proposal = app.proposal(from, from + 2, 10);
        proposal["title"] = json!(title);
        proposal["organisation_id"] = json!(app.world.node(node));
        let activity = app.admin(proposer).await.post("/admin/activities", &proposal).await.expect(201);
        publish(&app, reviewer, activity["id"].as_str().expect("an id")).await.expect(200);
    }
    let zhang = app.member("zhang").await;
    let found = async |query: &str| {
        let list = zhang.get(&format!("/member/activities?{query}")).await.expect(200);
        titles(&list).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found("").await, ["上午清理楼道", "社区义诊服务", "下周巡逻值守"]);
    assert_eq!(found("text=义诊").await, ["社区义诊服务"]);
    assert_eq!(
        found(&format!("organisation_id={}", app.world.node("shuiposi"))).await,
        ["上午清理楼道", "下周巡逻值守"]
    );
    let to = &app.time(Duration::hours(72))[..10];
    assert_eq!(found(&format!("to={to}")).await, ["上午清理楼道", "社区义诊服务"]);
    assert_eq!(found("kind=training").await, [""; 0]);
    let page = zhang.get("/member/activities?limit=2").await.expect(200);
    let cursor = page["next_cursor"].as_str().expect("a second page");
    assert_eq!(found(&format!("limit=2&cursor={cursor}")).await, ["下周巡逻值守"]);
    zhang.get("/member/activities?kind=party").await.refused(422, "unknown_value");
    zhang.get("/member/activities?from=today").await.refused(422, "invalid_input");
    app.advance("27h").await;
    assert_eq!(found("").await, ["社区义诊服务", "下周巡逻值守"]);
    assert_eq!(found("from=2026-01-01").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn calling_off_ends_every_enrolment() {
    let app = TestApp::start().await;
    let id = app.activity(48, 50, 1).await;
    let (zhang, li) = (app.resident("zhang").await, app.resident("li").await);
    assert_eq!(enrol(&zhang, &id).await.expect(201)["state"], "enrolled");
    assert_eq!(enrol(&li, &id).await.expect(201)["state"], "waitlisted");
    let path = format!("/admin/activities/{id}/cancellation");
    let reason = json!({ "reason": "当天有大雨" });
    app.admin("other-community").await.post_keyed(&path, &key(), &reason).await.refused(404, "not_found");
    let (estate, once) = (app.admin("estate").await, key());
    estate.post(&path, &reason).await.refused(400, "idempotency_key_missing");
    let cancelled = estate.post_keyed(&path, &once, &reason).await.expect(201);
    assert_eq!(estate.post_keyed(&path, &once, &reason).await.expect(201), cancelled, "the answer was lost on the way");
    assert_eq!(cancelled["state"], "cancelled");
    estate.post_keyed(&path, &key(), &reason).await.refused(409, "state_conflict");
    for member in [&zhang, &li] {
        let own = member.get("/member/enrolments").await.expect(200);
        assert_eq!(own["items"][0]["state"], "cancelled");
        let seen = member.get(&format!("/member/activities/{id}")).await.expect(200);
        assert_eq!((&seen["cancellation_reason"], &seen["sessions"][0]["enrolled"]), (&json!("当天有大雨"), &json!(0)));
        enrol(member, &id).await.refused(409, "activity_not_open");
    }
    let begun = app.activity(1, 3, 1).await;
    app.advance("1h").await;
    let path = format!("/admin/activities/{begun}/cancellation");
    estate.post_keyed(&path, &key(), &reason).await.refused(409, "state_conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_lead_shows_codes_and_only_around_the_session() {
    let app = TestApp::start().await;
    let id = app.activity(3, 5, 10).await;
    let zhang = app.member("zhang").await;
    let code = format!("/member/led-activities/{id}/code?direction=in");
    zhang.get(&code).await.refused(409, "attendance_code_hidden");
    app.advance("2h").await;
    let shown = zhang.get(&code).await;
    assert_eq!(shown.headers["cache-control"], "no-store");
    let shown = shown.expect(200);
    assert!(shown["code"].as_str().is_some_and(|code| code.starts_with("ZXA1.") && code.contains(".in.")));
    assert!((1..=30).contains(&shown["refresh_in_seconds"].as_i64().expect("seconds")));
    app.member("li").await.get(&code).await.refused(404, "not_found");
    zhang.get(&format!("/member/led-activities/{id}/code?direction=up")).await.refused(422, "unknown_value");
    let picture = zhang.get(&format!("/member/led-activities/{id}/qr.svg?direction=out")).await;
    assert_eq!((picture.status, picture.headers["content-type"].to_str().ok()), (200, Some("image/svg+xml")));
    assert_eq!(picture.headers["cache-control"], "no-store");
    assert!(picture.text.contains("<svg"));
    app.advance("4h").await;
    zhang.get(&code).await.refused(409, "attendance_code_hidden");
}
