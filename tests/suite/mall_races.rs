//! Many at once: the last piece, the last points, one key, one voucher. Each was seen to fail without its guard.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tests::client::key;
use tests::mall::{cancel, id, redeem, redeem_keyed};
use tests::{Client, Reply, TestApp};
use tokio::sync::Barrier;

/// Makes the calls as nearly at once as a barrier can.
async fn at_once<F: Future<Output = Reply> + Send + 'static>(calls: impl Iterator<Item = F>) -> Vec<Reply> {
    let calls: Vec<_> = calls.collect();
    let barrier = Arc::new(Barrier::new(calls.len()));
    let tasks = calls.into_iter().map(|call| {
        let barrier = Arc::clone(&barrier);
        tokio::spawn(async move {
            barrier.wait().await;
            call.await
        })
    });
    join_all(tasks).await.into_iter().map(|reply| reply.expect("a call")).collect()
}

fn count(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

/// Everybody else must have been told one of these.
#[track_caller]
fn others_were_told(replies: &[Reply], codes: &[&str]) {
    for reply in replies.iter().filter(|reply| reply.status >= 300) {
        assert!(reply.body["code"].as_str().is_some_and(|code| codes.contains(&code)), "{}", reply.text);
    }
}

/// Makes a call, again while it is told to come again.
async fn insist(client: Client, path: String, key: String, body: serde_json::Value) -> Reply {
    client.insist(&path, &key, &body).await
}

/// Two hundred buyers, each at one of the servers, want one of seven pieces.
async fn two_hundred_want_seven(app: &TestApp, servers: &[&str]) {
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 7)).await;
    let buyers = app.shoppers(200, 10).await;
    let calls = buyers.iter().zip(servers.iter().cycle()).map(|(buyer, server)| {
        insist(buyer.at(server), "/member/redemptions".into(), key(), json!({ "offer_id": offer }))
    });
    let replies = at_once(calls).await;
    assert_eq!(count(&replies, 201), 7);
    others_were_told(&replies, &["sold_out"]);
    assert_eq!(app.number("SELECT count(*) FROM redemption").await, 7);
    assert_eq!(app.number("SELECT stock_left FROM offer").await, 0);
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_who_want_seven_pieces_seven_get_one() {
    let app = TestApp::start().await;
    two_hundred_want_seven(&app, &[&app.base]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_at_two_replicas_seven_get_one() {
    let app = TestApp::start().await;
    if !app.on_postgres() {
        return;
    }
    let replica = app.replica().await;
    two_hundred_want_seven(&app, &[&app.base, &replica.base]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_member_with_points_for_one_gets_one() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let mut offers = Vec::new();
    for number in 0..8 {
        offers.push(app.listed(&shop, &app.promise(&format!("面{number}"), 10, 100)).await);
    }
    let zhang = app.shopper("zhang", 10).await;
    let calls = (0..64).map(|number| {
        let (zhang, offer) = (zhang.clone(), offers[number % 8].clone());
        insist(zhang, "/member/redemptions".into(), key(), json!({ "offer_id": offer }))
    });
    let replies = at_once(calls).await;
    assert_eq!(count(&replies, 201), 1);
    others_were_told(&replies, &["insufficient_points"]);
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn limits_hold_however_many_keys_one_member_uses() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let mut offers = Vec::new();
    for number in 0..8 {
        offers.push(app.listed(&shop, &app.promise(&format!("面{number}"), 1, 100)).await);
    }
    let zhang = app.shopper("zhang", 1_000).await;
    let calls = (0..64).map(|number| {
        let (zhang, offer) = (zhang.clone(), offers[number % 8].clone());
        insist(zhang, "/member/redemptions".into(), key(), json!({ "offer_id": offer }))
    });
    let replies = at_once(calls).await;
    assert_eq!(count(&replies, 201), 4, "four a month");
    others_were_told(&replies, &["monthly_limit_reached", "offer_limit_reached"]);
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_a_member_is_one_a_member() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let mut promise = app.promise("面", 1, 100);
    promise["limit_per_member"] = json!(1);
    let offer = app.listed(&shop, &promise).await;
    let members = app.shoppers(4, 100).await;
    let calls = (0..64).map(|number| {
        insist(members[number % 4].clone(), "/member/redemptions".into(), key(), json!({ "offer_id": offer }))
    });
    let replies = at_once(calls).await;
    assert_eq!(count(&replies, 201), 4);
    others_were_told(&replies, &["offer_limit_reached"]);
    assert_eq!(app.number("SELECT count(DISTINCT member_id) FROM redemption").await, 4);
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_is_one_redemption_and_one_answer() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 100)).await;
    let zhang = app.shopper("zhang", 1_000).await;
    let key = key();
    let calls =
        (0..64).map(|_| insist(zhang.clone(), "/member/redemptions".into(), key.clone(), json!({ "offer_id": offer })));
    let replies = at_once(calls).await;
    assert_eq!(count(&replies, 201), 64);
    let answers: BTreeSet<_> = replies.iter().map(|reply| reply.text.clone()).collect();
    assert_eq!(answers.len(), 1);
    assert_eq!(app.number("SELECT count(*) FROM redemption").await, 1);
    assert_eq!(redeem_keyed(&zhang, &offer, &key).await.text, replies[0].text);
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_who_confirm_one_voucher_one_does() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 100)).await;
    let zhang = app.shopper("zhang", 1_000).await;
    let redemption = id(&redeem(&zhang, &offer).await.expect(201));
    let mut clerks = Vec::new();
    for number in 0..4 {
        clerks.push(app.clerk(&shop, &format!("clerk-{number}"), &format!("店员{number}")).await);
    }
    let path = format!("/merchant/vouchers/{redemption}/verification");
    let calls = (0..64).map(|number| insist(clerks[number % 4].clone(), path.clone(), key(), json!({})));
    let replies = at_once(calls).await;
    assert_eq!(count(&replies, 201), 1);
    others_were_told(&replies, &["already_verified"]);
    let winner = replies.iter().find(|reply| reply.status == 201).expect("a winner").body["verified_by"].clone();
    let named = replies.iter().filter(|reply| reply.status == 409);
    assert!(named.clone().count() == 63 && named.into_iter().all(|reply| reply.body["facts"]["verified_by"] == winner));
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 'verify_voucher' AND result = 'done'").await, 1);
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_voucher_is_either_used_or_given_back() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 100)).await;
    let clerk = app.clerk(&shop, "wang-fang", "王芳").await;
    for zhang in app.shoppers(12, 10).await {
        let redemption = id(&redeem(&zhang, &offer).await.expect(201));
        let cancellation = format!("/member/redemptions/{redemption}/cancellation");
        let verification = format!("/merchant/vouchers/{redemption}/verification");
        let calls = (0..8).map(|number| match number % 2 {
            0 => insist(zhang.clone(), cancellation.clone(), key(), json!({})),
            _ => insist(clerk.clone(), verification.clone(), key(), json!({})),
        });
        let replies = at_once(calls).await;
        assert_eq!(count(&replies, 201), 1);
        others_were_told(&replies, &["already_verified", "voucher_cancelled", "redemption_closed"]);
    }
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cancellation_gives_back_once_however_often_it_is_asked_for() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 100)).await;
    let zhang = app.shopper("zhang", 10).await;
    let redemption = id(&redeem(&zhang, &offer).await.expect(201));
    let path = format!("/member/redemptions/{redemption}/cancellation");
    app.state.clock.set_ahead_seconds(chrono::Duration::days(31).num_seconds());
    let (jobs, state) = (app.state.clone(), app.state.clone());
    let job = tokio::spawn(async move { api::jobs::run_all(&jobs).await });
    let replies = at_once((0..32).map(|_| insist(zhang.clone(), path.clone(), key(), json!({})))).await;
    job.await.expect("the job ends");
    api::jobs::run_all(&state).await;
    assert!(count(&replies, 201) <= 1);
    others_were_told(&replies, &["redemption_closed"]);
    assert_eq!(zhang.get("/member/points").await.expect(200)["available"], 10);
    assert_eq!(app.number("SELECT stock_left FROM offer").await, 100);
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stock_pauses_and_redemptions_at_once_leave_the_books_right() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 5)).await;
    let (merchant, buyers) = (app.admin("merchant").await, app.shoppers(24, 10).await);
    let step = |step: &str| format!("/admin/offers/{offer}/{step}");
    let mut calls: Vec<_> = buyers
        .iter()
        .map(|buyer| insist(buyer.clone(), "/member/redemptions".into(), key(), json!({ "offer_id": offer })))
        .collect();
    for number in 0..8 {
        let (path, body) = match number % 4 {
            0 => (step("pause"), json!({})),
            1 => (step("listing"), json!({})),
            2 => (step("stock"), json!({ "change": 2, "reason": "追加" })),
            _ => (step("stock"), json!({ "change": -1, "reason": "少了" })),
        };
        calls.push(insist(merchant.clone(), path, key(), body));
    }
    let replies = at_once(calls.into_iter()).await;
    others_were_told(&replies, &["sold_out", "offer_not_listed", "state_conflict", "stock_too_low"]);
    let step = format!("/admin/offers/{offer}/end");
    merchant.post(&step, &json!({})).await.expect(200);
    // Those who got one give it back, whatever became of the offer.
    for buyer in &buyers {
        let own = buyer.get("/member/redemptions").await.expect(200);
        if let Some(redemption) = own["items"].get(0) {
            cancel(buyer, &id(redemption)).await.expect(201);
        }
    }
    assert_eq!(app.number("SELECT stock_total - stock_left FROM offer").await, 0);
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_all_who_want_one_offer_four_stand_before_its_row() {
    let app = TestApp::start().await;
    if !app.on_postgres() {
        return;
    }
    let (offer, buyers) = wanted(&app, 10).await;
    let row = app.hold("UPDATE offer SET updated_at = updated_at").await;
    let calls = tokio::spawn(at_once(buyers_of(&offer, &buyers).into_iter()));
    row.waited_for_by(1).await;
    let first = Instant::now();
    row.waited_for_by(4).await;
    for _ in 0..30 {
        // The first of them gives up after two.
        if first.elapsed() > Duration::from_secs(1) {
            break;
        }
        assert_eq!(row.waiting().await, 4, "the others keep their connections free for other offers");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    row.commit().await;
    assert_eq!(count(&calls.await.expect("the calls"), 201), buyers.len());
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_redeems_what_is_paused_while_they_wait_for_it() {
    let app = TestApp::start().await;
    if !app.on_postgres() {
        return;
    }
    let (offer, buyers) = wanted(&app, 10).await;
    let pause = app.hold("UPDATE offer SET state = 'paused'").await;
    let calls = tokio::spawn(at_once(buyers_of(&offer, &buyers).into_iter()));
    pause.commit_when_waited_for_by(4).await;
    let replies = calls.await.expect("the calls");
    assert_eq!(count(&replies, 201), 0);
    others_were_told(&replies, &["offer_not_listed"]);
    assert_eq!(app.number("SELECT count(*) FROM redemption").await, 0);
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_gets_the_old_price_once_there_is_a_new_one() {
    let app = TestApp::start().await;
    if !app.on_postgres() {
        return;
    }
    let (offer, buyers) = wanted(&app, 20).await;
    let change = app.hold("UPDATE offer SET price = 20").await;
    let calls = tokio::spawn(at_once(buyers_of(&offer, &buyers).into_iter()));
    change.commit_when_waited_for_by(4).await;
    let replies = calls.await.expect("the calls");
    assert_eq!(count(&replies, 201), buyers.len());
    assert_eq!(app.number("SELECT count(*) FROM redemption WHERE points <> 20").await, 0);
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_step_looks_at_the_offer_as_the_step_before_it_left_it() {
    let app = TestApp::start().await;
    if !app.on_postgres() {
        return;
    }
    let (offer, _) = wanted(&app, 10).await;
    let end = app.hold("UPDATE offer SET state = 'ended'").await;
    let (merchant, path) = (app.admin("merchant").await, format!("/admin/offers/{offer}/pause"));
    let pause = tokio::spawn(async move { merchant.post(&path, &json!({})).await });
    end.commit_when_waited_for_by(1).await;
    pause.await.expect("the call").refused(409, "state_conflict");
    assert_eq!(app.texts("SELECT state FROM offer").await, ["ended"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_itself_refuses_what_no_statement_should_try() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 2)).await;
    let zhang = app.shopper("zhang", 20).await;
    for _ in 0..2 {
        redeem(&zhang, &offer).await.expect(201);
    }
    for (constraint, sql) in [
        ("stock", "UPDATE offer SET stock_left = stock_left - 1"),
        ("stock", "UPDATE offer SET stock_left = stock_total + 1"),
        ("price", "UPDATE offer SET price = 0"),
        ("balance", "UPDATE account SET balance = -1 WHERE kind = 'points'"),
        ("remaining", "UPDATE lot SET remaining = remaining - 1"),
        ("transfer_id", "UPDATE redemption SET transfer_id = (SELECT transfer_id FROM redemption ORDER BY id LIMIT 1)"),
        ("code_hash", "UPDATE redemption SET code_hash = (SELECT code_hash FROM redemption ORDER BY id LIMIT 1)"),
        ("verified", "UPDATE redemption SET state = 'verified'"),
        ("closed", "UPDATE redemption SET state = 'cancelled'"),
        ("append", "UPDATE entry SET amount = amount + 1"),
        ("append", "DELETE FROM transfer"),
    ] {
        let refusal = app.refused_by_schema(sql).await;
        assert!(refusal.contains(constraint), "{sql}: {refusal}");
    }
    app.mall_balances().await;
}

/// An offer at ten points, and six members who want it and have so many points.
async fn wanted(app: &TestApp, points: i64) -> (String, Vec<Client>) {
    let shop = app.shop("wenyuan", "德胜面馆").await;
    (app.listed(&shop, &app.promise("面", 10, 100)).await, app.shoppers(6, points).await)
}

fn buyers_of(offer: &str, buyers: &[Client]) -> Vec<impl Future<Output = Reply> + Send + use<>> {
    let call =
        |buyer: &Client| insist(buyer.clone(), "/member/redemptions".into(), key(), json!({ "offer_id": offer }));
    buyers.iter().map(call).collect()
}
