//! The rulebook: how a version comes into effect, for whom it holds, and what it would have done.

use chrono::{DateTime, Days, Duration, FixedOffset, Months};
use domain::role::Role;
use domain::session::{Audience, Holder};
use domain::time::{business_day, start_of_day};
use futures_util::future::join_all;
use serde_json::{Value, json};
use storage::rulebooks;
use tests::mall::id;
use tests::service::enrol;
use tests::{Client, TestApp, world};

use crate::fraud::found_out;
use crate::misconduct::{confirmed, served};

/// A Beijing day so many days from today, as it is written on the wire.
fn day(app: &TestApp, from_today: u64) -> String {
    (business_day(app.state.clock.business()) + Days::new(from_today)).to_string()
}

fn draft(app: &TestApp, from: u64, rules: Value) -> Value {
    json!({ "note": "试行新规则", "effective_from": day(app, from), "rules": rules })
}

fn request(app: &TestApp, scope: &str, draft: Value) -> Value {
    json!({ "scope_id": app.world.node(scope), "draft": draft })
}

/// A new admin who has just given the second factor.
async fn stepped_up(app: &TestApp, account: &str, role: Role, node: &str) -> Client {
    let mut tx = app.state.database.write().await.expect("a transaction");
    let id = world::admin(&app.state, &mut tx, account, role, app.world.node(node)).await;
    tx.commit().await.expect("kept");
    let admin = app.signed_in(Audience::Admin, Holder::Admin(id)).await;
    let tokens = admin.post("/admin/step-up", &json!({ "totp": app.totp(account).await })).await.expect(200);
    app.anonymous().with_token(tokens["access_token"].as_str().expect("a token"))
}

/// Drafts and checks a version.
async fn checked(app: &TestApp, author: &Client, scope: &str, draft: Value) -> String {
    let drafted = author.post("/admin/rulebooks", &request(app, scope, draft)).await.expect(201);
    let id = id(&drafted);
    author.post(&step(&id, "check"), &json!({})).await.expect(200);
    id
}

fn step(id: &str, step: &str) -> String {
    format!("/admin/rulebooks/{id}/{step}")
}

