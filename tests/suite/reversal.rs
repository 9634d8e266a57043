//! A confirmation that a shop made by mistake is undone by another person, within the hours that the rules give, once.

use domain::role::Role;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::client::key;
use tests::mall::{Shop, id, redeem, verify};
use tests::{Client, Reply, TestApp};

use crate::desk::waiting;

struct Counter {
    app: TestApp,
    member: Client,
    clerk: Client,
    redemption: String,
}

/// A member whose voucher for all their points was just confirmed; of the offer one piece was there.
async fn counter() -> Counter {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let (member, redemption) = bought(&app, &shop).await;
    let clerk = app.clerk(&shop, "wang-fang", "王芳").await;
    verify(&clerk, &redemption).await.expect(201);
    Counter { app, member, clerk, redemption }
}

async fn bought(app: &TestApp, shop: &Shop) -> (Client, String) {
    let offer = app.listed(shop, &app.promise("刀削面一碗", 80, 1)).await;
    let member = app.shopper("zhang", 80).await;
    let redemption = id(&redeem(&member, &offer).await.expect(201));
    (member, redemption)
}

async fn ask(clerk: &Client, redemption: &str) -> Reply {
    let path = format!("/merchant/vouchers/{redemption}/reversal");
    clerk.post(&path, &json!({ "reason": "扫错了券，顾客没有取餐" })).await
}

async fn approve(admin: &Client, reversal: &str) -> Reply {
    admin.insist(&format!("/admin/reversals/{reversal}/approval"), &key(), &json!({})).await
}

async fn refuse(admin: &Client, reversal: &str) -> Reply {
    admin.post(&format!("/admin/reversals/{reversal}/refusal"), &json!({ "reason": "顾客已取餐" })).await
}

