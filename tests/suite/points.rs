//! Points as members and admins see them, and how they go.

use chrono::{Datelike, Duration, NaiveDate};
use domain::session::Audience;
use domain::time::business_day;
use serde_json::json;
use tests::TestApp;

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
    app.hold_points("li", 1, 365).await;

    let last_day = NaiveDate::from_ymd_opt(business_day(now).year() + 1, 3, 31).expect("a day");
    let days = (last_day - business_day(now)).num_days();
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
