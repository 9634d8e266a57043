//! Members are told before their points go, once for each notice day, whatever happens to the job.

use api::jobs;
use chrono::{Datelike, Duration, NaiveDate};
use domain::time::{business_day, start_of_day};
use serde_json::{Value, json};
use tests::{Client, TestApp};

/// Moves to so many days before the last day of what is earned today.
async fn advance_to(app: &TestApp, last_day: NaiveDate, days_before: i64) {
    let days = (last_day - business_day(app.state.clock.business())).num_days() - days_before;
    app.advance(&format!("{days}d")).await;
}

fn last_day_of_today(app: &TestApp) -> NaiveDate {
    NaiveDate::from_ymd_opt(business_day(app.state.clock.business()).year() + 1, 3, 31).expect("a day")
}

async fn notices(client: &Client) -> Vec<Value> {
    client.get("/member/notices").await.expect(200)["items"].as_array().expect("items").clone()
}

async fn count(app: &TestApp, table: &str) -> i64 {
    app.number(&format!("SELECT count(*) FROM {table}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_told_at_each_notice_day_once() {
    let app = TestApp::start().await;
    let (zhang, li) = (app.member("zhang").await, app.member("li").await);
    let last_day = last_day_of_today(&app);
    app.credit_service("zhang", 60, app.state.clock.business()).await;
    advance_to(&app, last_day, 61).await;
    assert_eq!(notices(&zhang).await, [json!(null); 0]);
    app.advance("1d").await;
    app.advance("1s").await;
    let told = notices(&zhang).await;
    assert_eq!(told.len(), 1);
    let sentence = format!("您有 10 分积分将于 {last_day} 到期，当天仍可使用，过后作废。");
    assert_eq!((&told[0]["sentence"], &told[0]["last_day"]), (&json!(sentence), &json!(last_day)));
    assert_eq!((&told[0]["points"], &told[0]["days_before"]), (&json!(10), &json!(60)));

    app.spend_points("zhang", 4).await;
    app.advance("30d").await;
    app.advance("10d").await;
    app.spend_points("zhang", 6).await;
    advance_to(&app, last_day, -1).await;
    let told = notices(&zhang).await;
    let days = |number: usize| (told[number]["days_before"].as_i64(), told[number]["points"].as_i64());
    assert_eq!(
        (told.len(), days(0), days(1)),
        (2, (Some(30), Some(6)), (Some(60), Some(10))),
        "nothing left, no notice"
    );
    assert_eq!(notices(&li).await, [json!(null); 0]);

    let queued = app.texts("SELECT payload FROM outbox WHERE kind = 'expiry_notice' ORDER BY created_at").await;
    let first: Value = serde_json::from_str(&queued[0]).expect("JSON");
    let facts = json!({ "member_id": app.world.member("zhang"), "points": 10, "last_day": last_day });
    assert_eq!((queued.len(), first), (2, facts));
    assert_eq!(app.number("SELECT count(*) FROM outbox WHERE delivered_at IS NULL").await, 2);
    for query in ["limit=0", "cursor=nonsense", "page=2"] {
        zhang.get(&format!("/member/notices?{query}")).await.refused(422, "invalid_input");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_not_told_in_time_is_told_once() {
    let app = TestApp::start().await;
    let last_day = last_day_of_today(&app);
    for name in ["zhang", "li"] {
        app.credit_service(name, 60, app.state.clock.business()).await;
    }
    advance_to(&app, last_day, 5).await;
    for name in ["zhang", "li"] {
        let told = notices(&app.member(name).await).await;
        assert_eq!((told.len(), &told[0]["days_before"]), (1, &json!(7)), "{name}");
    }
    // A pass whose trace is lost is gone through again and tells nobody anything new.
    app.tamper("DELETE FROM notice_pass").await;
    jobs::run_all(&app.state).await;
    assert_eq!((count(&app, "notice").await, count(&app, "outbox").await), (2, 2));
    app.advance("4d").await;
    assert_eq!(count(&app, "notice").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pass_that_is_ended_at_any_point_tells_everybody_once() {
    let app = TestApp::start().await;
    app.crowd(1_100).await;
    let first_day = start_of_day(last_day_of_today(&app) - Duration::days(60));
    app.state.clock.set_ahead_seconds((first_day - app.state.clock.wall()).num_seconds() + 3_600);
    let mut ends = 0;
    while count(&app, "notice").await < 1_100 {
        app.run_jobs_until_grown("SELECT count(*) FROM notice").await;
        ends += 1;
    }
    assert!(ends > 1, "it was not ended in the middle");
    jobs::run_all(&app.state).await;
    assert_eq!((count(&app, "notice").await, count(&app, "outbox").await), (1_100, 1_100));
    let told = "SELECT count(DISTINCT member_id) FROM notice";
    assert_eq!((app.number(told).await, count(&app, "notice_pass").await), (1_100, 1));
    assert_eq!(app.number("SELECT count(*) FROM notice_pass WHERE finished_at IS NOT NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_replicas_that_tell_the_same_one_is_heard() {
    let app = TestApp::start().await;
    if !app.on_postgres() {
        return;
    }
    let last_day = last_day_of_today(&app);
    for name in ["zhang", "li"] {
        app.credit_service(name, 60, app.state.clock.business()).await;
    }
    let first_day = start_of_day(last_day - Duration::days(60));
    app.state.clock.set_ahead_seconds((first_day - app.state.clock.wall()).num_seconds() + 3_600);
    let other = format!(
        "INSERT INTO notice (id, member_id, gone_at, days_before, points, created_at) \
         SELECT l.id, a.member_id, l.expires_at, 60, 10, now() FROM lot l JOIN account a ON a.id = l.account_id \
         WHERE a.member_id = '{}'",
        app.world.member("zhang")
    );
    let held = app.hold(&other).await;
    tokio::join!(jobs::run_all(&app.state), held.commit_when_waited_for_by(1));
    assert_eq!((count(&app, "notice").await, count(&app, "outbox").await), (2, 1), "the other one queues its own");
    assert_eq!(notices(&app.member("zhang").await).await.len(), 1);
}
