//! The whole journey over HTTP, from a phone's first sign-in to a voucher that a shop has honoured, with the audit row
//! that each step leaves.

use serde_json::{Value, json};
use tests::client::key;
use tests::service::enrol;
use tests::world::PASSWORD;
use tests::{Client, TestApp};

/// The audit trail, read as it grows.
struct Trail<'a> {
    app: &'a TestApp,
    read: usize,
}

impl Trail<'_> {
    /// What was done since the last look, by whom, in order.
    /// Seals come whenever something is there to be sealed, and notices are looked for on every day anew.
    async fn shows(&mut self, done: &[&str]) {
        let sql = "SELECT actor_kind || ' ' || action FROM audit \
                   WHERE result = 'done' AND action NOT IN ('seal_ledger', 'notify_expiry') ORDER BY id";
        let rows = self.app.texts(sql).await;
        assert_eq!(rows[self.read..], *done);
        self.read = rows.len();
        let nameless = "SELECT count(*) FROM audit WHERE actor_kind NOT IN ('job', 'anonymous') AND actor_id IS NULL";
        assert_eq!(self.app.number(nameless).await, 0);
    }
}

fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body[field].as_str().unwrap_or_else(|| panic!("no {field} in {body}"))
}

fn holder(app: &TestApp, tokens: &Value) -> Client {
    app.anonymous().with_token(text(tokens, "access_token"))
}

async fn wechat(app: &TestApp, code: &str, audience: &str) -> Value {
    let body = json!({ "code": code, "audience": audience });
    app.anonymous().post("/auth/wechat-login", &body).await.expect(200)
}

