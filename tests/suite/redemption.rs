//! Redeeming and giving back.

use chrono::Duration;
use domain::session::Audience;
use serde_json::{Value, json};
use tests::client::key;
use tests::mall::{cancel, id, redeem, redeem_keyed, verify};
use tests::{Client, TestApp};

async fn available(client: &Client) -> Value {
    client.get("/member/points").await.expect(200)["available"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_redeems_and_keeps_the_terms_as_they_were() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("刀削面一碗", 80, 7)).await;
    let zhang = app.shopper("zhang", 100).await;
    let redeemed = redeem(&zhang, &offer).await.expect(201);
    assert_eq!((&redeemed["state"], &redeemed["balance_after"]), (&json!("issued"), &json!(20)));
    assert_eq!((&redeemed["merchant_name"], &redeemed["points"]), (&json!("德胜面馆"), &json!(80)));
    assert!(redeemed["expires_at"].as_str().expect("a time").ends_with("T00:00:00+08:00"));
    assert!(!redeemed.to_string().contains("code"), "the code has a call of its own");

    let again = redeem(&zhang, &offer).await.refused(409, "insufficient_points");
    assert_eq!(again["detail"], "积分不足：可用 20 分，需要 80 分");
    app.tamper("UPDATE offer SET terms = '别的规则', title = '别的'").await;
    let shown = zhang.get(&format!("/member/redemptions/{}", id(&redeemed))).await.expect(200);
    assert_eq!((&shown["terms"], &shown["title"]), (&json!("仅限堂食，每桌限用一张"), &json!("刀削面一碗")));
    let listed = zhang.get("/member/redemptions?state=issued").await.expect(200);
    assert_eq!(listed["items"][0]["id"], redeemed["id"]);
    assert_eq!(zhang.get("/member/redemptions?state=verified").await.expect(200)["items"], json!([]));
    let entries = zhang.get("/member/points/entries").await.expect(200);
    assert_eq!(
        (&entries["items"][0]["points"], &entries["items"][0]["reason"]),
        (&json!(-80), &json!("兑换：刀削面一碗"))
    );

    let li = app.member("li").await;
    assert_eq!(li.get("/member/redemptions").await.expect(200)["items"], json!([]));
    for path in ["", "/code", "/qr.svg"] {
        li.get(&format!("/member/redemptions/{}{path}", id(&redeemed))).await.refused(404, "not_found");
    }
    cancel(&li, &id(&redeemed)).await.refused(404, "not_found");
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gets_the_same_answer_and_another_body_none() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 7)).await;
    let other = app.listed(&shop, &app.promise("汤", 10, 7)).await;
    let (zhang, li) = (app.shopper("zhang", 100).await, app.shopper("li", 100).await);
    let first = key();
    let redeemed = redeem_keyed(&zhang, &offer, &first).await;
    assert_eq!(redeemed.status, 201, "{}", redeemed.text);
    let again = redeem_keyed(&zhang, &offer, &first).await;
    assert_eq!((again.status, &again.text), (201, &redeemed.text));
    assert!(again.headers.contains_key("idempotency-replayed"));
    redeem_keyed(&zhang, &other, &first).await.refused(422, "idempotency_key_reused");
    let of_li = redeem_keyed(&li, &offer, &first).await.expect(201);
    assert_ne!(of_li["id"], redeemed.body["id"], "keys are each person's own");
    zhang.post("/member/redemptions", &json!({ "offer_id": offer })).await.refused(400, "idempotency_key_missing");

    // Answers are forgotten after some days; the points that a key moved are not.
    app.tamper("DELETE FROM idempotency").await;
    redeem_keyed(&zhang, &offer, &first).await.refused(422, "idempotency_key_reused");
    assert_eq!(available(&zhang).await, 90);
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_own_code_and_changes_nothing() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 7)).await;
    let zhang = app.shopper("zhang", 100).await;
    let admin = app.admin("merchant").await;
    let step = |step: &'static str| {
        let (admin, path) = (admin.clone(), format!("/admin/offers/{offer}/{step}"));
        async move { admin.post(&path, &json!({})).await.expect(200) }
    };
    redeem(&zhang, "018f0000-0000-7000-8000-000000000000").await.refused(404, "not_found");
    redeem(&zhang, "nonsense").await.refused(422, "invalid_input");
    let body = json!({ "merchant_id": shop.merchant, "offer": app.promise("稿", 10, 7) });
    let draft = id(&admin.post("/admin/offers", &body).await.expect(201));
    redeem(&zhang, &draft).await.refused(404, "not_found");

    step("pause").await;
    redeem(&zhang, &offer).await.refused(409, "offer_not_listed");
    step("listing").await;
    app.tamper("UPDATE merchant SET state = 'suspended'").await;
    redeem(&zhang, &offer).await.refused(409, "offer_not_listed");
    app.tamper("UPDATE merchant SET state = 'active'").await;
    app.tamper("UPDATE offer SET stock_left = 0, stock_total = 0").await;
    redeem(&zhang, &offer).await.refused(409, "sold_out");
    app.tamper("UPDATE offer SET stock_left = 7, stock_total = 7").await;

    app.endow(app.world.member("li"), 100, 299).await;
    let few = redeem(&app.member("li").await, &offer).await.refused(409, "not_eligible");
    assert_eq!(few["detail"], "累计服务满 5 小时后才能兑换，目前为 4 小时 59 分钟");
    redeem(&app.shopper("wang", 9).await, &offer).await.refused(409, "insufficient_points");
    let zhao = app.shopper("zhao", 100).await;
    app.tamper(
        "UPDATE account SET frozen_at = (SELECT created_at FROM merchant), frozen_because = '核查' \
         WHERE member_id = (SELECT id FROM member WHERE name = '赵春梅')",
    )
    .await;
    redeem(&zhao, &offer).await.refused(409, "points_frozen");
    app.stranger("nobody", Audience::Member).await.get("/member/offers").await.refused(403, "not_bound");

    step("end").await;
    redeem(&zhang, &offer).await.refused(409, "offer_ended");
    assert_eq!(app.number("SELECT count(*) FROM redemption").await, 0);
    assert_eq!(app.number("SELECT count(*) FROM idempotency WHERE operation = 'redeem_offer'").await, 0);
    assert_eq!(available(&zhang).await, 100);
    let money = "SELECT count(*) FROM audit WHERE action = 'redeem_offer' AND result = 'refused'";
    assert_eq!(app.number(money).await, 2, "too few points, frozen points");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_regulates_a_merchant_takes_nothing_from_it() {
    let app = TestApp::start().await;
    let admin = app.admin("merchant").await;
    let body = json!({
        "organisation_id": app.world.node("wenyuan"),
        "name": "仁和药房",
        "category": "health",
        "introduction": "社区药房",
        "regulator_unit_id": app.world.node("health"),
    });
    let merchant = id(&admin.post("/admin/merchants", &body).await.expect(201));
    let shop = tests::mall::Shop { merchant, store: String::new() };
    let offer = app.listed(&shop, &app.promise("体检", 10, 7)).await;
    redeem(&app.shopper("liu", 100).await, &offer).await.refused(409, "conflict_of_interest");
    redeem(&app.shopper("zhang", 100).await, &offer).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_by_offer_month_and_year_and_come_back_with_a_cancellation() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let mut one = app.promise("一人一份", 1, 7);
    one["limit_per_member"] = json!(1);
    let (one, two) = (app.listed(&shop, &one).await, app.listed(&shop, &app.promise("按规则", 1, 7)).await);
    let zhang = app.shopper("zhang", 100).await;
    let first = id(&redeem(&zhang, &one).await.expect(201));
    redeem(&zhang, &one).await.refused(409, "offer_limit_reached");
    redeem(&zhang, &two).await.expect(201);
    redeem(&zhang, &two).await.expect(201);
    redeem(&zhang, &two).await.refused(409, "offer_limit_reached");
    cancel(&zhang, &first).await.expect(201);
    redeem(&zhang, &one).await.expect(201);
    let mut third = app.promise("第三种", 1, 7);
    third["face_value_fen"] = json!(45_501);
    let third = app.listed(&shop, &third).await;
    redeem(&zhang, &third).await.refused(409, "value_cap_reached");
    app.tamper("UPDATE offer SET face_value_fen = 45500 WHERE title = '第三种'").await;
    redeem(&zhang, &third).await.expect(201);
    redeem(&zhang, &third).await.refused(409, "monthly_limit_reached");
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_gives_everything_back_once() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 80, 1)).await;
    let (zhang, li) = (app.shopper("zhang", 80).await, app.shopper("li", 80).await);
    let redemption = id(&redeem(&zhang, &offer).await.expect(201));
    redeem(&li, &offer).await.refused(409, "sold_out");
    let path = format!("/member/redemptions/{redemption}/cancellation");
    let first = key();
    let cancelled = zhang.post_keyed(&path, &first, &json!({})).await.expect(201);
    assert_eq!((&cancelled["state"], &cancelled["balance_after"]), (&json!("cancelled"), &json!(80)));
    assert_eq!(zhang.post_keyed(&path, &first, &json!({})).await.expect(201), cancelled);
    cancel(&zhang, &redemption).await.refused(409, "redemption_closed");
    zhang.post(&path, &json!({})).await.refused(400, "idempotency_key_missing");
    assert_eq!(available(&zhang).await, 80);
    zhang.get(&format!("/member/redemptions/{redemption}/code")).await.refused(409, "voucher_cancelled");

    let second = id(&redeem(&li, &offer).await.expect(201));
    let clerk = app.clerk(&shop, "wang-fang", "王芳").await;
    verify(&clerk, &redemption).await.refused(409, "voucher_cancelled");
    verify(&clerk, &second).await.expect(201);
    cancel(&li, &second).await.refused(409, "already_verified");
    li.get(&format!("/member/redemptions/{second}/code")).await.refused(409, "already_verified");
    app.mall_balances().await;
}

