//! Speaking up, and being answered once where one belongs.

use domain::session::Audience;
use serde_json::{Value, json};
use tests::TestApp;

fn complaint() -> Value {
    json!({ "category": "points", "content": "上周六的活动少记了一小时" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_reported_is_answered_by_the_community_of_the_estate() {
    let app = TestApp::start().await;
    let zhang = app.member("zhang").await;
    let report = json!({ "estate_id": app.world.node("xinhewan"), "building": "3号楼" });
    zhang.post("/member/residencies", &report).await.expect(201);
    let taken = zhang.post("/member/complaints", &complaint()).await.expect(201);
    assert_eq!(taken["state"], "open");
    assert!(taken["number"].as_str().is_some_and(|number| number.starts_with("TS")));

    let community = app.admin("community").await;
    let seen = community.get("/admin/complaints?state=open").await.expect(200);
    assert_eq!((&seen["items"][0]["id"], &seen["items"][0]["name"]), (&taken["id"], &json!("张建国")));
    let path = format!("/admin/complaints/{}/answer", taken["id"].as_str().expect("an id"));
    let answer = json!({ "answer": "已核实并补记" });
    let elsewhere = app.admin("other-community").await;
    assert_eq!(elsewhere.get("/admin/complaints").await.expect(200)["items"], json!([]));
    elsewhere.post(&path, &answer).await.refused(404, "not_found");
    app.admin("unit").await.post(&path, &answer).await.refused(403, "forbidden");
    community.post(&path, &json!({ "answer": "" })).await.refused(422, "invalid_input");
    assert_eq!(community.post(&path, &answer).await.expect(200)["state"], "answered");
    community.post(&path, &answer).await.refused(409, "state_conflict");

    let own = zhang.get("/member/complaints").await.expect(200);
    assert_eq!(own["items"][0]["answer"], "已核实并补记");
    assert_eq!(app.member("li").await.get("/member/complaints").await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reported_nowhere_or_is_unknown_is_answered_by_the_district() {
    let app = TestApp::start().await;
    app.member("li").await.post("/member/complaints", &complaint()).await.expect(201);
    app.stranger("nobody", Audience::Member).await.post("/member/complaints", &complaint()).await.expect(201);
    let shop = app.stranger("shop", Audience::Merchant).await;
    let taken = shop.post("/merchant/complaints", &complaint()).await.expect(201);
    assert_eq!(shop.get("/merchant/complaints").await.expect(200)["items"][0]["id"], taken["id"]);
    assert_eq!(app.admin("community").await.get("/admin/complaints").await.expect(200)["items"], json!([]));
    let seen = app.admin("district").await.get("/admin/complaints").await.expect(200);
    let sides: Vec<_> = seen["items"].as_array().expect("items").iter().map(|item| item["audience"].clone()).collect();
    assert_eq!(sides, ["merchant", "member", "member"]);
    assert_eq!(seen["items"][1]["name"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_may_wait_for_an_answer() {
    let app = TestApp::start().await;
    let zhang = app.member("zhang").await;
    for _ in 0..10 {
        zhang.post("/member/complaints", &complaint()).await.expect(201);
    }
    zhang.post("/member/complaints", &complaint()).await.refused(409, "state_conflict");
    app.member("li").await.post("/member/complaints", &complaint()).await.expect(201);
    let empty = json!({ "category": "points", "content": "  " });
    zhang.post("/member/complaints", &empty).await.refused(422, "invalid_input");
}