async fn points(member: &Client) -> Value {
    member.get("/member/points").await.expect(200)["available"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_undoes_a_confirmation_and_everything_goes_back_once() {
    let Counter { app, member, clerk, redemption } = counter().await;
    assert_eq!(points(&member).await, 0);
    let asked = ask(&clerk, &redemption).await.expect(201);
    assert_eq!((&asked["state"], &asked["holder"]), (&json!("requested"), &json!("张**")));
    assert_eq!((&asked["points"], &asked["requested_by"]), (&json!(80), &json!("王芳")));
    ask(&clerk, &redemption).await.refused(409, "state_conflict");
    let reversal = id(&asked);

    let (inviter, merchant) = (app.stepped_up("merchant").await, app.stepped_up("district").await);
    assert_eq!((waiting(&inviter, "reversal").await, waiting(&merchant, "reversal").await), (json!(0), json!(1)));
    approve(&inviter, &reversal).await.refused(409, "same_person");
    approve(&app.admin("district").await, &reversal).await.refused(403, "step_up_required");
    approve(&app.stepped_up("subdistrict").await, &reversal).await.refused(403, "forbidden");
    let done = approve(&merchant, &reversal).await.expect(201);
    assert_eq!(done["state"], "approved");
    assert_eq!(points(&member).await, 80);
    let own = member.get(&format!("/member/redemptions/{redemption}")).await.expect(200);
    assert_eq!(own["state"], "reversed");
    assert_eq!(app.number("SELECT stock_left FROM offer").await, 1);
    assert_eq!(waiting(&merchant, "reversal").await, 0);
    approve(&merchant, &reversal).await.refused(409, "state_conflict");
    verify(&clerk, &redemption).await.refused(409, "voucher_reversed");
    ask(&clerk, &redemption).await.refused(409, "state_conflict");
    let shop = clerk.get("/merchant/reversals").await.expect(200);
    assert_eq!((&shop["items"][0]["id"], &shop["items"][0]["state"]), (&json!(reversal), &json!("approved")));
    let entries = member.get("/member/points/entries").await.expect(200);
    assert_eq!(entries["items"][0]["reason"], "核销已撤销退回：刀削面一碗");
    let written = "SELECT count(*) FROM audit WHERE action LIKE '%_reversal' AND result = 'done'";
    assert_eq!(app.number(written).await, 2);
    app.books_balance().await;
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_asks_within_the_hours_that_the_rules_give_and_is_answered_within_a_week() {
    let Counter { app, member, clerk, redemption } = counter().await;
    let stranger = app.clerk(&app.shop("wenyuan", "另一家店").await, "liu-gui", "刘桂").await;
    ask(&stranger, &redemption).await.refused(404, "not_found");
    app.change_rules(|rules| rules.voucher.reversal_hours = 0).await;
    ask(&clerk, &redemption).await.refused(409, "reversal_too_late");
    app.change_rules(|rules| rules.voucher.reversal_hours = 2).await;
    app.advance("2h").await;
    ask(&clerk, &redemption).await.refused(409, "reversal_too_late");
    app.change_rules(|rules| rules.voucher.reversal_hours = 3).await;
    let reversal = id(&ask(&clerk, &redemption).await.expect(201));
    let merchant = app.stepped_up("district").await;
    assert_eq!(refuse(&merchant, &reversal).await.expect(200)["refusal"], "顾客已取餐");
    refuse(&merchant, &reversal).await.refused(409, "state_conflict");
    let again = id(&ask(&clerk, &redemption).await.expect(201));
    app.advance("7d").await;
    approve(&merchant, &again).await.refused(409, "reversal_too_late");
    let lapsed = merchant.get("/admin/reversals?state=lapsed").await.expect(200);
    assert_eq!((&lapsed["items"][0]["id"], &lapsed["items"][1]), (&json!(again), &Value::Null));
    assert_eq!((waiting(&merchant, "reversal").await, points(&member).await), (json!(0), json!(0)));
    merchant.get(&format!("/admin/reversals/{reversal}")).await.expect(200);
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_the_holder_nor_who_asked_nor_who_invited_them_approves() {
    let Counter { app, clerk, redemption, .. } = counter().await;
    let reversal = id(&ask(&clerk, &redemption).await.expect(201));
    let own = app.stepped_up("district").await;
    app.link_admin("district", "zhang").await;
    assert_eq!(waiting(&own, "reversal").await, 0);
    approve(&own, &reversal).await.refused(409, "same_person");
    refuse(&own, &reversal).await.refused(409, "same_person");
    app.link_admin("merchant", "wang").await;
    refuse(&app.stepped_up("merchant").await, &reversal).await.refused(409, "same_person");
    app.link_admin("subdistrict", "li").await;
    app.identity_of("wang-fang", Some(app.world.member("li"))).await;
    let further = app.further_admin("second-district", Role::District, "district").await;
    assert_eq!(waiting(&further, "reversal").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_approvals_at_once_give_back_once() {
    let Counter { app, member, clerk, redemption } = counter().await;
    let reversal = id(&ask(&clerk, &redemption).await.expect(201));
    let (merchant, district) = (app.stepped_up("district").await, app.stepped_up("district").await);
    let approvals = (0..20).map(|number| approve(if number % 2 == 0 { &merchant } else { &district }, &reversal));
    let (done, others): (Vec<_>, Vec<_>) = join_all(approvals).await.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(done.len(), 1);
    for other in others {
        other.refused(409, "state_conflict");
    }
    assert_eq!(points(&member).await, 80);
    assert_eq!(app.number("SELECT count(*) FROM transfer WHERE kind = 'refund'").await, 1);
    assert_eq!(app.number("SELECT stock_left FROM offer").await, 1);
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_requests_at_once_are_one() {
    let Counter { app, clerk, redemption, .. } = counter().await;
    let replies = join_all((0..16).map(|_| ask(&clerk, &redemption))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for other in replies.into_iter().filter(|reply| reply.status != 201) {
        other.refused(409, "state_conflict");
    }
    assert_eq!(app.number("SELECT count(*) FROM reversal").await, 1);
}
