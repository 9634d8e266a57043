//! Many clients do random things at once: whatever became of each call, the entries tell one story, and it is the story
//! that everybody was told. It was seen to fail without the row locks, and without the condition on the stock.

use std::ops::RangeInclusive;
use std::time::Duration;

use tests::TestApp;
use tests::binary::wrong_books;
use tests::crowd::{Crowd, Size};
use tests::history::{Kept, Outcome};
use tests::proxy::Proxy;

/// How many ask at once.
const CLIENTS: usize = 16;

/// How long they go on, unless `ZHIXIANG_TEST_HISTORY_SECONDS` says otherwise.
const SECONDS: u64 = 10;

/// How long each message takes to the database, in milliseconds.
const DELAY: RangeInclusive<u64> = 5..=50;

/// Few members and few pieces, so that clients get into each other's way all the time; over slow wires fewer do.
const FAST: Size = Size { members: 8, points: 60, offers: 5, stock: 10 };
const SLOW: Size = Size { stock: 4, ..FAST };

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn at_one_server_everybody_is_told_the_one_story_that_is_kept() {
    let app = TestApp::start().await;
    let crowd = Crowd::gather(&app, FAST).await;
    let out = crowd.send_out(CLIENTS, std::slice::from_ref(&app.state));
    go_on(&crowd).await;
    crowd.call_home();
    out.join_all().await;
    tells_one_story(&app, &crowd).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn at_two_replicas_behind_slow_wires_that_are_cut_it_is_one_story_still() {
    let app = TestApp::start().await;
    if !app.on_postgres() {
        return;
    }
    let crowd = Crowd::gather(&app, SLOW).await;
    let (server, database) = app.database_url.rsplit_once('/').expect("postgres://…/database");
    let (user, upstream) = server.rsplit_once('@').expect("postgres://user@server");
    let proxy = Proxy::before(upstream, DELAY).await;
    let slow = format!("{user}@{}/{database}", proxy.address);
    let replicas = [app.replica_by(&slow).await, app.replica_by(&slow).await];
    crowd.move_to(replicas.iter().map(|replica| replica.base.clone()).collect());
    let out = crowd.send_out(CLIENTS, &replicas.each_ref().map(|replica| replica.state.clone()));
    let cutting = async {
        loop {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(100..800))).await;
            proxy.cut_one();
        }
    };
    tokio::select! {
        () = cutting => unreachable!("it cuts for ever"),
        () = go_on(&crowd) => {}
    }
    crowd.call_home();
    out.join_all().await;
    tells_one_story(&app, &crowd).await;
}

fn time() -> Duration {
    let asked = std::env::var("ZHIXIANG_TEST_HISTORY_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(asked.unwrap_or(SECONDS))
}

/// Lets them go on for the time, and on a busy machine for up to a minute longer, until enough has happened.
async fn go_on(crowd: &Crowd) {
    tokio::time::sleep(time()).await;
    for _ in 0..60 {
        if is_much(crowd) {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Whether so much happened that it shows something.
fn is_much(crowd: &Crowd) -> bool {
    let memory = crowd.memory();
    let calls = memory.history.calls.iter();
    let done = calls.clone().filter(|call| matches!(call.outcome, Outcome::Done { .. })).count();
    let refused = calls.filter(|call| call.outcome == Outcome::Refused).count();
    let (looks, rescued) = (memory.history.looks.len(), memory.rescued);
    println!("{done} done, {rescued} of them at another try, {refused} refused, {looks} looks");
    done > 20 && refused > 5 && looks > 5 && rescued > 0
}

async fn tells_one_story(app: &TestApp, crowd: &Crowd) {
    let memory = crowd.memory();
    assert_eq!(memory.surprises, Vec::<String>::new());
    let findings = crowd.check(&Kept::at(&app.database_url).await);
    assert_eq!(findings.iter().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    app.mall_balances().await;
    assert_eq!(wrong_books(app), None);

    assert!(is_much(crowd), "too little happened to show anything");
    for (what, sql) in [
        ("redeemed", "SELECT count(*) FROM redemption"),
        ("cancelled", "SELECT count(*) FROM redemption WHERE state = 'cancelled'"),
        ("verified", "SELECT count(*) FROM redemption WHERE state = 'verified'"),
        ("given", "SELECT count(*) FROM donation"),
    ] {
        assert!(app.number(sql).await > 0, "nothing was {what}");
    }
}
