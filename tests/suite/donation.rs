//! Points given away, for good, to the community where one lives.

use chrono::{Datelike, Duration};
use domain::time::business_day;
use futures_util::future::join_all;
use serde_json::json;
use tests::client::key;
use tests::{Client, Reply, TestApp};

async fn donate(member: &Client, amount: i64) -> Reply {
    member.insist("/member/donations", &key(), &json!({ "amount": amount })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_donation_goes_to_the_community_and_stays_there() {
    let app = TestApp::start().await;
    let zhang = app.resident("zhang").await;
    app.enrich("zhang", 30).await;
    let given = donate(&zhang, 20).await.expect(201);
    assert_eq!((&given["community"], &given["balance_after"]), (&json!("文源社区"), &json!(10)));
    donate(&zhang, 2).await.expect(201);

    let own = zhang.get("/member/donations").await.expect(200);
    let amounts: Vec<_> = own["items"].as_array().expect("items").iter().map(|item| item["points"].clone()).collect();
    assert_eq!(amounts, [json!(2), json!(20)]);
    let why = given["transfer_id"].as_str().expect("an id");
    let why = zhang.get(&format!("/member/points/entries/{why}")).await.expect(200);
    assert_eq!(why["sentence"], "捐赠给“文源社区”积分池，捐赠 20 分。");

    let community = app.admin("community").await;
    let pools = community.get("/admin/donation-pools").await.expect(200);
    let pool = json!({
        "community_id": app.world.node("wenyuan"),
        "community": "文源社区",
        "points": 22,
        "donations": 2,
        "donors": 1,
    });
    assert_eq!(pools["items"], json!([pool]));
    let list = community.get("/admin/donations?limit=1").await.expect(200);
    assert_eq!((&list["items"][0]["member_name"], &list["items"][0]["points"]), (&json!("张**"), &json!(2)));
    let next = list["next_cursor"].as_str().expect("a cursor");
    let list = community.get(&format!("/admin/donations?limit=1&cursor={next}")).await.expect(200);
    assert_eq!(list["items"][0]["points"], 20);
    let other = app.admin("other-community").await;
    assert_eq!(other.get("/admin/donation-pools").await.expect(200)["items"], json!([]));
    assert_eq!(other.get("/admin/donations").await.expect(200)["items"], json!([]));
    let elsewhere = format!("/admin/donations?community_id={}", app.world.node("jueqian"));
    assert_eq!(app.admin("district").await.get(&elsewhere).await.expect(200)["items"], json!([]));
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 'donate_points' AND result = 'done'").await, 2);
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_give_is_told_why_and_nothing_changes() {
    let app = TestApp::start().await;
    // What is given on four days must lie within one year, whose limit it meets.
    let year = |days| business_day(app.state.clock.business() + Duration::days(days)).year();
    if year(4) != year(0) {
        app.advance("4d").await;
    }
    let li = app.member("li").await;
    app.enrich("li", 30).await;
    donate(&li, 1).await.refused(409, "not_resident");
    let zhang = app.resident("zhang").await;
    app.enrich("zhang", 10_000).await;
    for amount in [0, -1, i64::MIN] {
        donate(&zhang, amount).await.refused(422, "amount_invalid");
    }
    for amount in [1_001, i64::MAX] {
        donate(&zhang, amount).await.refused(422, "amount_too_large");
    }
    zhang.post("/member/donations", &json!({ "amount": 1 })).await.refused(400, "idempotency_key_missing");
    for body in [json!({}), json!({ "amount": "1" }), json!({ "amount": 1, "to": "wang" })] {
        zhang.post_keyed("/member/donations", &key(), &body).await.refused(422, "invalid_input");
    }
    let rich = "kind = 'points' AND balance > 0";
    app.tamper(&format!("UPDATE account SET frozen_at = '2026-01-01 00:00:00+00:00' WHERE {rich}")).await;
    donate(&zhang, 1).await.refused(409, "points_frozen");
    app.tamper(&format!("UPDATE account SET frozen_at = NULL WHERE {rich}")).await;
    assert_eq!(app.number("SELECT count(*) FROM donation").await, 0);
    for _ in 0..3 {
        donate(&zhang, 1_000).await.expect(201);
        donate(&zhang, 1).await.refused(409, "donation_limit_reached");
        app.advance("1d").await;
    }
    donate(&zhang, 1).await.refused(409, "donation_limit_reached");
    assert_eq!(app.number("SELECT count(*) FROM donation").await, 3);
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_donation_is_never_changed_or_taken_back() {
    let app = TestApp::start().await;
    let zhang = app.resident("zhang").await;
    app.enrich("zhang", 30).await;
    donate(&zhang, 20).await.expect(201);
    for change in ["UPDATE donation SET points = 1", "DELETE FROM donation"] {
        assert!(app.refused_by_schema(change).await.contains("append-only"), "{change}");
    }
    let reused =
        "INSERT INTO donation SELECT member_id, member_id, node_id, points, transfer_id, donated_at FROM donation";
    assert!(app.refused_by_schema(reused).await.to_lowercase().contains("unique"), "one donation per transfer");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_four_donations_with_points_for_one_one_is_made() {
    let app = TestApp::start().await;
    let zhang = app.resident("zhang").await;
    app.enrich("zhang", 10).await;
    let replies = join_all((0..64).map(|_| donate(&zhang, 10))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.into_iter().filter(|reply| reply.status != 201) {
        reply.refused(409, "insufficient_points");
    }
    assert_eq!(app.number("SELECT CAST(sum(points) AS bigint) FROM donation").await, 10);
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_years_limit_holds_however_many_give_at_once() {
    let app = TestApp::start().await;
    let zhang = app.resident("zhang").await;
    app.enrich("zhang", 100_000).await;
    app.change_rules(|rules| rules.donation.day_cap = 0).await;
    let replies = join_all((0..16).map(|_| donate(&zhang, 1_000))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 3);
    assert_eq!(app.number("SELECT CAST(sum(points) AS bigint) FROM donation").await, 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_moves_away_at_this_moment_gives_nothing_to_the_community_that_was_theirs() {
    let app = TestApp::start().await;
    if !app.on_postgres() {
        return;
    }
    let zhang = app.resident("zhang").await;
    app.enrich("zhang", 30).await;
    let leaving = app.hold("UPDATE residency SET state = 'left', closed_at = accepted_at").await;
    let (refused, ()) = tokio::join!(donate(&zhang, 10), leaving.commit_when_waited_for_by(1));
    refused.refused(409, "not_resident");
    assert_eq!(app.number("SELECT count(*) FROM donation").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_one_donation_for_ever() {
    let app = TestApp::start().await;
    let zhang = app.resident("zhang").await;
    app.enrich("zhang", 30).await;
    let (key, body) = (key(), json!({ "amount": 10 }));
    let replies = join_all((0..16).map(|_| zhang.insist("/member/donations", &key, &body))).await;
    let answers: std::collections::BTreeSet<_> =
        replies.into_iter().map(|reply| reply.expect(201).to_string()).collect();
    assert_eq!(answers.len(), 1);
    app.tamper("DELETE FROM idempotency").await;
    zhang.post_keyed("/member/donations", &key, &body).await.refused(422, "idempotency_key_reused");
    assert_eq!(app.number("SELECT count(*) FROM donation").await, 1);
    app.books_balance().await;
}
