//! Many services credited at once: together, each once, whoever else is at work and whenever the work ends.

use std::time::Duration;

use api::jobs;
use chrono::Duration as Span;
use domain::id::MemberId;
use domain::organisation::NodePath;
use domain::points::Rulebook;
use domain::points::replay::{Period, Replay, Totals};
use domain::time::{Instant, business_day, start_of_day};
use futures_util::future::join_all;
use serde_json::json;
use storage::rulebook_simulations::{self, Place};
use tests::binary::Binary;
use tests::client::key;
use tests::{Client, TestApp};

use crate::misconduct::confirmed;

/// Credits that were posted.
const CREDITED: &str = "SELECT count(*) FROM transfer WHERE kind = 'earn'";

/// Lots that have gone.
const EXPIRED: &str = "SELECT count(*) FROM transfer WHERE kind = 'expire'";

/// Yesterday at noon: no credit of it shares a day with what stories credit now.
fn yesterday(app: &TestApp) -> Instant {
    start_of_day(business_day(app.state.clock.business())) - Span::hours(12)
}

/// So many members, each with an hour's service to credit.
async fn awaiting(app: &TestApp, count: u32) -> Vec<MemberId> {
    let activity = app.activity(1, 3, 10).await;
    let members = app.newcomers_to_service(count).await;
    // In three sessions, so that each transaction meets several.
    for members in members.chunks(members.len().div_ceil(3)) {
        app.await_credit(&activity, members, 1, yesterday(app)).await;
    }
    members
}

/// Every service is there once, with all that belongs to it.
async fn all_credited_once(app: &TestApp, count: i64) {
    for table in ["transfer WHERE kind = 'earn'", "earn_event", "service_record", "enrolment WHERE state = 'credited'"]
    {
        assert_eq!(app.number(&format!("SELECT count(*) FROM {table}")).await, count, "{table}");
    }
    app.books_balance().await;
}

