//! Two replicas on one database: what one of them did, the other knows.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::client::key;
use tests::mall::{id, redeem};
use tests::{Client, TestApp};

/// Two replicas, if this run has a database for them.
async fn replicas() -> Option<(TestApp, TestApp)> {
    let app = TestApp::start().await;
    if !app.on_postgres() {
        return None;
    }
    let other = app.replica().await;
    Some((app, other))
}

fn token<'a>(tokens: &'a Value, which: &str) -> &'a str {
    tokens[which].as_str().expect(which)
}

async fn log_in(app: &TestApp) -> (Client, Value) {
    let body = json!({ "code": "login:stranger:1", "audience": "member" });
    let tokens = app.anonymous().post("/auth/wechat-login", &body).await.expect(200);
    let client = app.anonymous().with_token(token(&tokens, "access_token"));
    (client, json!({ "refresh_token": tokens["refresh_token"] }))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signed_in_at_one_is_known_at_the_other() {
    let Some((app, other)) = replicas().await else { return };
    let (phone, refresh) = log_in(&app).await;
    phone.at(&other.base).get("/member/me").await.expect(200);

    let clients = [app.anonymous(), other.anonymous()];
    let replies = join_all((0..20).map(|number| clients[number % 2].post("/auth/refresh", &refresh))).await;
    let replies = replies.into_iter().map(|reply| reply.expect(200));
    let successors: BTreeSet<_> = replies.map(|reply| token(&reply, "refresh_token").to_owned()).collect();
    assert_eq!(successors.len(), 1, "both derive the same successor");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signed_out_at_one_is_out_at_the_other() {
    let Some((app, other)) = replicas().await else { return };
    let (phone, refresh) = log_in(&app).await;
    let there = phone.at(&other.base);
    there.get("/member/me").await.expect(200);
    phone.post("/auth/logout", &refresh).await.expect(204);
    let left = Instant::now();
    phone.get("/member/me").await.refused(401, "unauthenticated");
    other.anonymous().post("/auth/refresh", &refresh).await.refused(401, "unauthenticated");
    // The other one looked the token up a moment ago, and believes what it saw for five seconds at most.
    while there.get("/member/me").await.status != 401 {
        assert!(left.elapsed() < Duration::from_secs(6), "an ended session goes on");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_one_has_seen_gets_the_same_answer_at_the_other() {
    let Some((app, other)) = replicas().await else { return };
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 100)).await;
    let zhang = app.shopper("zhang", 100).await;
    let phones = [zhang.clone(), zhang.at(&other.base)];
    let (path, body) = ("/member/redemptions", json!({ "offer_id": offer }));
    let one = key();
    let first = phones[0].post_keyed(path, &one, &body).await;
    let again = phones[1].post_keyed(path, &one, &body).await;
    assert_eq!((first.status, again.status, &again.text), (201, 201, &first.text));
    assert!(again.headers.contains_key("idempotency-replayed"));
    let another = json!({ "offer_id": "018f0000-0000-7000-8000-000000000000" });
    phones[1].post_keyed(path, &one, &another).await.refused(422, "idempotency_key_reused");

    let one = key();
    let replies = join_all((0..64).map(|number| phones[number % 2].insist(path, &one, &body))).await;
    let answers: BTreeSet<_> = replies.iter().map(|reply| (reply.status, reply.text.clone())).collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(app.number("SELECT count(*) FROM redemption").await, 2);
    app.mall_balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_runs_at_one_of_them_and_moves_on_when_that_one_is_gone() {
    let Some((app, other)) = replicas().await else { return };
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 100)).await;
    let ahead = |days: i64| {
        for replica in [&app, &other] {
            replica.state.clock.set_ahead_seconds(chrono::Duration::days(days).num_seconds());
        }
    };
    let expired = async || app.number("SELECT count(*) FROM audit WHERE action = 'expire_voucher'").await;
    let zhang = app.shopper("zhang", 20).await;
    let first = id(&redeem(&zhang, &offer).await.expect(201));
    ahead(31);
    join_all([&app, &other, &app, &other].map(|replica| api::jobs::run_all(&replica.state))).await;
    assert_eq!(expired().await, 1, "one voucher, one row");
    assert_eq!(zhang.get(&format!("/member/redemptions/{first}")).await.expect(200)["state"], "expired");

    let second = id(&redeem(&zhang, &offer).await.expect(201));
    ahead(62);
    let held = format!("UPDATE lease SET holder = '{}', until = now() + interval '1 hour'", app.state.holder);
    app.tamper(&held).await;
    api::jobs::run_all(&other.state).await;
    assert_eq!(expired().await, 1, "the first one holds the lease");
    app.tamper("UPDATE lease SET until = now() - interval '1 second'").await;
    api::jobs::run_all(&other.state).await;
    api::jobs::run_all(&app.state).await;
    assert_eq!(expired().await, 2);
    assert_eq!(zhang.get(&format!("/member/redemptions/{second}")).await.expect(200)["state"], "expired");
    app.mall_balances().await;
}