async fn states(client: &Client, query: &str) -> Vec<(i64, String)> {
    let page = client.get(&format!("/admin/rulebooks?{query}")).await.expect(200);
    let items = page["items"].as_array().expect("items").iter();
    items.map(|one| (one["version"].as_i64().expect("a version"), one["state"].as_str().unwrap_or("").into())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_persons_bring_a_version_into_effect_and_credits_name_it() {
    let app = TestApp::start().await;
    let author = stepped_up(&app, "drafter", Role::District, "district").await;
    let second = stepped_up(&app, "approver", Role::District, "district").await;
    let change = json!({ "earning": { "points_per_half_hour": 6, "day_cap": 80 } });
    let drafted = author.post("/admin/rulebooks", &request(&app, "district", draft(&app, 1, change))).await.expect(201);
    let id = id(&drafted);
    assert_eq!((&drafted["version"], &drafted["state"]), (&json!(2), &json!("draft")));
    assert_eq!(drafted["compared_with"]["version"], 1);
    let changes = json!([
        { "field": "earning.points_per_half_hour", "label": "每半小时积分", "from": "5 分", "to": "6 分" },
        { "field": "earning.day_cap", "label": "每日积分上限", "from": "60 分", "to": "80 分" },
    ]);
    assert_eq!(drafted["changes"], changes);

    second.post(&step(&id, "approval"), &json!({})).await.refused(409, "state_conflict");
    let path = format!("/admin/rulebooks/{id}");
    second.put(&path, &draft(&app, 1, json!({}))).await.refused(409, "state_conflict");
    let without = draft(&app, 1, json!({ "earning": { "day_cap": 60 } }));
    let shorter = author.put(&path, &without).await.expect(200);
    assert_eq!(shorter["changes"], json!([changes[0]]), "what is not written stays as it was");
    assert_eq!(author.post(&step(&id, "check"), &json!({})).await.expect(200)["state"], "checked");
    assert_eq!(states(&second, "state=checked").await, [(2, "checked".into())]);
    author.post(&step(&id, "approval"), &json!({})).await.refused(409, "same_person");
    let noted = "SELECT count(*) FROM audit WHERE action = 'approve_rulebook' AND reason = 'same_person'";
    assert_eq!(app.number(noted).await, 1);
    app.admin("district").await.post(&step(&id, "approval"), &json!({})).await.refused(403, "step_up_required");
    let approved = second.post(&step(&id, "approval"), &json!({})).await.expect(200);
    assert_eq!((&approved["state"], &approved["approved_by"]), (&json!("scheduled"), &json!("approver 管理员")));
    for late in ["check", "approval", "discard"] {
        second.post(&step(&id, late), &json!({})).await.refused(409, "state_conflict");
    }

    let today = app.state.clock.business();
    app.credit_service("zhang", 60, today).await;
    app.advance("1d").await;
    assert_eq!(states(&second, "").await, [(2, "effective".into()), (1, "superseded".into())]);
    let [before, after] = [("li", today), ("wang", app.state.clock.business())];
    for ((name, served_at), (points, version)) in [(before, (10, 1)), (after, (12, 2))] {
        let transfer = app.credit_service(name, 60, served_at).await;
        let why = app.member(name).await.get(&format!("/member/points/entries/{transfer}")).await.expect(200);
        assert_eq!((&why["points"], &why["credit"]["rulebook_version"]), (&json!(points), &json!(version)), "{name}");
        assert!(why["sentence"].as_str().is_some_and(|told| told.contains(&format!("（积分规则第 {version} 版）"))));
    }
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_cannot_be_is_told_every_fault_and_changes_nothing() {
    let app = TestApp::start().await;
    let district = app.admin("district").await;
    let faulty = json!({
        "earning": { "points_per_half_hour": 0, "unit_minutes": 20 },
        "coefficients": { "night_or_holiday_bp": 30_001 },
        "absence": { "no_show_party_duty": -11 },
    });
    let mut wrong = draft(&app, 0, faulty);
    wrong["last_day"] = json!(day(&app, 9));
    let problem =
        district.post("/admin/rulebooks", &request(&app, "district", wrong)).await.refused(422, "invalid_input");
    let fields: Vec<_> = problem["errors"].as_array().expect("errors").iter().map(|e| e["field"].clone()).collect();
    let expected = [
        "draft.rules.earning.points_per_half_hour",
        "draft.rules.coefficients.night_or_holiday_bp",
        "draft.rules.absence.no_show_party_duty",
        "draft.rules.earning.unit_minutes",
        "draft.effective_from",
    ];
    assert_eq!(fields, expected);

    let with = |name: &str, value: Value| {
        let mut draft = draft(&app, 1, json!({}));
        draft[name] = value;
        request(&app, "district", draft)
    };
    let cases = [
        (with("rules", json!({ "earning": { "day_cup": 1 } })), "draft.rules.earning.day_cup"),
        (with("rules", json!({ "earning": { "day_cap": "1" } })), "draft.rules.earning.day_cap"),
        (with("rules", json!({ "expiry": { "mode": "soon" } })), "draft.rules.expiry.mode"),
        (with("rules", json!({ "earning": { "day_cap": 1e300 } })), "draft.rules.earning.day_cap"),
        (with("note", json!("  ")), "draft.note"),
        (with("effective_from", json!("2000-01-01")), "draft.effective_from"),
        (with("last_day", json!(day(&app, 9))), "draft.last_day"),
        (request(&app, "xinhewan", draft(&app, 1, json!({}))), "scope_id"),
        (request(&app, "education", draft(&app, 1, json!({}))), "scope_id"),
    ];
    for (body, field) in cases {
        let problem = district.post("/admin/rulebooks", &body).await.refused(422, "invalid_input");
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
    }
    let twice = request(&app, "district", draft(&app, 1, json!({ "earning": { "day_cap": 1 } })));
    let twice = twice.to_string().replace("\"day_cap\":1", "\"day_cap\":1,\"day_cap\":2");
    let twice = district
        .request(reqwest::Method::POST, "/admin/rulebooks")
        .header("content-type", "application/json")
        .body(twice);
    district.send(twice, "twice").await.refused(400, "malformed_request");
    assert_eq!(app.number("SELECT count(*) FROM rulebook").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_of_one_scope_do_not_overlap() {
    let app = TestApp::start().await;
    let author = app.admin("community").await;
    let second = stepped_up(&app, "approver", Role::Community, "wenyuan").await;
    let approve = async |id: &str| second.post(&step(id, "approval"), &json!({})).await;
    let mut spell = draft(&app, 5, json!({ "earning": { "day_cap": 90 } }));
    spell["last_day"] = json!(day(&app, 9));
    let first = checked(&app, &author, "wenyuan", spell.clone()).await;
    let rival = checked(&app, &author, "wenyuan", draft(&app, 9, json!({}))).await;
    approve(&first).await.expect(200);
    approve(&rival).await.refused(409, "rulebook_overlap");
    let again = author.post("/admin/rulebooks", &request(&app, "wenyuan", spell)).await.expect(201);
    author.post(&step(&id(&again), "check"), &json!({})).await.refused(409, "rulebook_overlap");

    let next = checked(&app, &author, "wenyuan", draft(&app, 10, json!({}))).await;
    approve(&next).await.expect(200);
    let later = checked(&app, &author, "wenyuan", draft(&app, 20, json!({}))).await;
    approve(&later).await.expect(200);
    let ended = author.get(&format!("/admin/rulebooks/{next}")).await.expect(200);
    assert_eq!(ended["last_day"], json!(day(&app, 19)), "its successor ended it");
    let stale = checked(&app, &author, "wenyuan", draft(&app, 30, json!({}))).await;
    app.advance("31d").await;
    approve(&stale).await.refused(409, "rulebook_too_late");
    author.post(&step(&stale, "discard"), &json!({})).await.expect(200);
    assert_eq!(states(&author, "state=discarded").await.len(), 1);
    assert_eq!(states(&author, "state=effective").await, [(5, "effective".into())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_belongs_to_those_who_answer_for_its_scope() {
    let app = TestApp::start().await;
    let (community, other) = (app.admin("community").await, app.admin("other-community").await);
    let own = checked(&app, &community, "wenyuan", draft(&app, 1, json!({}))).await;
    for scope in ["district", "shuiposi", "jueqian"] {
        let body = request(&app, scope, draft(&app, 1, json!({})));
        community.post("/admin/rulebooks", &body).await.refused(404, "not_found");
    }
    let mut based = request(&app, "jueqian", draft(&app, 1, json!({})));
    based["base_id"] = json!(own);
    other.post("/admin/rulebooks", &based).await.refused(404, "not_found");
    other.get(&format!("/admin/rulebooks/{own}")).await.refused(404, "not_found");
    other.put(&format!("/admin/rulebooks/{own}"), &draft(&app, 1, json!({}))).await.refused(404, "not_found");
    for late in ["check", "approval", "discard"] {
        other.post(&step(&own, late), &json!({})).await.refused(404, "not_found");
    }
    let period = json!({ "from": day(&app, 0), "to": day(&app, 0) });
    other.post(&step(&own, "simulations"), &period).await.refused(404, "not_found");
    assert_eq!(states(&other, "").await, []);
    let above = stepped_up(&app, "above", Role::Subdistrict, "shuiposi").await;
    above.post(&step(&own, "approval"), &json!({})).await.expect(200);
    for account in ["estate", "unit", "merchant", "system", "security", "auditor"] {
        app.admin(account).await.get("/admin/rulebooks").await.refused(403, "forbidden");
    }
}

/// How long fraud is remembered only the district says; a community's version from before repeats what it said then.
#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_barred_for_as_long_as_the_district_says_now() {
    let app = TestApp::start().await;
    let (_, enrolment) = served(&app).await;
    let approver = stepped_up(&app, "approver", Role::Community, "wenyuan").await;
    let change = json!({ "deductions": { "misconduct_points": 35 } });
    let of_community = checked(&app, &app.admin("community").await, "wenyuan", draft(&app, 1, change)).await;
    approver.post(&step(&of_community, "approval"), &json!({})).await.expect(200);
    app.advance("1d").await;
    let (author, second) = (
        stepped_up(&app, "drafter", Role::District, "district").await,
        stepped_up(&app, "district-approver", Role::District, "district").await,
    );
    let longer = json!({ "deductions": { "fraud_freeze_months": 24 } });
    let of_district = checked(&app, &author, "district", draft(&app, 1, longer)).await;
    second.post(&step(&of_district, "approval"), &json!({})).await.expect(200);
    app.advance("1d").await;

    let case = found_out(&app, &enrolment).await;
    let case = app.admin("community").await.get(&format!("/admin/misconduct-cases/{case}")).await.expect(200);
    let at = |name: &str| case[name].as_str().expect("a time").parse::<DateTime<FixedOffset>>().expect("a time");
    assert_eq!(Some(at("lead_barred_until")), at("decided_at").checked_add_months(Months::new(24)));
    assert_eq!(case["deduction"], 35, "what misconduct costs, the place says");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nearest_rules_hold_where_service_is_done() {
    let app = TestApp::start().await;
    let second = stepped_up(&app, "approver", Role::Community, "wenyuan").await;
    let change = json!({
        "earning": { "points_per_half_hour": 10 },
        "record": { "publicity_days": 1 },
        "deductions": { "misconduct_points": 35 },
    });
    let own = checked(&app, &app.admin("community").await, "wenyuan", draft(&app, 1, change)).await;
    second.post(&step(&own, "approval"), &json!({})).await.expect(200);
    app.advance("1d").await;
    let (read, now) = (app.state.database.read(), app.state.clock.business());
    for (place, points) in [("wenyuan", 10), ("xinhewan", 10), ("xingwenyuan", 5), ("shuiposi", 5), ("education", 5)] {
        let found = rulebooks::in_force_at(&read, app.world.node(place), now).await.expect("the rules");
        assert_eq!(found.rules.earning.points_per_half_hour, points, "{place}");
    }
    let yesterday = rulebooks::in_force_at(&read, app.world.node("wenyuan"), now - Duration::days(1)).await;
    assert_eq!(yesterday.expect("the rules").rules.earning.points_per_half_hour, 5);

    app.resident("zhang").await;
    let activity = app.activity(1, 3, 9).await;
    let li = app.resident("li").await;
    let enrolment = enrol(&li, &activity).await.expect(201)["id"].clone();
    for (wait, direction) in [("50m", "in"), ("130m", "out")] {
        app.advance(wait).await;
        let body = json!({ "code": app.shown_code(&activity, direction).await });
        li.post(&format!("/member/check-{direction}s"), &body).await.expect(200);
    }
    let confirmation = json!({ "attendances": [{ "enrolment_id": enrolment, "evaluation": "b" }] });
    let path = format!("/member/led-activities/{activity}/confirmation");
    app.member("zhang").await.post(&path, &confirmation).await.expect(200);
    let reviewed = json!({ "attendances": [{ "enrolment_id": enrolment, "approved": true }] });
    app.admin("community").await.post("/admin/attendances/review", &reviewed).await.expect(200);
    app.advance("24h").await;
    let entries = li.get("/member/points/entries").await.expect(200);
    let (points, transfer) = (&entries["items"][0]["points"], entries["items"][0]["transfer_id"].as_str());
    assert_eq!(points, 40, "{entries}");
    let why = li.get(&format!("/member/points/entries/{}", transfer.expect("an id"))).await.expect(200);
    assert!(why["sentence"].as_str().is_some_and(|told| told.ends_with("（文源社区积分规则第 1 版）。")), "{why}");
    assert_eq!(why["credit"]["rulebook_scope"], "文源社区");

    let enrolment = enrolment.as_str().expect("an id");
    confirmed(&app, &app.stepped_up("second-community").await, enrolment, false).await;
    assert_eq!(app.number("SELECT deduction FROM misconduct_case").await, 35, "what misconduct costs there");
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_district_says_no_community_changes() {
    let app = TestApp::start().await;
    let author = app.admin("community").await;
    let spending = json!({ "earning": { "day_cap": 90 }, "redemption": { "per_month": 9 } });
    let body = request(&app, "wenyuan", draft(&app, 1, spending.clone()));
    let problem = author.post("/admin/rulebooks", &body).await.refused(422, "invalid_input");
    let told = json!({
        "field": "draft.rules.redemption.per_month",
        "message": "由区级规则统一规定（4 次），下级规则不能修改",
    });
    assert_eq!(problem["errors"], json!([told]));
    assert_eq!(app.number("SELECT count(*) FROM rulebook").await, 1);

    let earning = draft(&app, 1, json!({ "earning": { "day_cap": 90 } }));
    let own = id(&author.post("/admin/rulebooks", &request(&app, "wenyuan", earning)).await.expect(201));
    let path = format!("/admin/rulebooks/{own}");
    let problem = author.put(&path, &draft(&app, 1, spending)).await.refused(422, "invalid_input");
    assert_eq!(problem["errors"][0]["field"], "rules.redemption.per_month");
    // A draft from before this was asked of drafts, or from before the district changed its own.
    let before = r#"UPDATE rulebook SET body = replace(body, '"per_month":4', '"per_month":9') WHERE state = 'draft'"#;
    app.tamper(before).await;
    let problem = author.post(&step(&own, "check"), &json!({})).await.refused(422, "invalid_input");
    assert_eq!(problem["errors"][0]["field"], "rules.redemption.per_month");
    assert_eq!(states(&author, "").await, [(1, "draft".into())]);
    let mended = author.put(&path, &draft(&app, 1, json!({}))).await.expect(200);
    assert_eq!(mended["rules"]["redemption"]["per_month"], 4, "a draft that is saved again follows the district");
    assert_eq!(mended["changes"].as_array().map(Vec::len), Some(1), "{mended}");
    author.post(&step(&own, "check"), &json!({})).await.expect(200);

    let district = app.admin("district").await;
    let theirs = draft(&app, 1, json!({ "redemption": { "per_month": 9 } }));
    checked(&app, &district, "district", theirs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_tried_on_the_past_and_nothing_is_posted() {
    let app = TestApp::start().await;
    let now = start_of_day(business_day(app.state.clock.business())) - Duration::hours(14);
    for (name, minutes, days) in [("zhang", 60, 0), ("li", 240, 0), ("li", 240, 1), ("wang", 30, 2), ("chen", 60, 400)]
    {
        app.credit_service(name, minutes, now - Duration::days(days)).await;
    }
    let district = app.admin("district").await;
    let change = json!({
        "earning": { "points_per_half_hour": 10, "day_cap": 30 }, "budget": { "reference_fen_per_point": 20 },
    });
    let drafted =
        district.post("/admin/rulebooks", &request(&app, "district", draft(&app, 1, change))).await.expect(201);
    let id = id(&drafted);
    let ask = |from: String, to: String| json!({ "from": from, "to": to });
    let at = |days: i64| business_day(now - Duration::days(days)).to_string();
    for (from, to) in [(at(0), at(1)), (at(400), at(0))] {
        district.post(&step(&id, "simulations"), &ask(from, to)).await.refused(422, "invalid_input");
    }
    let asked = district.post(&step(&id, "simulations"), &ask(at(9), at(0))).await.expect(202);
    assert_eq!((&asked["state"], &asked["outcome"]), (&json!("queued"), &Value::Null));
    let transfers = app.number("SELECT count(*) FROM transfer").await;
    app.advance("1s").await;

    let path = format!("/admin/rulebook-simulations/{}", asked["id"].as_str().expect("an id"));
    let done = district.get(&path).await.expect(200);
    assert_eq!((&done["state"], &done["outdated"]), (&json!("done"), &json!(false)), "{done}");
    let outcome = &done["outcome"];
    assert_eq!((&outcome["events"], &outcome["members"]), (&json!(4), &json!(3)));
    assert_eq!(outcome["points"], json!({ "before": 95, "after": 90 }));
    assert_eq!(outcome["value_fen"], json!({ "before": 950, "after": 1_800 }));
    assert_eq!(outcome["gainers"], json!({ "members": 2, "points": 15 }));
    assert_eq!(outcome["losers"], json!({ "members": 1, "points": 20 }));
    let largest = json!([
        { "name": "李**", "points": { "before": 80, "after": 60 } },
        { "name": "张**", "points": { "before": 10, "after": 20 } },
        { "name": "王**", "points": { "before": 5, "after": 10 } },
    ]);
    assert_eq!(outcome["largest_changes"], largest);
    let months: i64 =
        outcome["months"].as_array().expect("months").iter().filter_map(|m| m["points"]["after"].as_i64()).sum();
    assert_eq!(months, 90);
    assert_eq!(app.number("SELECT count(*) FROM transfer").await, transfers);

    district
        .put(&format!("/admin/rulebooks/{id}"), &draft(&app, 1, json!({ "earning": { "day_cap": 31 } })))
        .await
        .expect(200);
    assert_eq!(district.get(&path).await.expect(200)["outdated"], true);
    app.admin("community").await.get(&path).await.refused(404, "not_found");
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_versions_approved_at_once_for_the_same_days_one_wins() {
    let app = TestApp::start().await;
    let author = app.admin("community").await;
    let second = stepped_up(&app, "approver", Role::Community, "wenyuan").await;
    let mut rivals = Vec::new();
    for _ in 0..8 {
        rivals.push(checked(&app, &author, "wenyuan", draft(&app, 3, json!({}))).await);
    }
    let nothing = json!({});
    let approvals: Vec<_> = rivals.iter().map(|id| step(id, "approval")).collect();
    let replies = join_all(approvals.iter().map(|path| second.post(path, &nothing))).await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1);
    for reply in lost {
        reply.refused(409, "rulebook_overlap");
    }
    assert_eq!(app.number("SELECT count(*) FROM rulebook WHERE state = 'effective'").await, 2);

    let lone = checked(&app, &author, "wenyuan", draft(&app, 9, json!({}))).await;
    let path = step(&lone, "approval");
    let replies = join_all((0..8).map(|_| second.post(&path, &nothing))).await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1);
    for reply in lost {
        reply.refused(409, "state_conflict");
    }
    let audited = "SELECT count(*) FROM audit WHERE action = 'approve_rulebook' AND result = 'done'";
    assert_eq!(app.number(audited).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_drafted_at_once_are_numbered_one_after_the_other() {
    let app = TestApp::start().await;
    let author = app.admin("community").await;
    let body = request(&app, "wenyuan", draft(&app, 3, json!({})));
    let replies = join_all((0..8).map(|_| author.post("/admin/rulebooks", &body))).await;
    let mut versions: Vec<_> = replies.into_iter().map(|reply| reply.expect(201)["version"].as_i64()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=8).map(Some).collect::<Vec<_>>());
}
