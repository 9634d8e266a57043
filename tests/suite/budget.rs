//! What a year's points may cost, what was issued of it, and who is told when.

use api::jobs;
use chrono::Datelike;
use domain::time::business_day;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Client, TestApp};

fn this_year(app: &TestApp) -> i32 {
    business_day(app.state.clock.business()).year()
}

async fn set(client: &Client, place: &str, fen: i64, fen_per_point: i64) -> tests::Reply {
    let body = json!({ "fen": fen, "fen_per_point": fen_per_point });
    client.put(&format!("/admin/budgets/{place}"), &body).await
}

/// The budget of this year and source once everything is sealed and counted.
async fn of(app: &TestApp, source: &str) -> Value {
    jobs::run_all(&app.state).await;
    let listed = app.admin("district").await.get("/admin/budgets").await.expect(200);
    let items = listed["items"].as_array().expect("items");
    items.iter().find(|item| item["funding_source"] == source).expect("the source").clone()
}

/// What was queued about budgets, as levels.
async fn warnings(app: &TestApp) -> Vec<String> {
    let queued = app.texts("SELECT payload FROM outbox WHERE kind = 'budget_warning' ORDER BY id").await;
    let level = |text: String| serde_json::from_str::<Value>(&text).expect("JSON")["level"].as_str().map(str::to_owned);
    queued.into_iter().filter_map(level).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_warns_once_at_each_level_and_stops_nothing() {
    let app = TestApp::start().await;
    let (district, now) = (app.admin("district").await, app.state.clock.business());
    let place = format!("{}/fiscal", this_year(&app));
    let empty = of(&app, "fiscal").await;
    assert_eq!((&empty["budget"], &empty["issued_points"]), (&json!(null), &json!(0)));
    let budget = set(&district, &place, 1_000, 10).await.expect(200);
    assert_eq!((&budget["budget"]["points"], &budget["budget"]["level"]), (&json!(100), &json!("within")));

    let zhang = app.credit_service("zhang", 240, now).await;
    assert_eq!(of(&app, "fiscal").await["budget"]["percent"], 40);
    app.credit_service("li", 240, now).await;
    let near = of(&app, "fiscal").await;
    assert_eq!((&near["budget"]["percent"], &near["budget"]["level"]), (&json!(80), &json!("near")));
    assert_eq!(of(&app, "fiscal").await, near);
    assert_eq!(warnings(&app).await, ["near"]);
    app.credit_service("wang", 240, now).await;
    let over = of(&app, "fiscal").await;
    assert_eq!((&over["issued_points"], &over["budget"]["level"]), (&json!(120), &json!("over")));
    assert_eq!(warnings(&app).await, ["near", "over"]);
    let facts = app.texts("SELECT payload FROM outbox WHERE kind = 'budget_warning' ORDER BY id DESC").await;
    let facts: Value = serde_json::from_str(&facts[0]).expect("JSON");
    assert_eq!((&facts["year"], &facts["funding_source"]), (&json!(this_year(&app)), &json!("fiscal")));
    assert_eq!((&facts["issued_points"], &facts["percent"]), (&json!(120), &json!(120)));

    // What is clawed back was not issued, and a budget that was set anew warns anew.
    app.claw_back("zhang", zhang, 40).await;
    assert_eq!(of(&app, "fiscal").await["issued_points"], 80);
    let wider = set(&district, &place, 2_000, 10).await.expect(200);
    assert_eq!((&wider["budget"]["version"], &wider["budget"]["level"]), (&json!(2), &json!("within")));
    of(&app, "fiscal").await;
    assert_eq!(warnings(&app).await.len(), 2);
    set(&district, &place, 700, 10).await.expect(200);
    of(&app, "fiscal").await;
    assert_eq!(warnings(&app).await, ["near", "over", "near", "over"]);

    let books = "SELECT CAST(-SUM(e.amount) AS bigint) FROM entry e JOIN account a ON a.id = e.account_id \
                 WHERE a.kind = 'issuance'";
    assert_eq!(app.number(books).await, app.number("SELECT CAST(SUM(points) AS bigint) FROM issuance").await);
    let audited = "SELECT count(*) FROM audit WHERE action = 'set_budget' AND object_id = (SELECT id FROM budget)";
    assert_eq!(app.number(audited).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_units_own_activity_is_issued_by_the_units() {
    let app = TestApp::start().await;
    let mut proposal = app.proposal(1, 3, 10);
    proposal["organisation_id"] = json!(app.world.node("education"));
    let activity = app.admin("unit").await.post("/admin/activities", &proposal).await.expect(201);
    let id = activity["id"].as_str().expect("an id");
    app.admin("district").await.post(&format!("/admin/activities/{id}/publication"), &json!({})).await.expect(200);
    let li = app.resident("li").await;
    let served = app.serve_session(&li, id).await;
    app.review("district", &served, None).await;
    app.advance("72h").await;
    app.credit_service("wang", 60, app.state.clock.business()).await;
    let year = this_year(&app);
    let unit_pool = of(&app, "unit_pool").await;
    assert_eq!((&unit_pool["issued_points"], &unit_pool["year"]), (&json!(20), &json!(year)));
    assert_eq!(of(&app, "fiscal").await["issued_points"], 10);
    let earlier = app.admin("auditor").await.get(&format!("/admin/budgets?year={}", year - 1)).await.expect(200);
    assert_eq!(earlier["items"][1]["issued_points"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_budget_can_be_is_refused() {
    let app = TestApp::start().await;
    let district = app.admin("district").await;
    let cases = [
        ("2019/fiscal", 100, 10, "year"),
        ("2026/charity_fund", 100, 10, "funding_source"),
        ("2026/fiscal", 0, 10, "fen"),
        ("2026/fiscal", i64::MAX, 10, "fen"),
        ("2026/fiscal", 100, -1, "fen_per_point"),
    ];
    for (place, fen, fen_per_point, field) in cases {
        let problem = set(&district, place, fen, fen_per_point).await.refused(422, "invalid_input");
        assert_eq!(problem["errors"][0]["field"], field);
    }
    district.put("/admin/budgets/2026/fiscal", &json!({ "fen": 1, "points": 1 })).await.refused(422, "invalid_input");
    set(&district, "2026/gold", 100, 10).await.refused(404, "not_found");
    set(&district, "soon/fiscal", 100, 10).await.refused(404, "not_found");
    district.get("/admin/budgets?year=soon").await.refused(422, "invalid_input");
    set(&app.admin("unit").await, "2026/fiscal", 100, 10).await.refused(403, "forbidden");
    assert_eq!(app.admin("unit").await.get("/admin/budgets").await.expect(200)["items"], json!([]));
    assert_eq!(app.number("SELECT count(*) FROM budget").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn budgets_set_at_once_and_warnings_given_at_once_are_one() {
    let app = TestApp::start().await;
    let (district, place) = (app.admin("district").await, format!("{}/fiscal", this_year(&app)));
    let replies = join_all((1..=8).map(|number| set(&district, &place, number * 100, 10))).await;
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    assert_eq!(app.number("SELECT CAST(version AS bigint) FROM budget").await, 8);
    set(&district, &place, 100, 10).await.expect(200);
    if !app.on_postgres() {
        return;
    }
    app.credit_service("zhang", 60, app.state.clock.business()).await;
    let other = "INSERT INTO budget_warning (budget_id, version, level, issued_points, created_at) \
                 SELECT id, version, 'near', 10, now() FROM budget";
    let held = app.hold(other).await;
    tokio::join!(jobs::run_all(&app.state), held.commit_when_waited_for_by(1));
    assert_eq!(of(&app, "fiscal").await["budget"]["level"], "near");
    assert_eq!(warnings(&app).await, [""; 0], "the other one queues its own");
}
