//! Vouchers in the shop: shown, looked up, confirmed once.

use chrono::Duration;
use serde_json::{Value, json};
use tests::client::key;
use tests::mall::{Shop, id, redeem, verify};
use tests::{Client, TestApp};

struct Counter {
    app: TestApp,
    shop: Shop,
    member: Client,
    clerk: Client,
    redemption: String,
}

/// A member with a voucher before the counter of its shop.
async fn counter() -> Counter {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("刀削面一碗", 80, 7)).await;
    let member = app.shopper("zhang", 100).await;
    let redemption = id(&redeem(&member, &offer).await.expect(201));
    let clerk = app.clerk(&shop, "wang-fang", "王芳").await;
    Counter { app, shop, member, clerk, redemption }
}

impl Counter {
    async fn shown(&self) -> Value {
        self.member.get(&format!("/member/redemptions/{}/code", self.redemption)).await.expect(200)
    }
}

async fn look_up(clerk: &Client, by: &str, what: &str) -> tests::Reply {
    clerk.post("/merchant/vouchers/lookup", &json!({ by: what })).await
}

fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body[field].as_str().expect(field)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_is_found_by_code_or_qr_and_confirmed_once() {
    let counter = counter().await;
    let shown = counter.shown().await;
    let spoken = text(&shown, "code").to_lowercase().replace('-', " ").replace('1', "l");
    for (by, what) in [("code", spoken.as_str()), ("qr", text(&shown, "qr"))] {
        let found = look_up(&counter.clerk, by, what).await.expect(200);
        assert_eq!((text(&found, "id"), text(&found, "state")), (counter.redemption.as_str(), "issued"));
        assert_eq!((text(&found, "holder"), text(&found, "terms")), ("张**", "仅限堂食，每桌限用一张"));
        let body = found.to_string();
        assert!(!body.contains("建国") && !body.contains("1380000"), "only the surname: {body}");
    }

    let first = key();
    let path = format!("/merchant/vouchers/{}/verification", counter.redemption);
    let verified = counter.clerk.post_keyed(&path, &first, &json!({})).await.expect(201);
    assert_eq!((text(&verified, "state"), text(&verified, "verified_by")), ("verified", "王芳"));
    assert_eq!(counter.clerk.post_keyed(&path, &first, &json!({})).await.expect(201), verified);

    let second = counter.app.clerk(&counter.shop, "li-qiang", "李强").await;
    let late = verify(&second, &counter.redemption).await.refused(409, "already_verified");
    assert_eq!((text(&late["facts"], "verified_by"), text(&late["facts"], "store")), ("王芳", "总店"));
    assert_eq!(text(&late["facts"], "verified_at"), text(&verified, "verified_at"));
    assert!(text(&late, "detail").contains("由 王芳 在 总店 核销"), "{late}");
    let found = look_up(&second, "code", text(&shown, "code")).await.expect(200);
    assert_eq!((text(&found, "state"), text(&found, "verified_by")), ("verified", "王芳"));

    let record = second.get("/merchant/verifications").await.expect(200);
    assert_eq!((&record["items"][0]["id"], &record["next_cursor"]), (&json!(counter.redemption), &Value::Null));
    let own = second.get("/merchant/verifications?own_store=true&limit=1").await.expect(200);
    assert_eq!(own["items"][0]["verified_store"], "总店");
    let seen = counter.member.get(&format!("/member/redemptions/{}", counter.redemption)).await.expect(200);
    assert_eq!((text(&seen, "state"), text(&seen, "verified_store")), ("verified", "总店"));
    counter.app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_shop_finds_nothing() {
    let counter = counter().await;
    let other = counter.app.shop("wenyuan", "新华书店").await;
    let stranger = counter.app.clerk(&other, "zhao-li", "赵丽").await;
    let shown = counter.shown().await;
    look_up(&stranger, "code", text(&shown, "code")).await.refused(404, "not_found");
    look_up(&stranger, "qr", text(&shown, "qr")).await.refused(404, "not_found");
    verify(&stranger, &counter.redemption).await.refused(404, "not_found");
    assert_eq!(stranger.get("/merchant/verifications").await.expect(200)["items"], json!([]));
    verify(&counter.clerk, &counter.redemption).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screenshot_dies_within_a_minute_and_no_byte_can_be_changed() {
    let counter = counter().await;
    let qr = text(&counter.shown().await, "qr").to_owned();
    for at in [0, 4, 20, 38, 45, qr.len() - 1] {
        let mut bytes = qr.clone().into_bytes();
        bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
        let edited = String::from_utf8(bytes).expect("text");
        look_up(&counter.clerk, "qr", &edited).await.refused(422, "voucher_qr_foreign");
    }
    look_up(&counter.clerk, "qr", "https://example.cn/pay").await.refused(422, "voucher_qr_foreign");
    counter.app.state.clock.advance_wall(Duration::seconds(58));
    look_up(&counter.clerk, "qr", &qr).await.expect(200);
    counter.app.state.clock.advance_wall(Duration::seconds(3));
    look_up(&counter.clerk, "qr", &qr).await.refused(409, "voucher_qr_stale");
    let fresh = counter.shown().await;
    assert_ne!(text(&fresh, "qr"), qr);
    look_up(&counter.clerk, "qr", text(&fresh, "qr")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_qr_comes_as_a_picture_too() {
    let counter = counter().await;
    let path = format!("/member/redemptions/{}/qr.svg", counter.redemption);
    let picture = counter.member.get(&path).await;
    assert_eq!((picture.status, &picture.headers["content-type"]), (200, &"image/svg+xml".parse().expect("a header")));
    assert_eq!(picture.headers["cache-control"], "no-store");
    assert!(picture.text.contains("<svg"), "{}", picture.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_cannot_be_guessed() {
    let counter = counter().await;
    let code = text(&counter.shown().await, "code").to_owned();
    for wrong in [json!({}), json!({ "code": code, "qr": code }), json!({ "code": "123" }), json!({ "code": 1 })] {
        counter.clerk.post("/merchant/vouchers/lookup", &wrong).await.refused(422, "invalid_input");
    }
    for _ in 0..9 {
        look_up(&counter.clerk, "code", "0000-0000-0000-0000").await.refused(404, "not_found");
    }
    look_up(&counter.clerk, "code", &code).await.expect(200);
    look_up(&counter.clerk, "code", "0000-0000-0000-0001").await.refused(404, "not_found");
    let locked = look_up(&counter.clerk, "code", &code).await;
    assert!(locked.headers.contains_key("retry-after"));
    locked.refused(429, "too_many_requests");
    let noted = "SELECT count(*) FROM audit WHERE action = 'lookup_voucher' AND reason = 'too_many_requests'";
    assert_eq!(counter.app.number(noted).await, 1);
    let colleague = counter.app.clerk(&counter.shop, "li-qiang", "李强").await;
    look_up(&colleague, "code", &code).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_is_stored_nowhere() {
    let counter = counter().await;
    let code = text(&counter.shown().await, "code").to_owned();
    let bare = code.replace('-', "");
    let stored = format!(
        "SELECT count(*) FROM idempotency WHERE body LIKE '%{code}%' OR body LIKE '%{bare}%' OR body LIKE '%ZX1.%'"
    );
    assert_eq!(counter.app.number(&stored).await, 0);
    assert_eq!(counter.app.number("SELECT count(*) FROM idempotency WHERE operation = 'redeem_offer'").await, 1);
}