/// So many rounds of the jobs at the same time, as if leases had run out in the middle of each.
async fn rounds_at_once(app: &TestApp, rounds: usize) {
    join_all((0..rounds).map(|_| jobs::run_all(&app.state))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn crediting_that_is_ended_at_any_point_goes_on_where_the_enrolments_say() {
    let app = TestApp::start().await;
    awaiting(&app, 900).await;
    let mut ends = 0;
    while app.number(CREDITED).await < 900 {
        app.run_jobs_until_grown(CREDITED).await;
        ends += 1;
    }
    assert!(ends > 1, "it was never ended in the middle");
    all_credited_once(&app, 900).await;
    app.books_are_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_replicas_at_once_credit_each_service_once() {
    let app = TestApp::start().await;
    if !app.on_postgres() {
        return;
    }
    let other = app.replica().await;
    awaiting(&app, 900).await;
    let state = app.state.clone();
    let first = tokio::spawn(async move { jobs::run_all(&state).await });
    while app.number(CREDITED).await == 0 {}
    // The first one is thought dead while it is at work.
    app.tamper("UPDATE lease SET until = now() - interval '1 second'").await;
    let credited = app.number(CREDITED).await;
    assert!(credited < 900, "the first one leaves nothing to the second");
    jobs::run_all(&other.state).await;
    first.await.expect("the first one ends");
    all_credited_once(&app, 900).await;
    app.books_are_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_member_did_in_a_day_shares_the_room_under_its_cap() {
    let app = TestApp::start().await;
    let activity = app.activity(1, 3, 10).await;
    let members = app.newcomers_to_service(30).await;
    for session in 0..4 {
        app.await_credit(&activity, &members, 3, yesterday(&app) + Span::hours(3 * session)).await;
    }
    rounds_at_once(&app, 4).await;
    jobs::run_all(&app.state).await;
    // Four times 30 points, of which a day gives 60.
    let points = app.texts("SELECT CAST(sum(points) AS text) FROM earn_event GROUP BY member_id").await;
    assert_eq!(points, vec!["60"; 30]);
    app.books_are_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn own_duty_counts_its_hours_and_gives_no_points() {
    let app = TestApp::start().await;
    let li = app.resident("li").await;
    let mut proposal = app.proposal(1, 3, 10);
    (proposal["kind"], proposal["required_qualification"]) = (json!("professional"), json!("执业医师"));
    proposal["own_duty"] = json!(true);
    let activity = app.published(&proposal).await;
    let told = (json!(true), json!("只记时长，不计积分"));
    for (caller, whose) in [(&li, "member"), (&app.admin("community").await, "admin")] {
        let seen = caller.get(&format!("/{whose}/activities/{activity}")).await.expect(200);
        assert_eq!((seen["own_duty"].clone(), seen["points_notice"].clone()), told, "{whose}");
        let listed = caller.get(&format!("/{whose}/activities")).await.expect(200);
        assert_eq!(listed["items"][0]["own_duty"], true, "{whose}");
    }
    let enrolment = app.serve_session(&li, &activity).await;
    let pending = li.get("/member/points/pending").await.expect(200);
    assert_eq!((&pending["points"], &pending["items"][0]["points_notice"]), (&json!(0), &told.1));

    app.review("community", &enrolment, None).await;
    app.advance("3d").await;
    let own = li.get("/member/enrolments").await.expect(200)["items"][0].clone();
    assert_eq!((&own["state"], &own["minutes"]), (&json!("credited"), &json!(120)));
    assert_eq!((&own["points"], &own["points_notice"]), (&json!(0), &told.1));
    let standing = async || {
        let balance = li.get("/member/points").await.expect(200);
        ["available", "debt", "lifetime_earned", "verified_minutes"].map(|name| balance[name].as_i64())
    };
    assert_eq!(standing().await, [0, 0, 0, 120].map(Some));
    assert_eq!(app.texts("SELECT rule FROM earn_event").await, ["service.professional.b.duty"]);
    assert_eq!(app.number("SELECT count(*) FROM transfer").await, 0);
    app.books_are_sound().await;

    // Not under other rules either.
    let now = app.state.clock.business();
    let period = Period { from: now - Span::days(9), to: now };
    let district = Place { depth: 0, path: NodePath::root() };
    let past = rulebook_simulations::page(&app.state.database.read(), &district, period, None, 10).await;
    let mut rules = Rulebook::default_rules();
    rules.earning.points_per_half_hour = 50;
    let mut replay = Replay::begin(&rules, period);
    for event in &past.expect("the past").0 {
        replay.take(event);
    }
    let outcome = replay.end();
    assert_eq!((outcome.events, outcome.totals), (1, Totals::default()));

    confirmed(&app, &app.stepped_up("second-community").await, &enrolment, false).await;
    assert_eq!(standing().await, [0, 20, -20, 0].map(Some), "its hours go, and what misconduct costs is owed");
    app.books_are_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn service_that_cannot_be_credited_holds_up_no_other() {
    let app = TestApp::start().await;
    let members = awaiting(&app, 120).await;
    let broken = members[57];
    let uuid = |member: MemberId| {
        if app.on_postgres() { format!("'{member}'") } else { format!("x'{}'", member.uuid().simple()) }
    };
    app.tamper(&format!("UPDATE enrolment SET timed_minutes = NULL WHERE member_id = {}", uuid(broken))).await;
    jobs::run_all(&app.state).await;
    all_credited_once(&app, 119).await;
    let left = format!("SELECT count(*) FROM enrolment WHERE state = 'in_publicity' AND member_id = {}", uuid(broken));
    assert_eq!(app.number(&left).await, 1);
    app.tamper(&format!("UPDATE enrolment SET timed_minutes = 60 WHERE member_id = {}", uuid(broken))).await;
    jobs::run_all(&app.state).await;
    all_credited_once(&app, 120).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn members_redeem_while_their_points_come_and_go() {
    let app = TestApp::start().await;
    let newcomers = app.newcomers(6, 20).await;
    let (members, phones): (Vec<MemberId>, Vec<Client>) =
        newcomers.into_iter().map(|(_, member, client)| (member, client)).unzip();
    // What they have by now goes while the jobs run; what they get next pays for what they redeem.
    app.state.clock.set_ahead_seconds(Span::days(600).num_seconds());
    app.change_rules(|rules| {
        (rules.redemption.per_item_per_quarter, rules.redemption.per_month) = (0, 0);
    })
    .await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 1, 1_000)).await;
    let activity = app.activity(1, 3, 10).await;
    for member in &members {
        app.endow(*member, 5, 60).await;
    }
    for day in 1..=4 {
        app.await_credit(&activity, &members, 1, yesterday(&app) - Span::days(day)).await;
    }
    let credited = app.number(CREDITED).await;
    let body = json!({ "offer_id": offer });
    let redeeming = phones.iter().flat_map(|phone| [phone; 5]).map(async |phone| {
        let reply = phone.insist("/member/redemptions", &key(), &body).await;
        (reply.status, reply.body["code"].clone())
    });
    let (replies, ()) = tokio::join!(join_all(redeeming), rounds_at_once(&app, 4));
    assert!(replies.iter().all(|(status, _)| *status == 201), "{replies:?}");
    jobs::run_all(&app.state).await;
    assert_eq!((app.number(EXPIRED).await, app.number(CREDITED).await), (6, credited + 4 * 6));
    for phone in &phones {
        assert_eq!(phone.get("/member/points").await.expect(200)["available"], 4 * 10);
    }
    app.books_are_sound().await;
}

/// Waits until there are so many.
async fn reached(app: &TestApp, sql: &str, count: i64) {
    while app.number(sql).await < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_while_points_come_and_go_it_does_the_rest_once() {
    let app = TestApp::start().await;
    let members = app.crowd(1_600).await;
    let activity = app.activity(1, 3, 10).await;
    let ahead = Span::days(600).num_seconds();
    app.state.clock.set_ahead_seconds(ahead);
    app.await_credit(&activity, &members, 1, yesterday(&app)).await;
    app.tamper(&format!("INSERT INTO development_clock (id, ahead_seconds) VALUES (1, {ahead})")).await;
    app.leave().await;

    let both = "SELECT count(*) FROM transfer WHERE kind IN ('earn', 'expire')";
    let all = 3 * 1_600;
    for _ in 0..2 {
        let before = app.number(both).await;
        let mut server = Binary::serve(&app);
        reached(&app, both, before + 1).await;
        server.kill();
        assert!(app.number(both).await < all, "killed too late");
        app.tamper("DELETE FROM lease").await;
    }
    let _server = Binary::serve(&app);
    reached(&app, both, all).await;
    assert_eq!((app.number(EXPIRED).await, app.number(CREDITED).await), (1_600, 3_200));
    assert_eq!(app.number("SELECT count(*) FROM enrolment WHERE state = 'credited'").await, 1_600);
    app.books_balance().await;
}
