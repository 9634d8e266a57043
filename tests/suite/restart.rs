//! The true binary, killed in the middle of a burst and started again: what it acknowledged is there, and what it did not
//! happens once when it is asked for again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::binary::Binary;
use tests::client::key;
use tests::mall::id;
use tests::{Client, Reply, TestApp};
use tokio::sync::Notify;

const PATH: &str = "/member/redemptions";

/// What somebody asks for, under the key that stays the same.
struct Call {
    client: Client,
    key: String,
    body: Value,
}

/// The answers that came so far.
#[derive(Default)]
struct Acknowledged {
    count: AtomicUsize,
    more: Notify,
}

/// Every member wants each offer twice.
fn calls(members: &[Client], offers: &[String]) -> Vec<Call> {
    let wishes = members.iter().flat_map(|member| offers.iter().chain(offers).map(move |offer| (member, offer)));
    wishes
        .map(|(member, offer)| Call { client: member.clone(), key: key(), body: json!({ "offer_id": offer }) })
        .collect()
}

/// Makes all calls at once and kills the server as soon as so many are answered; what each was told, if anything.
async fn killed_after(server: &mut Binary, calls: &[Call], answers: usize) -> Vec<Option<Reply>> {
    let acknowledged = Arc::new(Acknowledged::default());
    let tasks: Vec<_> = calls
        .iter()
        .map(|call| {
            let (client, key, body) = (call.client.at(&server.base), call.key.clone(), call.body.clone());
            let acknowledged = Arc::clone(&acknowledged);
            tokio::spawn(async move {
                let reply = client.try_post_keyed(PATH, &key, &body).await;
                acknowledged.count.fetch_add(1, Ordering::SeqCst);
                acknowledged.more.notify_one();
                reply
            })
        })
        .collect();
    while acknowledged.count.load(Ordering::SeqCst) < answers {
        acknowledged.more.notified().await;
    }
    server.kill();
    join_all(tasks).await.into_iter().map(|reply| reply.expect("a call")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_at_any_moment_it_forgets_nothing_and_repeats_nothing() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offers =
        [app.listed(&shop, &app.promise("面", 3, 500)).await, app.listed(&shop, &app.promise("汤", 2, 500)).await];
    let members = app.shoppers(40, 10).await;
    app.leave().await;

    let mut server = Binary::serve(&app);
    let (mut acknowledged, mut lost) = (0, 0);
    for (members, answers) in members.chunks(8).zip([0, 1, 4, 10, 22]) {
        let calls = calls(members, &offers);
        let replies = killed_after(&mut server, &calls, answers).await;
        server = Binary::serve(&app);
        for (call, reply) in calls.iter().zip(replies) {
            let client = call.client.at(&server.base);
            let reply = reply.filter(|reply| reply.status != 503 && reply.body["code"] != "still_running");
            if let Some(reply) = &reply {
                let known = client.get(&format!("{PATH}/{}", id(&reply.clone().expect(201)))).await.expect(200);
                assert_eq!(known["points"], reply.body["points"]);
                acknowledged += 1;
            } else {
                lost += 1;
            }
            let again = client.insist(PATH, &call.key, &call.body).await;
            assert_eq!(again.status, 201, "{}", again.text);
            let third = client.insist(PATH, &call.key, &call.body).await;
            assert_eq!(third.text, again.text);
            assert!(reply.is_none_or(|reply| reply.text == again.text));
        }
    }
    println!("{acknowledged} were acknowledged, {lost} were not");
    assert!(acknowledged > 0 && lost > 0, "killed too late or too early");
    assert_eq!(app.number("SELECT count(*) FROM redemption").await, 160);
    assert_eq!(app.number("SELECT CAST(SUM(balance) AS bigint) FROM account WHERE kind = 'points'").await, 0);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 'redeem_offer' AND result = 'done'").await, 160);
    app.mall_balances().await;
}
