//! Reporting to the estate, confirmed by the unit, accepted by the community.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::TestApp;
use tests::client::key;

fn report(app: &TestApp, estate: &str) -> Value {
    json!({ "estate_id": app.world.node(estate), "building": "3号楼2单元501", "skills": ["急救"], "wishes": ["周末可参加"] })
}

async fn reported(app: &TestApp, name: &str) -> String {
    let answer = app.member(name).await.post("/member/residencies", &report(app, "xinhewan")).await.expect(201);
    answer["id"].as_str().expect("an id").to_owned()
}

async fn decide(app: &TestApp, account: &str, id: &str, decision: &str) -> tests::Reply {
    let body = if decision == "refusal" { json!({ "reason": "不在本小区居住" }) } else { json!({}) };
    app.admin(account).await.post_keyed(&format!("/admin/residencies/{id}/{decision}"), &key(), &body).await
}

async fn points(app: &TestApp) -> i64 {
    app.number("SELECT CAST(COALESCE(SUM(balance), 0) AS bigint) FROM account").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_confirmed_by_the_unit_accepted_by_the_community_and_earns_points_once() {
    let app = TestApp::start().await;
    let id = reported(&app, "zhang").await;
    let seen = app.admin("unit").await.get("/admin/residencies?state=submitted").await.expect(200);
    assert_eq!(seen["items"][0]["id"], id.as_str());
    assert_eq!(seen["items"][0]["member_name"], "张建国");
    assert_eq!(
        (&seen["items"][0]["estate"], &seen["items"][0]["unit"]),
        (&json!("新河湾小区"), &json!("平城区教育局"))
    );

    decide(&app, "community", &id, "acceptance").await.refused(409, "state_conflict");
    let confirmed = decide(&app, "unit", &id, "unit-confirmation").await.expect(200);
    assert_eq!(confirmed["state"], "unit_confirmed");
    decide(&app, "unit", &id, "unit-confirmation").await.refused(409, "state_conflict");
    assert_eq!(points(&app).await, 0);
    let accepted = decide(&app, "community", &id, "acceptance").await.expect(201);
    assert_eq!(accepted["state"], "active");
    assert_eq!(points(&app).await, 20);
    decide(&app, "community", &id, "acceptance").await.refused(409, "state_conflict");

    let zhang = app.member("zhang").await;
    let own = zhang.get("/member/residencies").await.expect(200);
    assert_eq!((&own["items"][0]["state"], &own["items"][0]["community"]), (&json!("active"), &json!("文源社区")));
    let leaving = format!("/member/residencies/{id}/leaving");
    let left = zhang.post(&leaving, &json!({ "reason": "moved" })).await.expect(200);
    assert_eq!((&left["state"], &left["closing_reason"]), (&json!("left"), &json!("搬离小区")));
    zhang.post(&leaving, &json!({ "reason": "moved" })).await.refused(409, "state_conflict");

    let second = reported(&app, "zhang").await;
    decide(&app, "unit", &second, "unit-confirmation").await.expect(200);
    decide(&app, "community", &second, "acceptance").await.expect(201);
    assert_eq!(points(&app).await, 20);
    assert_eq!(app.number("SELECT count(*) FROM earn_event").await, 1);
    let audited = "SELECT count(*) FROM audit WHERE action = 'accept_residency' AND result = 'done'";
    assert_eq!(app.number(audited).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_residency_at_a_time() {
    let app = TestApp::start().await;
    let zhang = app.member("zhang").await;
    let id = reported(&app, "zhang").await;
    zhang.post("/member/residencies", &report(&app, "xingwenyuan")).await.refused(409, "residency_open");
    let withdrawn = zhang.post(&format!("/member/residencies/{id}/withdrawal"), &json!({})).await.expect(200);
    assert_eq!(withdrawn["state"], "withdrawn");
    zhang.post(&format!("/member/residencies/{id}/withdrawal"), &json!({})).await.refused(409, "state_conflict");
    zhang.post("/member/residencies", &report(&app, "xingwenyuan")).await.expect(201);
    let own = zhang.get("/member/residencies?limit=1").await.expect(200);
    assert_eq!(own["items"][0]["estate"], "兴文苑小区");
    let cursor = own["next_cursor"].as_str().expect("a second page");
    let rest = zhang.get(&format!("/member/residencies?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((&rest["items"][0]["id"], &rest["next_cursor"]), (&json!(id), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_reports_at_once_one_is_let_in() {
    let app = TestApp::start().await;
    let zhang = app.member("zhang").await;
    let bodies: Vec<_> =
        ["xinhewan", "xingwenyuan"].iter().cycle().take(16).map(|estate| report(&app, estate)).collect();
    let replies = join_all(bodies.iter().map(|body| zhang.post("/member/residencies", body))).await;
    let (let_in, others): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(let_in.len(), 1);
    for other in others {
        other.refused(409, "residency_open");
    }
    assert_eq!(app.number("SELECT count(*) FROM residency").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_acceptances_at_once_one_counts_and_earns() {
    let app = TestApp::start().await;
    let id = reported(&app, "zhang").await;
    decide(&app, "unit", &id, "unit-confirmation").await.expect(200);
    let clerks = [app.admin("community").await, app.admin("second-community").await];
    let (path, body) = (format!("/admin/residencies/{id}/acceptance"), json!({}));
    let replies =
        join_all(clerks.iter().cycle().take(16).map(|clerk| async { clerk.post_keyed(&path, &key(), &body).await }))
            .await;
    let (accepted, others): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(accepted.len(), 1);
    for other in others {
        other.refused(409, "state_conflict");
    }
    assert_eq!(points(&app).await, 20);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 'accept_residency'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_why_and_each_side_only_speaks_in_its_turn() {
    let app = TestApp::start().await;
    let id = reported(&app, "zhang").await;
    decide(&app, "community", &id, "refusal").await.refused(409, "state_conflict");
    decide(&app, "unit", &id, "unit-confirmation").await.expect(200);
    decide(&app, "unit", &id, "refusal").await.refused(409, "state_conflict");
    let path = format!("/admin/residencies/{id}/refusal");
    app.admin("community").await.post(&path, &json!({ "reason": "  " })).await.refused(422, "invalid_input");
    decide(&app, "community", &id, "refusal").await.expect(200);
    let own = app.member("zhang").await.get("/member/residencies").await.expect(200);
    assert_eq!(
        (&own["items"][0]["state"], &own["items"][0]["closing_reason"]),
        (&json!("refused"), &json!("不在本小区居住"))
    );
    reported(&app, "zhang").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn authority_ends_at_the_subtree() {
    let app = TestApp::start().await;
    let id = reported(&app, "zhang").await;
    for (account, decision) in
        [("other-unit", "unit-confirmation"), ("other-unit", "refusal"), ("other-community", "refusal")]
    {
        decide(&app, account, &id, decision).await.refused(404, "not_found");
    }
    for account in ["district", "subdistrict", "estate", "community"] {
        decide(&app, account, &id, "unit-confirmation").await.refused(403, "forbidden");
    }
    decide(&app, "estate", &id, "refusal").await.refused(403, "forbidden");
    decide(&app, "unit", &id, "unit-confirmation").await.expect(200);
    decide(&app, "other-community", &id, "acceptance").await.refused(404, "not_found");
    decide(&app, "unit", &id, "acceptance").await.refused(403, "forbidden");
    for (account, count) in [("unit", 1), ("community", 1), ("subdistrict", 1), ("district", 1), ("estate", 1)] {
        let seen = app.admin(account).await.get("/admin/residencies").await.expect(200);
        assert_eq!(seen["items"].as_array().map(Vec::len), Some(count), "{account}");
        app.admin(account).await.get(&format!("/admin/residencies/{id}")).await.expect(200);
    }
    for account in ["other-unit", "other-community"] {
        let seen = app.admin(account).await.get("/admin/residencies").await.expect(200);
        assert_eq!(seen["items"], json!([]), "{account}");
        app.admin(account).await.get(&format!("/admin/residencies/{id}")).await.refused(404, "not_found");
    }
    app.admin("merchant").await.get("/admin/residencies").await.refused(403, "forbidden");
    let li = app.member("li").await;
    li.post(&format!("/member/residencies/{id}/withdrawal"), &json!({})).await.refused(404, "not_found");
    li.post(&format!("/member/residencies/{id}/leaving"), &json!({ "reason": "moved" }))
        .await
        .refused(404, "not_found");
    assert_eq!(li.get("/member/residencies").await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_about_their_own_report() {
    let app = TestApp::start().await;
    let id = reported(&app, "zhang").await;
    app.tamper("UPDATE admin SET member_id = (SELECT id FROM member WHERE name = '张建国') WHERE account = 'unit'")
        .await;
    decide(&app, "unit", &id, "unit-confirmation").await.refused(409, "same_person");
    decide(&app, "unit", &id, "refusal").await.refused(409, "same_person");
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE reason = 'same_person'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_named() {
    let app = TestApp::start().await;
    let zhang = app.member("zhang").await;
    let refused = async |change: fn(&mut Value), field: &str| {
        let mut body = report(&app, "xinhewan");
        change(&mut body);
        let problem = zhang.post("/member/residencies", &body).await.refused(422, "invalid_input");
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
    };
    refused(|body| body["building"] = json!(" "), "building").await;
    refused(|body| body["building"] = json!("楼".repeat(61)), "building").await;
    refused(|body| body["skills"] = json!(vec!["技能"; 11]), "skills").await;
    refused(|body| body["skills"] = json!(["好", ""]), "skills[1]").await;
    refused(|body| body["estate_id"] = json!("018f0000-0000-7000-8000-000000000000"), "estate_id").await;
    refused(|body| body["estate_id"] = json!("x"), "estate_id").await;
    refused(|body| body["floor"] = json!(3), "floor").await;
    zhang.post("/member/residencies", &report(&app, "wenyuan")).await.refused(422, "invalid_input");
    zhang.post("/member/residencies/x/withdrawal", &json!({})).await.refused(404, "not_found");
    zhang.get("/member/residencies?limit=0").await.refused(422, "invalid_input");
    zhang.get("/member/residencies?cursor=x").await.refused(422, "invalid_input");
    app.tamper("UPDATE member SET state = 'left' WHERE name = '张建国'").await;
    zhang.post("/member/residencies", &report(&app, "xinhewan")).await.refused(409, "not_in_service");
    assert_eq!(app.number("SELECT count(*) FROM residency").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn estates_are_found_by_name_or_community() {
    let app = TestApp::start().await;
    let zhang = app.member("zhang").await;
    let all = zhang.get("/member/estates").await.expect(200);
    assert_eq!(all["items"].as_array().map(Vec::len), Some(3));
    for text in ["河湾", "文源"] {
        let found = zhang.get(&format!("/member/estates?text={text}")).await.expect(200);
        assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{text}");
        assert_eq!(found["items"][0]["subdistrict"], "水泊寺街道");
    }
    let within = format!("/member/estates?community_id={}", app.world.node("jueqian"));
    assert_eq!(zhang.get(&within).await.expect(200)["items"][0]["name"], "局前苑小区");
}
