//! The audit trail, as those read it who watch over the others.

use domain::role::Role;
use serde_json::{Value, json};
use tests::client::key;
use tests::mall::redeem;
use tests::{Client, TestApp};

async fn records(client: &Client, query: &str) -> Vec<Value> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/admin/audit-records?limit=3{query}{cursor}")).await.expect(200);
        seen.extend(page["items"].as_array().expect("items").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

fn actions(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["action"].as_str().expect("an action")).collect()
}

/// Points are proposed, approved by nobody who proposed them, and spent; somebody asks for what is not theirs.
async fn busy() -> TestApp {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("刀削面", 10, 5)).await;
    redeem(&app.shopper("zhang", 50).await, &offer).await.expect(201);
    let body = json!({ "member_id": app.world.member("zhang"), "amount": 5, "reason": "补记张建国的积分" });
    let district = app.stepped_up("district").await;
    let adjustment = district.post_keyed("/admin/adjustments", &key(), &body).await.expect(201);
    let path = format!("/admin/adjustments/{}/approval", adjustment["id"].as_str().expect("an id"));
    district.post_keyed(&path, &key(), &json!({})).await.refused(409, "same_person");
    app.admin("estate").await.get("/admin/offers").await.refused(403, "forbidden");
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_reads_who_did_what_and_was_refused_what() {
    let app = busy().await;
    let auditor = app.admin("auditor").await;
    let all = records(&auditor, "").await;
    let ids: Vec<_> = all.iter().map(|record| record["id"].as_str().expect("an id")).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older), "the newest first, each once");
    assert_eq!(i64::try_from(all.len()).expect("a few"), app.number("SELECT count(*) FROM audit").await);

    let refused = records(&auditor, "&action=approve_adjustment").await;
    assert_eq!(refused.len(), 1, "{refused:?}");
    let record = &refused[0];
    assert_eq!((&record["account"], &record["name"]), (&json!("district"), &json!("district 管理员")));
    assert_eq!((&record["actor_kind"], &record["actor_id"]), (&json!("admin"), &json!(app.admin_id("district"))));
    assert_eq!((&record["outcome"], &record["code"]), (&json!("refused"), &json!("same_person")));
    assert_eq!(record["object_kind"], "adjustment");
    assert!(record["object_id"].is_string() && record["request_id"].is_string() && record["at"].is_string());

    let spent = records(&auditor, "&actor_kind=member&outcome=done&action=redeem_offer").await;
    assert_eq!((&spent[0]["name"], &spent[0]["account"]), (&json!("张**"), &Value::Null), "a member's name is masked");
    assert_eq!((spent.len(), &spent[0]["code"]), (1, &Value::Null));
    let own = records(&auditor, &format!("&actor_id={}", app.world.member("zhang"))).await;
    assert_eq!(actions(&own), ["redeem_offer"]);
    let words = serde_json::to_string(&all).expect("JSON");
    assert!(!words.contains("张建国"), "neither names nor reasons in somebody's own words: {words}");

    let today = domain::time::business_day(app.state.clock.wall());
    let (from, to) = (format!("&from={today}"), format!("&to={}", today - chrono::Days::new(1)));
    assert_eq!((records(&auditor, &from).await.len(), records(&auditor, &to).await.len()), (all.len(), 0));
    for (query, field, code) in [
        ("outcome=perhaps", "outcome", "unknown_value"),
        ("actor_kind=ghost", "actor_kind", "unknown_value"),
        ("actor_id=1", "actor_id", "invalid_input"),
    ] {
        let problem = auditor.get(&format!("/admin/audit-records?{query}")).await.refused(422, code);
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_who_is_a_member_too_is_found_by_the_account() {
    let app = busy().await;
    app.link_admin("subdistrict", "li").await;
    app.admin("subdistrict").await.post("/admin/offers", &json!({})).await.refused(403, "forbidden");
    let seen = records(&app.admin("auditor").await, &format!("&actor_id={}", app.world.member("li"))).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!((&seen[0]["account"], &seen[0]["actor_kind"]), (&json!("subdistrict"), &json!("admin")));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_admin_who_is_a_member_too_each_side_reads_its_own() {
    let app = TestApp::start().await;
    app.link_admin("subdistrict", "liu").await;
    app.admin("subdistrict").await.post("/admin/offers", &json!({})).await.refused(403, "forbidden");
    app.member("liu").await.get("/admin/me").await.refused(403, "wrong_audience");
    let official = app.further_admin("near-auditor", Role::Auditor, "shuiposi").await;
    let private = app.further_admin("unit-auditor", Role::Auditor, "health").await;
    for (auditor, kind) in [(official, "admin"), (private, "member")] {
        let seen = records(&auditor, "").await;
        assert_eq!((seen.len(), &seen[0]["actor_kind"]), (1, &json!(kind)), "{seen:?}");
    }
}

/// Roles begin and end by wall time, as the trail tells it.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_admin_did_before_the_role_or_after_it_is_not_read_where_it_was_held() {
    let app = TestApp::start().await;
    let auditor = app.further_admin("near-auditor", Role::Auditor, "xinhewan").await;
    app.admin("estate").await.get("/admin/offers").await.refused(403, "forbidden");
    assert_eq!(records(&auditor, "").await.len(), 1);
    for (column, moved) in [("granted_at", chrono::Duration::hours(1)), ("revoked_at", chrono::Duration::hours(-1))] {
        let now = app.state.clock.wall();
        for (value, seen) in [(now + moved, 0), (now - moved, 1)] {
            app.tamper(&format!("UPDATE role_grant SET {column} = '{}' WHERE role = 'estate'", value.to_rfc3339()))
                .await;
            assert_eq!(records(&auditor, "").await.len(), seen, "{column} {value}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_what_was_done_elsewhere_or_without_the_role() {
    let app = busy().await;
    let near = app.further_admin("near-auditor", Role::Auditor, "wenyuan").await;
    assert_eq!(actions(&records(&near, "").await), ["authorize"], "of its estate's admin");
    let unit = app.further_admin("unit-auditor", Role::Auditor, "education").await;
    assert_eq!(actions(&records(&unit, "").await), ["redeem_offer"], "of its members");
    let far = app.further_admin("far-auditor", Role::Auditor, "jueqian").await;
    assert_eq!(records(&far, "").await, Vec::<Value>::new());
    for account in ["system", "security", "district", "community", "unit", "merchant"] {
        app.admin(account).await.get("/admin/audit-records").await.refused(403, "forbidden");
    }
}