async fn admin(app: &TestApp, account: &str) -> Client {
    let body = json!({ "account": account, "password": PASSWORD, "totp": app.totp(account).await });
    holder(app, &app.anonymous().post("/auth/admin-login", &body).await.expect(200))
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_sign_in_to_the_confirmed_voucher() {
    let app = TestApp::start().await;
    let mut trail = Trail { app: &app, read: 0 };
    let (li, tokens) = signs_in(&app, &mut trail).await;
    reports(&app, &mut trail, &li).await;
    serves(&app, &mut trail, &li).await;
    let offer = is_offered(&app, &mut trail).await;
    let redemption = redeems(&app, &mut trail, &li, &offer).await;
    is_served_in_the_shop(&app, &mut trail, &li, &redemption).await;

    let body = json!({ "refresh_token": tokens["refresh_token"] });
    li.post("/auth/logout", &body).await.expect(204);
    li.get("/member/me").await.refused(401, "unauthenticated");
    app.anonymous().post("/auth/refresh", &body).await.refused(401, "unauthenticated");
    trail.shows(&["anonymous log_out_session"]).await;
    app.mall_balances().await;
}

/// A phone that WeChat knows and the roster does not yet, until its number is bound.
async fn signs_in(app: &TestApp, trail: &mut Trail<'_>) -> (Client, Value) {
    let tokens = wechat(app, "login:li:1", "member").await;
    assert_eq!(tokens["bound"], false);
    let unbound = holder(app, &tokens);
    unbound.get("/member/points").await.refused(403, "not_bound");
    trail.shows(&["anonymous log_in_wechat"]).await;
    let bound = binds(app, &unbound, "li").await;
    trail.shows(&["member bind_phone"]).await;

    let body = json!({ "refresh_token": bound["refresh_token"] });
    let tokens = app.anonymous().post("/auth/refresh", &body).await.expect(200);
    let li = holder(app, &tokens);
    let me = li.get("/member/me").await.expect(200);
    assert_eq!((&me["bound"], &me["member"]["name"]), (&json!(true), &json!("李秀英")));
    trail.shows(&["anonymous refresh_session"]).await;
    (li, tokens)
}

/// Binds the phone number under which the roster knows the member; answers the tokens that come with it.
async fn binds(app: &TestApp, phone: &Client, name: &str) -> Value {
    let policy = phone.get("/member/privacy-policy").await.expect(200);
    let code = format!("phone:{}:1", app.world.phone(name));
    let body = json!({ "phone_code": code, "policy_version": policy["version"] });
    let bound = phone.post("/member/phone", &body).await.expect(200);
    assert_eq!((&bound["matched"], &bound["tokens"]["bound"]), (&json!(true), &json!(true)));
    bound["tokens"].clone()
}

async fn reports(app: &TestApp, trail: &mut Trail<'_>, li: &Client) {
    let (unit, community) = (admin(app, "unit").await, admin(app, "community").await);
    trail.shows(&["anonymous log_in_admin"; 2]).await;
    let found = li.get("/member/estates?text=新河湾").await.expect(200);
    let estate = &found["items"][0]["id"];
    let body = json!({ "estate_id": estate, "building": "3号楼2单元501", "skills": ["急救"], "wishes": [] });
    let reported = li.post("/member/residencies", &body).await.expect(201);
    assert_eq!(reported["state"], "submitted");
    trail.shows(&["member report_residency"]).await;

    let path = format!("/admin/residencies/{}", text(&reported, "id"));
    unit.post(&format!("{path}/unit-confirmation"), &json!({})).await.expect(200);
    trail.shows(&["admin confirm_residency"]).await;
    let accepted = community.post_keyed(&format!("{path}/acceptance"), &key(), &json!({})).await.expect(201);
    assert_eq!(accepted["state"], "active");
    trail.shows(&["admin accept_residency"]).await;
    let points = li.get("/member/points").await.expect(200);
    assert_eq!((&points["available"], &points["verified_minutes"]), (&json!(20), &json!(0)));
}

async fn serves(app: &TestApp, trail: &mut Trail<'_>, li: &Client) {
    let lead = holder(app, &wechat(app, "login:zhang:1", "member").await);
    let lead = holder(app, &binds(app, &lead, "zhang").await);
    let (estate, community) = (admin(app, "estate").await, admin(app, "second-community").await);
    let signed_in =
        ["anonymous log_in_wechat", "member bind_phone", "anonymous log_in_admin", "anonymous log_in_admin"];
    trail.shows(&signed_in).await;

    // Tomorrow: today's points for the report count towards today's cap.
    let proposed = estate.post("/admin/activities", &app.proposal(25, 31, 10)).await.expect(201);
    let activity = text(&proposed, "id");
    community.post(&format!("/admin/activities/{activity}/publication"), &json!({})).await.expect(200);
    trail.shows(&["admin propose_activity", "admin publish_activity"]).await;
    assert_eq!(li.get("/member/activities").await.expect(200)["items"][0]["id"], activity);
    let enrolment = enrol(li, activity).await.expect(201)["id"].clone();
    trail.shows(&["member enrol_activity"]).await;

    app.advance("1490m").await;
    scans(&lead, li, activity, "in").await;
    trail.shows(&["anonymous advance_clock", "member check_in"]).await;
    app.advance("6h").await;
    app.advance("20m").await;
    let left = scans(&lead, li, activity, "out").await;
    assert_eq!((&left["state"], &left["minutes"]), (&json!("checked_out"), &json!(360)));
    trail
        .shows(&["anonymous advance_clock", "anonymous advance_clock", "job close_attendance", "member check_out"])
        .await;

    let body = json!({ "attendances": [{ "enrolment_id": enrolment, "evaluation": "a" }] });
    lead.post(&format!("/member/led-activities/{activity}/confirmation"), &body).await.expect(200);
    let body = json!({ "attendances": [{ "enrolment_id": enrolment, "approved": true }] });
    let reviewed = community.post("/admin/attendances/review", &body).await.expect(200);
    assert_eq!(reviewed["attendances"][0]["state"], "in_publicity");
    trail.shows(&["member confirm_attendance", "admin review_attendance"]).await;

    app.advance("3d").await;
    let job = ["anonymous advance_clock", "job credit_service", "job settle_activities"];
    trail.shows(&job).await;
    let points = li.get("/member/points").await.expect(200);
    // 20 for the report; of 360 minutes 240 count, eight half-hours of 5 points, 1.2 times for 优秀.
    assert_eq!((&points["available"], &points["verified_minutes"]), (&json!(68), &json!(360)));
    let entries = li.get("/member/points/entries").await.expect(200);
    let transfer = text(&entries["items"][0], "transfer_id");
    let why = li.get(&format!("/member/points/entries/{transfer}")).await.expect(200);
    let sentence = text(&why, "sentence");
    assert!(sentence.contains("服务 360 分钟") && sentence.contains("得 48 分"), "{sentence}");
    trail.shows(&[]).await;
}

async fn scans(lead: &Client, member: &Client, activity: &str, direction: &str) -> Value {
    let shown = lead.get(&format!("/member/led-activities/{activity}/code?direction={direction}")).await.expect(200);
    member.post(&format!("/member/check-{direction}s"), &json!({ "code": shown["code"] })).await.expect(200)
}

async fn is_offered(app: &TestApp, trail: &mut Trail<'_>) -> String {
    let (keeper, district) = (admin(app, "merchant").await, admin(app, "district").await);
    trail.shows(&["anonymous log_in_admin"; 2]).await;
    let body = json!({
        "organisation_id": app.world.node("wenyuan"), "name": "德胜面馆", "category": "food",
        "introduction": "开了三十年的老店",
    });
    let merchant = keeper.post("/admin/merchants", &body).await.expect(201);
    let path = format!("/admin/merchants/{}", text(&merchant, "id"));
    let body = json!({
        "name": "总店", "address": "平城区迎宾街 12 号", "phone": "0352-0000000", "opening_hours": "每天 7:00 至 21:00",
    });
    let store = keeper.post(&format!("{path}/stores"), &body).await.expect(201);
    trail.shows(&["admin create_merchant", "admin create_store"]).await;

    let body = json!({ "merchant_id": merchant["id"], "offer": app.promise("刀削面一碗", 60, 7) });
    let offer = keeper.post("/admin/offers", &body).await.expect(201);
    let step = |step: &str| format!("/admin/offers/{}/{step}", text(&offer, "id"));
    keeper.post(&step("submission"), &json!({})).await.expect(200);
    district.post(&step("approval"), &json!({})).await.expect(200);
    keeper.post(&step("listing"), &json!({})).await.expect(200);
    trail.shows(&["admin create_offer", "admin submit_offer", "admin approve_offer", "admin publish_offer"]).await;

    let body = json!({ "store_id": store["id"], "name": "王芳" });
    let invitation = keeper.post(&format!("{path}/invitations"), &body).await.expect(201);
    let clerk = holder(app, &wechat(app, "login:wang-fang:1", "merchant").await);
    clerk.post("/merchant/invitations/acceptance", &json!({ "code": invitation["code"] })).await.expect(201);
    let done = ["admin invite_staff", "anonymous log_in_wechat", "merchant accept_invitation"];
    trail.shows(&done).await;
    text(&offer, "id").to_owned()
}

async fn redeems(app: &TestApp, trail: &mut Trail<'_>, li: &Client, offer: &str) -> String {
    let mall = li.get("/member/offers?category=food&affordable=true&sort=cheapest").await.expect(200);
    assert_eq!((&mall["items"][0]["id"], &mall["items"][0]["stock_left"]), (&json!(offer), &json!(7)));
    let (own, body) = (key(), json!({ "offer_id": offer }));
    let redeemed = li.post_keyed("/member/redemptions", &own, &body).await.expect(201);
    assert_eq!((&redeemed["state"], &redeemed["balance_after"]), (&json!("issued"), &json!(8)));
    assert_eq!(li.post_keyed("/member/redemptions", &own, &body).await.expect(201), redeemed, "a double tap");
    trail.shows(&["member redeem_offer"]).await;
    let entries = li.get("/member/points/entries").await.expect(200);
    assert_eq!(entries["items"][0]["points"], -60);
    assert_eq!(li.get(&format!("/member/offers/{offer}")).await.expect(200)["stock_left"], 6);
    app.mall_balances().await;
    text(&redeemed, "id").to_owned()
}

async fn is_served_in_the_shop(app: &TestApp, trail: &mut Trail<'_>, li: &Client, redemption: &str) {
    let shown = li.get(&format!("/member/redemptions/{redemption}/code")).await.expect(200);
    let picture = li.get(&format!("/member/redemptions/{redemption}/qr.svg")).await;
    assert!(picture.status == 200 && picture.text.contains("<svg"));
    let tokens = wechat(app, "login:wang-fang:2", "merchant").await;
    assert_eq!(tokens["bound"], true);
    let clerk = holder(app, &tokens);
    trail.shows(&["anonymous log_in_wechat"]).await;
    li.get("/merchant/me").await.refused(403, "wrong_audience");
    for body in [json!({ "qr": shown["qr"] }), json!({ "code": shown["code"] })] {
        let found = clerk.post("/merchant/vouchers/lookup", &body).await.expect(200);
        assert_eq!((text(&found, "id"), text(&found, "state")), (redemption, "issued"));
        assert_eq!(text(&found, "holder"), "李**");
    }
    trail.shows(&[]).await;

    let path = format!("/merchant/vouchers/{redemption}/verification");
    let verified = clerk.post_keyed(&path, &key(), &json!({})).await.expect(201);
    assert_eq!(verified["state"], "verified");
    trail.shows(&["merchant verify_voucher"]).await;
    let late = clerk.post_keyed(&path, &key(), &json!({})).await.refused(409, "already_verified");
    let facts = &late["facts"];
    assert_eq!((text(facts, "verified_by"), text(facts, "store")), ("王芳", "总店"));
    assert_eq!(facts["verified_at"], verified["verified_at"]);
    assert!(text(&late, "detail").contains("由 王芳 在 总店 核销"), "{late}");
    trail.shows(&[]).await;
    let refused = "SELECT count(*) FROM audit WHERE action = 'verify_voucher' AND reason = 'already_verified'";
    assert_eq!(app.number(refused).await, 1);

    let seen = li.get(&format!("/member/redemptions/{redemption}")).await.expect(200);
    assert_eq!((text(&seen, "state"), text(&seen, "verified_store")), ("verified", "总店"));
    li.post_keyed(&format!("/member/redemptions/{redemption}/cancellation"), &key(), &json!({}))
        .await
        .refused(409, "already_verified");
}
