//! The console, in a true browser.

use serde_json::json;
use tests::service::enrol;
use tests::world::PASSWORD;
use tests::{Browser, Client, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_works_in_the_browser() {
    let app = TestApp::start().await;
    let browser = Browser::at_console(&app.base).await;

    browser.sign_in("subdistrict", "wrong-wrong-wrong", "000000").await;
    browser.see("#admin-sign-in .problem", "账号、密码或动态码不正确").await;
    assert!(!browser.shows("#contract").await);
    browser.picture("refused").await;

    browser.sign_in("subdistrict", PASSWORD, &app.totp("subdistrict").await).await;
    browser.see("#who", "水泊寺街道 街道管理员").await;
    let own = browser.execute("show_own_admin", &[], None).await.expect(200);
    assert_eq!(own["account"], "subdistrict");
    browser.picture("admin").await;

    browser.reload().await;
    browser.see("#who", "街道管理员").await;
    browser.click("#sign-out").await;
    browser.see("#admin-sign-in h2", "管理员登录").await;
    assert_eq!(browser.run("return sessionStorage.length").await, json!(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_contract_is_tried_out_with_tokens_of_its_own() {
    let app = TestApp::start().await;
    let browser = Browser::at_console(&app.base).await;
    browser.sign_in("district", PASSWORD, &app.totp("district").await).await;
    browser.see("#who", "区级管理员").await;

    browser.turn_to("member").await;
    browser.see("#contract", "党员端").await;
    browser.execute("show_own_member", &[], None).await.expect(401);
    browser.see("#notices", "请先登录").await;
    browser.fill("#wechat-sign-in [name=code]", "login:stranger:1").await;
    browser.click("#wechat-sign-in [type=submit]").await;
    browser.see("#who", "尚未绑定").await;
    let own = browser.execute("show_own_member", &[], None).await.expect(200);
    assert_eq!((&own["bound"], &own["member"]), (&json!(false), &json!(null)));
    browser.picture("member").await;

    browser.turn_to("merchant").await;
    browser.see("#wechat-sign-in", "登录码").await;
    browser.execute("show_own_staff", &[], None).await.expect(401);
    let shop = app.shop("wenyuan", "德胜面馆").await;
    app.clerk(&shop, "wang-fang", "王芳").await;
    browser.fill("#wechat-sign-in [name=code]", "login:wang-fang:1").await;
    browser.click("#wechat-sign-in [type=submit]").await;
    browser.see("#who", "王芳 · 德胜面馆 · 总店").await;

    browser.turn_to("admin").await;
    browser.see("#who", "区级管理员").await;
    browser.execute("show_own_admin", &[], None).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ran_out_is_renewed_without_a_word() {
    let app = TestApp::start().await;
    let browser = Browser::at_console(&app.base).await;
    browser.sign_in("district", PASSWORD, &app.totp("district").await).await;
    browser.see("#who", "区级管理员").await;
    let tokens = "return sessionStorage.getItem('zhixiang.admin')";
    let first = browser.run(tokens).await;

    app.state.clock.advance_wall(chrono::Duration::minutes(16));
    browser.execute("show_own_admin", &[], None).await.expect(200);
    assert_ne!(browser.run(tokens).await, first);
    assert_eq!(app.number("SELECT count(*) FROM session WHERE revoked_at IS NOT NULL").await, 0);

    browser.click("#step-up").await;
    browser.fill("#step-up-dialog [name=totp]", &app.totp("district").await).await;
    browser.click("#step-up-dialog [type=submit]").await;
    browser.see("#notices", "已再次验证").await;
    browser.execute("show_own_admin", &[], None).await.expect(200);
}

/// Signs the admin in, in place of whoever is.
async fn become_admin(app: &TestApp, browser: &Browser, account: &str) {
    // A code works once, so everybody waits for the next one.
    app.state.clock.advance_wall(chrono::Duration::seconds(31));
    if browser.shows("#sign-out").await {
        browser.click("#sign-out").await;
    }
    browser.sign_in(account, PASSWORD, &app.totp(account).await).await;
    browser.see("#who", &format!("（{account}）")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admins_part_of_the_journey_is_walked_in_the_browser() {
    let app = TestApp::start().await;
    let browser = Browser::at_console(&app.base).await;
    let report = json!({ "estate_id": app.world.node("xinhewan"), "building": "3号楼", "skills": [], "wishes": [] });
    app.member("zhang").await.post("/member/residencies", &report).await.expect(201);

    become_admin(&app, &browser, "unit").await;
    browser.see("#waiting", "待办：待单位确认的报到 1 件").await;
    let reports = browser.execute("list_residencies", &[("state", "submitted")], None).await.expect(200);
    assert_eq!(reports["items"][0]["member_name"], "张建国");
    let residency = reports["items"][0]["id"].as_str().expect("an id");
    let confirmed = browser.execute("confirm_residency", &[("id", residency)], None).await.expect(200);
    assert_eq!(confirmed["state"], "unit_confirmed");
    browser.see("#waiting", "没有待办").await;

    become_admin(&app, &browser, "community").await;
    browser.see("#waiting", "待社区接收的报到 1 件").await;
    let accepted = browser.execute("accept_residency", &[("id", residency)], None).await.expect(201);
    assert_eq!(accepted["state"], "active");
    let again = browser.execute("accept_residency", &[("id", residency)], None).await.expect(409);
    assert_eq!(again["code"], "state_conflict");
    let mut proposal = app.proposal(1, 3, 10);
    proposal["organisation_id"] = json!(app.world.node("wenyuan"));
    let proposed = browser.execute("propose_activity", &[], Some(&proposal)).await.expect(201);
    let activity = proposed["id"].as_str().expect("an id");

    become_admin(&app, &browser, "subdistrict").await;
    let published = browser.execute("publish_activity", &[("id", activity)], Some(&json!({}))).await.expect(200);
    assert_eq!(published["state"], "published");
    browser.picture("published").await;

    let li = app.resident("li").await;
    let enrolment = enrol(&li, activity).await.expect(201)["id"].clone();
    app.advance("50m").await;
    li.post("/member/check-ins", &json!({ "code": app.shown_code(activity, "in").await })).await.expect(200);
    app.advance("130m").await;
    li.post("/member/check-outs", &json!({ "code": app.shown_code(activity, "out").await })).await.expect(200);
    let confirmation = json!({ "attendances": [{ "enrolment_id": enrolment, "evaluation": "a" }] });
    let led = format!("/member/led-activities/{activity}/confirmation");
    app.member("zhang").await.post(&led, &confirmation).await.expect(200);

    become_admin(&app, &browser, "community").await;
    let waiting = browser.execute("list_attendances", &[], None).await.expect(200);
    assert_eq!((&waiting["items"][0]["id"], &waiting["items"][0]["lead"]), (&enrolment, &json!("张建国")));
    let review = json!({ "attendances": [{ "enrolment_id": enrolment, "approved": true }] });
    let reviewed = browser.execute("review_attendance", &[], Some(&review)).await.expect(200);
    assert_eq!(reviewed["attendances"][0]["state"], "in_publicity");
    browser.picture("reviewed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_brought_into_the_mall_in_the_browser() {
    let app = TestApp::start().await;
    let browser = Browser::at_console(&app.base).await;
    become_admin(&app, &browser, "merchant").await;
    let merchant = json!({
        "organisation_id": app.world.node("wenyuan"), "name": "晋阳面馆", "category": "food", "introduction": "老店",
    });
    let merchant = browser.execute("create_merchant", &[], Some(&merchant)).await.expect(201)["id"].clone();
    let promise = json!({
        "title": "刀削面一碗", "category": "food", "description": "传统刀削面一碗", "terms": "仅限堂食", "price": 15,
        "face_value_fen": 1_500, "funding_source": "merchant_borne", "stock": 7, "voucher_days": 30,
    });
    let draft = json!({ "merchant_id": merchant, "offer": promise });
    let offer = browser.execute("create_offer", &[], Some(&draft)).await.expect(201)["id"].clone();
    let offer = [("id", offer.as_str().expect("an id"))];
    browser.execute("submit_offer", &offer, None).await.expect(200);
    browser.execute("approve_offer", &offer, None).await.expect(403);

    become_admin(&app, &browser, "district").await;
    browser.execute("approve_offer", &offer, None).await.expect(200);

    become_admin(&app, &browser, "merchant").await;
    assert_eq!(browser.execute("publish_offer", &offer, None).await.expect(200)["state"], "listed");
    // The key is filled in by the console, a new one each time.
    for left in [10, 13] {
        let more = json!({ "change": 3, "reason": "商家加量" });
        let stocked = browser.execute("change_offer_stock", &offer, Some(&more)).await.expect(201);
        assert_eq!(stocked["stock_left"], left);
    }
    browser.picture("stocked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_runs_nothing_but_its_own() {
    let app = TestApp::start().await;
    let page = app.anonymous().get("//console").await;
    let policy = page.headers["content-security-policy"].to_str().expect("a policy").to_owned();
    assert!(policy.contains("script-src 'self';"), "{policy}");
    assert!(!page.text.contains("http://") || page.text.matches("http://").count() == 1, "only the icon's namespace");
    assert_eq!(app.anonymous().get("//console/").await.status, 200);

    let bundle = app.anonymous().get("//console/assets/swagger-ui-bundle.js").await;
    assert!(bundle.text.len() > 1_000_000, "the vendored Swagger UI is built in");
    let tag = bundle.headers["etag"].to_str().expect("a tag");
    let client = app.anonymous();
    let path = "//console/assets/swagger-ui-bundle.js";
    let request = client.request(reqwest::Method::GET, path).header("If-None-Match", tag);
    let again = client.send(request, path).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    client.get("//console/assets/nothing.js").await.refused(404, "not_found");
    for audience in ["member", "merchant", "admin"] {
        let document = client.get(&format!("//openapi/{audience}.json")).await.expect(200);
        assert_eq!(document["openapi"], "3.1.0");
    }
    client.get("//openapi/nobody.json").await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_listener_knows_nothing_of_the_console() {
    let app = TestApp::start_split().await;
    let desk = Client::anonymous(app.management.as_deref().expect("a management listener"));
    let paths =
        ["//console", "//console/", "//console/settings.json", "//console/assets/console.js", "//openapi/admin.json"];
    for path in paths {
        assert_eq!(desk.get(path).await.status, 200, "{path}");
        app.anonymous().get(path).await.refused(404, "not_found");
    }
    assert_eq!(desk.get("//console/settings.json").await.expect(200), json!({ "callable": ["admin"] }));

    let browser = Browser::at_console(app.management.as_deref().expect("a management listener")).await;
    browser.sign_in("district", PASSWORD, &app.totp("district").await).await;
    browser.see("#who", "区级管理员").await;
    browser.turn_to("member").await;
    browser.see("#reading-only", "只供查阅").await;
    assert!(!browser.shows("#wechat-sign-in").await);
}
