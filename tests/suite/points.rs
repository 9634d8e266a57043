//! Points as members and admins see them, and how they go.

use api::jobs;
use chrono::{Datelike, Duration, NaiveDate};
use domain::session::Audience;
use domain::time::{business_day, start_of_day};
use serde_json::json;
use tests::service::enrol;
use tests::{Client, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn a_member_sees_what_came_what_went_and_why() {
    let app = TestApp::start().await;
    let zhang = app.member("zhang").await;
    let nothing = zhang.get("/member/points").await.expect(200);
    assert_eq!((&nothing["available"], &nothing["expiring"]), (&json!(0), &json!([])));

    let served = app.state.clock.business();
    let earned = app.credit_service("zhang", 135, served).await;
    let spent = app.spend_points("zhang", 15).await;
    let balance = zhang.get("/member/points").await.expect(200);
    assert_eq!((&balance["available"], &balance["lifetime_earned"]), (&json!(5), &json!(20)));

    let entries = zhang.get("/member/points/entries").await.expect(200);
    let lines: Vec<_> = entries["items"].as_array().expect("items").iter().collect();
    let line = |number: usize| (lines[number]["kind"].as_str(), lines[number]["points"].as_i64());
    assert_eq!((line(0), line(1)), ((Some("redeem"), Some(-15)), (Some("earn"), Some(20))));
    assert_eq!(lines[0]["balance_after"], 5);
    assert_eq!(entries["next_cursor"], json!(null));

    let (today, yesterday) = (business_day(served), business_day(served - Duration::days(1)));
    for (query, kinds) in [
        ("kind=earn".to_owned(), &["earn"][..]),
        ("kind=refund".to_owned(), &[]),
        (format!("from={today}&to={today}"), &["redeem", "earn"]),
        (format!("to={yesterday}"), &[]),
        (format!("from={yesterday}&kind=redeem"), &["redeem"]),
    ] {
        let found = zhang.get(&format!("/member/points/entries?{query}")).await.expect(200);
        let found: Vec<_> = found["items"].as_array().expect("items").iter().map(|item| item["kind"].clone()).collect();
        assert_eq!(json!(found), json!(kinds), "{query}");
    }

    let why = zhang.get(&format!("/member/points/entries/{earned}")).await.expect(200);
    assert_eq!(
        why["sentence"],
        "服务 135 分钟，每满 30 分钟计一次，计 120 分钟；每 30 分钟 5 分，基础分 20 分；\
         乘以系数 1.00（一般服务 1.00 × 评价良好 1.00），得 20 分（积分规则第 1 版）。"
    );
    assert_eq!(why["credit"]["counted_minutes"], 120);
    let why = zhang.get(&format!("/member/points/entries/{spent}")).await.expect(200);
    assert_eq!((&why["sentence"], &why["credit"]), (&json!("兑换：理发券，兑换 15 分。"), &json!(null)));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_mine_alone_and_come_in_pages() {
    let app = TestApp::start().await;
    let (zhang, li) = (app.member("zhang").await, app.member("li").await);
    let served = app.state.clock.business();
    let mut ids = Vec::new();
    for day in 0..3 {
        ids.push(app.credit_service("zhang", 60, served - Duration::days(day)).await.to_string());
    }
    ids.reverse();
    let (mut seen, mut path) = (Vec::new(), "/member/points/entries?limit=2".to_owned());
    loop {
        let page = zhang.get(&path).await.expect(200);
        let items = page["items"].as_array().expect("items").iter();
        seen.extend(items.map(|item| item["transfer_id"].as_str().expect("an id").to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/member/points/entries?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ids);

    assert_eq!(li.get("/member/points/entries").await.expect(200)["items"], json!([]));
    li.get(&format!("/member/points/entries/{}", ids[0])).await.refused(404, "not_found");
    zhang.get("/member/points/entries/not-an-id").await.refused(404, "not_found");
    for query in ["limit=0", "limit=101", "cursor=nonsense", "cursor=%2F", "page=2", "limit=1&limit=2"] {
        zhang.get(&format!("/member/points/entries?{query}")).await.refused(422, "invalid_input");
    }
    let stranger = app.stranger("stranger", Audience::Member).await;
    stranger.get("/member/points").await.refused(403, "not_bound");
}

#[tokio::test(flavor = "multi_thread")]
async fn points_go_at_the_end_of_march_once_and_wait_while_any_are_held() {
    let app = TestApp::start().await;
    let now = app.state.clock.business();
    for name in ["zhang", "li", "wang"] {
        app.credit_service(name, 60, now).await;
        app.credit_service(name, 60, now - Duration::days(1)).await;
    }
    app.spend_points("zhang", 15).await;

    let last_day = NaiveDate::from_ymd_opt(business_day(now).year() + 1, 3, 31).expect("a day");
    let days = (last_day - business_day(now)).num_days();
    app.hold_points("li", 1, days + 30).await;
    app.advance(&format!("{}d", days - 40)).await;
    let zhang = app.member("zhang").await;
    let soon = zhang.get("/member/points").await.expect(200);
    assert_eq!(soon["available"], 5);
    assert_eq!(soon["expiring"], json!([{ "last_day": last_day.to_string(), "points": 5 }]));

    app.advance("41d").await;
    app.advance("1s").await;
    let gone = zhang.get("/member/points").await.expect(200);
    assert_eq!((&gone["available"], &gone["expiring"]), (&json!(0), &json!([])));
    let entries = zhang.get("/member/points/entries").await.expect(200);
    assert_eq!((&entries["items"][0]["kind"], &entries["items"][0]["points"]), (&json!("expire"), &json!(-5)));
    assert_eq!(app.number("SELECT count(*) FROM transfer WHERE kind = 'expire'").await, 3);
    let held = app.member("li").await.get("/member/points").await.expect(200);
    assert_eq!((&held["available"], &held["held"]), (&json!(0), &json!(1)));

    app.advance("365d").await;
    assert_eq!(app.number("SELECT count(*) FROM hold WHERE state = 'expired'").await, 1);
    assert_eq!(app.number("SELECT count(*) FROM transfer WHERE kind = 'expire'").await, 5);
    let free = app.member("li").await.get("/member/points").await.expect(200);
    assert_eq!((&free["available"], &free["held"]), (&json!(0), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn confirmed_service_is_pending_until_it_is_credited_or_refused() {
    let app = TestApp::start().await;
    let (_lead, li, wang) = (app.resident("zhang").await, app.resident("li").await, app.resident("wang").await);
    let pending = async |client: &Client| {
        let pending = client.get("/member/points/pending").await.expect(200);
        assert_eq!(client.get("/member/points").await.expect(200)["pending"], pending["points"]);
        pending
    };
    assert_eq!(pending(&li).await, json!({ "points": 0, "items": [] }));
    app.credit_service("li", 240, app.state.clock.business()).await;
    let activity = app.activity(1, 3, 10).await;
    let other = enrol(&wang, &activity).await.expect(201)["id"].clone();
    let served = app.serve_session(&li, &activity).await;

    // Under the day's cap of 60 there is room for 20 beside the 40 of before, if it is still the same day.
    let expected = pending(&li).await;
    assert_eq!((&expected["points"], &expected["items"][0]["state"]), (&json!(20), &json!("lead_confirmed")));
    let in_three_days = business_day(app.state.clock.business()) + Duration::days(3);
    let item = &expected["items"][0];
    assert_eq!((&item["enrolment_id"], &item["title"]), (&json!(served), &json!("周末清理楼道")));
    assert_eq!(item["expected_on"], in_three_days.to_string());
    assert_eq!(pending(&wang).await["items"], json!([]), "whoever did not come awaits nothing: {other}");
    let seen = app.admin("unit").await.get(&format!("/admin/members/{}/points", app.world.member("li"))).await;
    assert_eq!(seen.expect(200)["pending"], 20);

    app.review("community", &served, None).await;
    let expected = pending(&li).await;
    assert_eq!((&expected["points"], &expected["items"][0]["state"]), (&json!(20), &json!("in_publicity")));
    assert_eq!(expected["items"][0]["expected_on"], in_three_days.to_string());
    assert_eq!(li.get("/member/points").await.expect(200)["available"], 40, "what is pending cannot be spent");
    app.advance("72h").await;
    assert_eq!(pending(&li).await, json!({ "points": 0, "items": [] }));
    assert_eq!(li.get("/member/points").await.expect(200)["available"], 60, "it gives what it promised");

    let activity = app.activity(1, 3, 10).await;
    let served = app.serve_session(&wang, &activity).await;
    assert_eq!(pending(&wang).await["points"], 20, "without an account one awaits points all the same");
    app.review("community", &served, Some("没有服务记录")).await;
    assert_eq!(pending(&wang).await["points"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pending_shares_the_room_under_the_caps() {
    let app = TestApp::start().await;
    let (_lead, li) = (app.resident("zhang").await, app.resident("li").await);
    // From a morning on, so that two sessions lie within one day.
    let morning = start_of_day(business_day(app.state.clock.business()) + Duration::days(1)) + Duration::hours(6);
    app.advance(&format!("{}s", (morning - app.state.clock.business()).num_seconds())).await;
    for _ in 0..2 {
        let activity = app.activity(1, 3, 10).await;
        app.serve_session(&li, &activity).await;
    }
    app.credit_service("li", 240, app.state.clock.business()).await;
    let pending = li.get("/member/points/pending").await.expect(200);
    let points: Vec<_> =
        pending["items"].as_array().expect("items").iter().map(|item| item["points"].clone()).collect();
    assert_eq!((&pending["points"], points), (&json!(20), vec![json!(20), json!(0)]));
}

/// Lots that have gone.
const EXPIRED: &str = "SELECT count(*) FROM transfer WHERE kind = 'expire'";

async fn expired(app: &TestApp) -> i64 {
    app.number(EXPIRED).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn expiry_that_is_ended_at_any_point_goes_on_where_the_books_say() {
    let app = TestApp::start().await;
    app.crowd(900).await;
    app.state.clock.set_ahead_seconds(Duration::days(600).num_seconds());
    let mut ends = 0;
    while expired(&app).await < 900 {
        app.run_jobs_until_grown(EXPIRED).await;
        ends += 1;
    }
    assert!(ends > 1, "it was never ended in the middle");
    assert_eq!(expired(&app).await, 900);
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_replicas_at_once_let_each_lot_expire_once() {
    let app = TestApp::start().await;
    if !app.on_postgres() {
        return;
    }
    let other = app.replica().await;
    app.crowd(900).await;
    for replica in [&app, &other] {
        replica.state.clock.set_ahead_seconds(Duration::days(600).num_seconds());
    }
    let state = app.state.clone();
    let first = tokio::spawn(async move { jobs::run_all(&state).await });
    while expired(&app).await == 0 {}
    // The first one is thought dead while it is at work.
    app.tamper("UPDATE lease SET until = now() - interval '1 second'").await;
    let gone = expired(&app).await;
    assert!(gone < 900, "the first one leaves nothing to the second");
    jobs::run_all(&other.state).await;
    first.await.expect("the first one ends");
    assert_eq!(expired(&app).await, 900);
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sees_the_points_of_the_own_units_members_only() {
    let app = TestApp::start().await;
    app.credit_service("zhang", 60, app.state.clock.business()).await;
    let path = |name: &str| format!("/admin/members/{}/points", app.world.member(name));
    for account in ["unit", "district"] {
        let admin = app.admin(account).await;
        assert_eq!(admin.get(&path("zhang")).await.expect(200)["available"], 10, "{account}");
        assert_eq!(admin.get(&path("li")).await.expect(200)["available"], 0, "{account}");
    }
    for account in ["other-unit", "community"] {
        app.admin(account).await.get(&path("zhang")).await.refused(404, "not_found");
    }
    for account in ["estate", "merchant", "system", "security", "auditor"] {
        app.admin(account).await.get(&path("zhang")).await.refused(403, "forbidden");
    }
    let district = app.admin("district").await;
    district.get("/admin/members/018f0000-0000-7000-8000-000000000000/points").await.refused(404, "not_found");
    district.get("/admin/members/zhang/points").await.refused(404, "not_found");
}
