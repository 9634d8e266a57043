//! The desk: what waits for an admin's decision, and only what this person may decide.

use domain::role::Role;
use serde_json::{Value, json};
use tests::client::key;
use tests::mall::id;
use tests::{Client, TestApp};

/// How many of a kind wait for the admin.
pub(crate) async fn waiting(admin: &Client, kind: &str) -> Value {
    let own = admin.get("/admin/me").await.expect(200);
    let found = own["waiting"].as_array().expect("a list").iter().find(|waits| waits["kind"] == kind);
    found.map_or(json!(0), |waits| waits["count"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_waits_for_others_than_its_proposer_until_somebody_decides() {
    let app = TestApp::start().await;
    app.resident("zhang").await;
    app.enrich("zhang", 30).await;
    app.link_admin("subdistrict", "zhang").await;
    let (proposer, other) = (app.stepped_up("community").await, app.stepped_up("second-community").await);
    let body = json!({ "member_id": app.world.member("zhang"), "amount": -5, "reason": "重复入账，予以更正" });
    let propose = async || id(&proposer.post_keyed("/admin/adjustments", &key(), &body).await.expect(201));
    let first = propose().await;
    propose().await;
    let elsewhere = app.admin("other-community").await;
    let own = app.admin("subdistrict").await;
    for (admin, count) in [(&proposer, 0), (&other, 2), (&elsewhere, 0), (&own, 0)] {
        assert_eq!(waiting(admin, "adjustment").await, count);
    }
    other.insist(&format!("/admin/adjustments/{first}/approval"), &key(), &json!({})).await.expect(201);
    assert_eq!(waiting(&other, "adjustment").await, 1);
    app.advance("15d").await;
    assert_eq!(waiting(&other, "adjustment").await, 0, "it has lapsed");
}

#[tokio::test(flavor = "multi_thread")]
async fn checked_rules_wait_for_another_person_and_drafts_for_nobody() {
    let app = TestApp::start().await;
    let (drafter, other) = (app.admin("community").await, app.admin("second-community").await);
    let tomorrow = app.time(chrono::Duration::days(2))[..10].to_owned();
    let draft = json!({
        "scope_id": app.world.node("wenyuan"),
        "draft": { "note": "试行", "effective_from": tomorrow, "rules": { "earning": { "day_cap": 80 } } },
    });
    let rules = id(&drafter.post("/admin/rulebooks", &draft).await.expect(201));
    assert_eq!(waiting(&other, "rulebook").await, 0);
    drafter.post(&format!("/admin/rulebooks/{rules}/check"), &json!({})).await.expect(200);
    assert_eq!((waiting(&drafter, "rulebook").await, waiting(&other, "rulebook").await), (json!(0), json!(1)));
    assert_eq!(waiting(&app.admin("other-community").await, "rulebook").await, 0);
    drafter.post(&format!("/admin/rulebooks/{rules}/discard"), &json!({})).await.expect(200);
    assert_eq!(waiting(&other, "rulebook").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_waits_for_others_than_its_drafter() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let drafter = app.admin("district").await;
    let body = json!({ "merchant_id": shop.merchant, "offer": app.promise("面", 80, 7) });
    let offer = id(&drafter.post("/admin/offers", &body).await.expect(201));
    drafter.post(&format!("/admin/offers/{offer}/submission"), &json!({})).await.expect(200);
    let other = app.further_admin("second-district", Role::District, "district").await;
    assert_eq!((waiting(&drafter, "offer").await, waiting(&other, "offer").await), (json!(0), json!(1)));
}
