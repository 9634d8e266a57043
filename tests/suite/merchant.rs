//! Merchants, their stores, and how somebody comes to work in one.

use chrono::Duration;
use domain::session::Audience;
use serde_json::{Value, json};
use tests::mall::id;
use tests::{Client, TestApp};

async fn invite(app: &TestApp, shop: &tests::mall::Shop, name: &str) -> String {
    let path = format!("/admin/merchants/{}/invitations", shop.merchant);
    let body = json!({ "store_id": shop.store, "name": name });
    let invitation = app.admin("merchant").await.post(&path, &body).await.expect(201);
    invitation["code"].as_str().expect("a code").to_owned()
}

async fn accept(person: &Client, code: &str) -> tests::Reply {
    person.post("/merchant/invitations/acceptance", &json!({ "code": code })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_with_a_store_is_shown_to_members() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let zhang = app.member("zhang").await;
    let listed = zhang.get("/member/merchants?text=面馆&category=food").await.expect(200);
    assert_eq!(listed["items"][0]["name"], "德胜面馆");
    assert_eq!(zhang.get("/member/merchants?category=health").await.expect(200)["items"], json!([]));
    let merchant = zhang.get(&format!("/member/merchants/{}", shop.merchant)).await.expect(200);
    assert_eq!((&merchant["stores"][0]["name"], &merchant["stores"][0]["state"]), (&json!("总店"), &json!("open")));
    assert_eq!(merchant["regulator_unit_id"], Value::Null, "who regulates whom is for admins");

    app.tamper("UPDATE merchant SET state = 'suspended'").await;
    assert_eq!(zhang.get("/member/merchants").await.expect(200)["items"], json!([]));
    zhang.get(&format!("/member/merchants/{}", shop.merchant)).await.refused(404, "not_found");
    let kept = app.admin("merchant").await.get(&format!("/admin/merchants/{}", shop.merchant)).await.expect(200);
    assert_eq!(kept["state"], "suspended");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_taken_once_and_everything_named_must_exist() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let admin = app.admin("merchant").await;
    let merchant = |changes: Value| {
        let mut body = json!({
            "organisation_id": app.world.node("wenyuan"), "name": "别家", "category": "food", "introduction": "新店",
        });
        body.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
        body
    };
    let create = |body: Value| {
        let admin = admin.clone();
        async move { admin.post("/admin/merchants", &body).await }
    };
    create(merchant(json!({ "name": " 德胜面馆 " }))).await.refused(409, "name_taken");
    create(merchant(json!({ "organisation_id": "018f0000-0000-7000-8000-000000000000" })))
        .await
        .refused(404, "not_found");
    create(merchant(json!({ "regulator_unit_id": app.world.node("wenyuan") }))).await.refused(422, "invalid_input");
    create(merchant(json!({ "category": "money" }))).await.refused(422, "unknown_value");
    create(merchant(json!({ "state": "left" }))).await.refused(422, "invalid_input");
    create(merchant(json!({ "name": "a\u{0}b" }))).await.refused(422, "invalid_input");
    create(merchant(json!({ "regulator_unit_id": app.world.node("health") }))).await.expect(201);

    let store = json!({ "name": "总店", "address": "某街", "phone": "1", "opening_hours": "全天" });
    let stores = format!("/admin/merchants/{}/stores", shop.merchant);
    admin.post(&stores, &store).await.refused(409, "name_taken");
    let invitations = format!("/admin/merchants/{}/invitations", shop.merchant);
    let other = app.shop("wenyuan", "书店").await;
    let body = json!({ "store_id": other.store, "name": "王芳" });
    admin.post(&invitations, &body).await.refused(422, "invalid_input");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_belongs_to_those_who_look_after_its_place() {
    let app = TestApp::start().await;
    let (near, far) = (app.shop("wenyuan", "近店").await, app.shop("jueqian", "远店").await);
    let subdistrict = app.admin("subdistrict").await;
    let seen = subdistrict.get("/admin/merchants").await.expect(200);
    assert_eq!((seen["items"].as_array().map(Vec::len), &seen["items"][0]["name"]), (Some(1), &json!("近店")));
    subdistrict.get(&format!("/admin/merchants/{}", near.merchant)).await.expect(200);
    subdistrict.get(&format!("/admin/merchants/{}", far.merchant)).await.refused(404, "not_found");
    subdistrict.get(&format!("/admin/merchants/{}/staff", far.merchant)).await.refused(404, "not_found");
    let store = json!({ "name": "分店", "address": "某街", "phone": "1", "opening_hours": "全天" });
    let stores = |shop: &tests::mall::Shop| format!("/admin/merchants/{}/stores", shop.merchant);
    subdistrict.post(&stores(&near), &store).await.refused(403, "forbidden");
    for account in ["community", "estate", "unit", "system", "security", "auditor"] {
        app.admin(account).await.get("/admin/merchants").await.refused(403, "forbidden");
    }
    app.admin("district").await.post(&stores(&far), &store).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_joins_a_shop_by_invitation_and_leaves_it() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let code = invite(&app, &shop, "王芳").await;
    let wang = app.stranger("wang-fang", Audience::Merchant).await;
    assert_eq!(wang.get("/merchant/me").await.expect(200)["bound"], false);
    wang.get("/merchant/verifications").await.refused(403, "not_bound");

    let typed = code.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "i");
    let joined = accept(&wang, &typed).await.expect(201);
    assert_eq!((&joined["name"], &joined["store_id"]), (&json!("王芳"), &json!(shop.store)));
    let own = wang.get("/merchant/me").await.expect(200);
    assert_eq!(own, joined, "at once, with the same token");
    assert_eq!((&own["merchant_name"], &own["store_name"]), (&json!("德胜面馆"), &json!("总店")));
    wang.get("/merchant/verifications").await.expect(200);
    accept(&wang, &code).await.expect(201);
    assert_eq!(app.number("SELECT count(*) FROM staff").await, 1, "the answer was lost, the act is not repeated");

    let li = app.stranger("li-qiang", Audience::Merchant).await;
    accept(&li, &code).await.refused(409, "invitation_used");
    let second = invite(&app, &shop, "王芳").await;
    accept(&wang, &second).await.refused(409, "already_staff");

    let staff = format!("/admin/merchants/{}/staff", shop.merchant);
    let admin = app.admin("merchant").await;
    let members = admin.get(&staff).await.expect(200);
    assert_eq!((&members["items"][0]["name"], &members["items"][0]["left_at"]), (&json!("王芳"), &Value::Null));
    let one = format!("{staff}/{}", id(&members["items"][0]));
    admin.delete(&one).await.expect(204);
    admin.delete(&one).await.refused(404, "not_found");
    for (query, seen) in [("", 1), ("?active=true", 0), ("?active=false", 1)] {
        let found = admin.get(&format!("{staff}{query}")).await.expect(200);
        assert_eq!(found["items"].as_array().map(Vec::len), Some(seen), "{query}");
    }
    app.state.forget_caller(wang.token());
    wang.get("/merchant/verifications").await.refused(403, "not_bound");
    accept(&wang, &second).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_expire_and_cannot_be_guessed() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let code = invite(&app, &shop, "王芳").await;
    assert_eq!(app.number("SELECT count(*) FROM staff_invitation").await, 1);
    let wang = app.stranger("wang-fang", Audience::Merchant).await;
    accept(&wang, "not a code").await.refused(422, "invalid_input");
    app.state.clock.set_ahead_seconds(Duration::days(7).num_seconds());
    accept(&wang, &code).await.refused(409, "invitation_expired");
    app.state.clock.set_ahead_seconds(Duration::days(7).num_seconds() - 60);
    for _ in 0..9 {
        accept(&wang, "0000-0000-0000-0000").await.refused(404, "not_found");
    }
    let refused = accept(&wang, &code).await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.refused(429, "too_many_requests");
    let li = app.stranger("li-qiang", Audience::Merchant).await;
    accept(&li, &code).await.expect(201);
}