/// Whoever spends before a clawback and cancels after it has nothing to spend beside the debt.
#[tokio::test(flavor = "multi_thread")]
async fn points_that_come_back_pay_the_debt_that_was_made_meanwhile() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 12, 7)).await;
    let zhang = app.shopper("zhang", 2).await;
    let earned = app.credit_service("zhang", 240, app.state.clock.business()).await;
    let standing = async || {
        let balance = zhang.get("/member/points").await.expect(200);
        ["available", "debt"].map(|name| balance[name].as_i64().expect("a number"))
    };
    let [before, _] = standing().await;
    let [cancelled, overdue] =
        [redeem(&zhang, &offer).await, redeem(&zhang, &offer).await].map(|it| id(&it.expect(201)));
    app.claw_back("zhang", earned, before - 24 + 15).await;
    assert_eq!(standing().await, [0, 15]);
    let answer = cancel(&zhang, &cancelled).await.expect(201);
    assert_eq!((&answer["balance_after"], standing().await), (&json!(0), [0, 3]), "{answer}");
    let entry = &zhang.get("/member/points/entries").await.expect(200)["items"][0];
    let why = format!("/member/points/entries/{}", entry["transfer_id"].as_str().expect("an id"));
    assert_eq!(zhang.get(&why).await.expect(200)["sentence"], "积分退回，先抵还欠分 12 分。");
    app.advance("31d").await;
    assert_eq!(zhang.get(&format!("/member/redemptions/{overdue}")).await.expect(200)["state"], "expired");
    assert_eq!(standing().await, [9, 0], "of twelve that the job gave back, three were owed");
    app.mall_balances().await;
    app.books_are_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overdue_voucher_gives_everything_back_by_itself() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 80, 2)).await;
    let zhang = app.shopper("zhang", 100).await;
    let redemption = id(&redeem(&zhang, &offer).await.expect(201));
    let clerk = app.clerk(&shop, "wang-fang", "王芳").await;
    let used = id(&redeem(&app.shopper("li", 80).await, &offer).await.expect(201));
    verify(&clerk, &used).await.expect(201);

    // Past its days, but no job has come by yet.
    app.state.clock.set_ahead_seconds(Duration::days(31).num_seconds());
    let path = format!("/member/redemptions/{redemption}");
    assert_eq!(zhang.get(&path).await.expect(200)["state"], "expired");
    let district = app.admin("district").await;
    for (state, own, managed) in [("expired", 1, 1), ("issued", 0, 0), ("verified", 0, 1)] {
        let listed = |reply: Value| reply["items"].as_array().map(Vec::len);
        let seen = zhang.get(&format!("/member/redemptions?state={state}")).await.expect(200);
        assert_eq!(listed(seen), Some(own), "{state}");
        let seen = district.get(&format!("/admin/redemptions?state={state}")).await.expect(200);
        assert_eq!(listed(seen), Some(managed), "{state}");
    }
    zhang.get(&format!("{path}/code")).await.refused(409, "voucher_expired");
    verify(&clerk, &redemption).await.refused(409, "voucher_expired");
    assert_eq!(available(&zhang).await, 20);

    api::jobs::run_all(&app.state).await;
    api::jobs::run_all(&app.state).await;
    assert_eq!(available(&zhang).await, 100);
    let shown = zhang.get(&path).await.expect(200);
    assert_eq!(shown["state"], "expired");
    assert!(shown["closed_at"].is_string());
    cancel(&zhang, &redemption).await.refused(409, "redemption_closed");
    assert_eq!(zhang.get(&format!("/member/offers/{offer}")).await.expect(200)["stock_left"], 1);
    let entries = zhang.get("/member/points/entries").await.expect(200);
    assert_eq!(entries["items"][0]["reason"], "已过期退回：面");
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sees_the_redemptions_of_the_own_merchants_masked() {
    let app = TestApp::start().await;
    let (near, far) = (app.shop("wenyuan", "近店").await, app.shop("jueqian", "远店").await);
    let (own, foreign) =
        (app.listed(&near, &app.promise("近", 1, 9)).await, app.listed(&far, &app.promise("远", 1, 9)).await);
    let zhang = app.shopper("zhang", 100).await;
    redeem(&zhang, &own).await.expect(201);
    redeem(&zhang, &foreign).await.expect(201);
    let seen = app.admin("subdistrict").await.get("/admin/redemptions").await.expect(200);
    assert_eq!((seen["items"].as_array().map(Vec::len), &seen["items"][0]["title"]), (Some(1), &json!("近")));
    assert_eq!(seen["items"][0]["member"], "张**");
    let district = app.admin("district").await;
    let path = format!("/admin/redemptions?merchant_id={}&state=issued&offer_id={foreign}", far.merchant);
    assert_eq!(district.get(&path).await.expect(200)["items"][0]["title"], "远");
    let all = district.get("/admin/redemptions?limit=1").await.expect(200);
    let next = all["next_cursor"].as_str().expect("a second page");
    let rest = district.get(&format!("/admin/redemptions?limit=1&cursor={next}")).await.expect(200);
    assert_eq!((&all["items"][0]["title"], &rest["items"][0]["title"]), (&json!("远"), &json!("近")));
    app.admin("unit").await.get("/admin/redemptions").await.refused(403, "forbidden");
}
