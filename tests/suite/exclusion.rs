//! Exclusions: a unit stops what a member earns or spends, says why to nobody, and lets them go on again.

use chrono::Duration;
use domain::organisation::NodePath;
use domain::points::Rulebook;
use domain::points::replay::{Period, Replay, Totals};
use futures_util::future::join_all;
use serde_json::{Value, json};
use storage::rulebook_simulations::{self, Place};
use tests::client::key;
use tests::mall::{cancel, id, redeem};
use tests::{Client, Reply, TestApp};

use crate::misconduct::serve;

const SPENDING: &str = "spending";
const EARNING: &str = "earning";

async fn exclude(app: &TestApp, admin: &Client, name: &str, kind: &str) -> Reply {
    let body = json!({ "member_id": app.world.member(name), "kind": kind });
    admin.post("/admin/exclusions", &body).await
}

async fn lift(admin: &Client, exclusion: &str) -> Reply {
    admin.post(&format!("/admin/exclusions/{exclusion}/lifting"), &json!({})).await
}

async fn donate(member: &Client) -> Reply {
    member.insist("/member/donations", &key(), &json!({ "amount": 1 })).await
}

/// What the member is told is stopped: earning, spending, and the words for it.
async fn told(member: &Client) -> [Value; 3] {
    let balance = member.get("/member/points").await.expect(200);
    ["earning_stopped", "spending_stopped", "stopped_notice"].map(|name| balance[name].clone())
}

/// A listed offer of five points, of which there is plenty.
async fn noodles(app: &TestApp) -> String {
    let shop = app.shop("wenyuan", "德胜面馆").await;
    app.listed(&shop, &app.promise("面", 5, 100)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_stopped_spends_nothing_until_the_unit_lifts_it() {
    let app = TestApp::start().await;
    let (li, zhang) = (app.resident("li").await, app.resident("zhang").await);
    app.enrich("li", 100).await;
    app.enrich("zhang", 100).await;
    let (offer, unit) = (noodles(&app).await, app.admin("unit").await);
    let before = id(&redeem(&li, &offer).await.expect(201));
    assert_eq!(told(&li).await, [json!(false), json!(false), json!(null)]);

    let set = exclude(&app, &unit, "li", SPENDING).await.expect(201);
    assert_eq!(
        (&set["kind"], &set["member_name"], &set["set_by"]),
        (&json!(SPENDING), &json!("李秀英"), &json!("平城区教育局"))
    );
    exclude(&app, &unit, "li", SPENDING).await.refused(409, "already_excluded");
    let refused = redeem(&li, &offer).await;
    assert_eq!(refused.body["detail"], "您暂时不能使用积分，详情请咨询所在单位");
    refused.refused(409, "spending_stopped");
    donate(&li).await.refused(409, "spending_stopped");
    let notice = json!("您暂时不能使用积分，详情请咨询所在单位");
    assert_eq!(told(&li).await, [json!(false), json!(true), notice]);
    redeem(&zhang, &offer).await.expect(201);
    cancel(&li, &before).await.expect(201);
    assert_eq!(li.get("/member/points").await.expect(200)["available"], 100, "what was taken back came back");

    // Nobody else reads it, and nothing says why.
    let id_of = app.world.member("li");
    for path in [format!("/admin/members/{id_of}"), format!("/admin/members/{id_of}/points")] {
        let seen = app.admin("district").await.get(&path).await.expect(200).to_string();
        assert!(!seen.contains("stopped") && !seen.contains("exclu"), "{seen}");
    }
    let columns = serde_json::to_string(&set).expect("JSON");
    assert!(!columns.contains("reason"), "{columns}");

    let lifted = lift(&unit, &id(&set)).await.expect(200);
    assert!(lifted["lifted_at"].is_string() && lifted["lifted_by"] == "平城区教育局", "{lifted}");
    lift(&unit, &id(&set)).await.refused(409, "state_conflict");
    assert_eq!(told(&li).await, [json!(false), json!(false), json!(null)]);
    redeem(&li, &offer).await.expect(201);
    donate(&li).await.expect(201);
    exclude(&app, &unit, "li", SPENDING).await.expect(201);

    let done = async |action: &str| {
        app.number(&format!("SELECT count(*) FROM audit WHERE action = '{action}' AND result = 'done'")).await
    };
    assert_eq!((done("exclude_member").await, done("lift_exclusion").await), (2, 1));
    let refusals =
        "SELECT count(*) FROM audit WHERE action IN ('redeem_offer', 'donate_points') AND result = 'refused'";
    assert_eq!(app.number(refusals).await, 2);
    app.books_are_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_keeps_its_own_list_and_the_district_all_of_them() {
    let app = TestApp::start().await;
    let (unit, other, district) = (app.admin("unit").await, app.admin("other-unit").await, app.admin("district").await);
    let first = id(&exclude(&app, &unit, "li", EARNING).await.expect(201));
    let second = id(&exclude(&app, &unit, "li", SPENDING).await.expect(201));
    let elsewhere = id(&exclude(&app, &district, "liu", SPENDING).await.expect(201));
    let listed = async |admin: &Client, query: &str| {
        let page = admin.get(&format!("/admin/exclusions{query}")).await.expect(200);
        page["items"].as_array().expect("items").iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(listed(&unit, "").await, [&*second, &first]);
    assert_eq!(listed(&other, "").await, [&*elsewhere]);
    assert_eq!(listed(&district, "?kind=spending").await, [&*elsewhere, &second]);
    let page = unit.get("/admin/exclusions?limit=1").await.expect(200);
    let next = format!("?limit=1&cursor={}", page["next_cursor"].as_str().expect("a cursor"));
    assert_eq!(listed(&unit, &next).await, [&*first]);
    lift(&district, &first).await.expect(200);
    assert_eq!(listed(&unit, "?open=true").await, [&*second]);
    assert_eq!(listed(&unit, "?open=false").await, [&*first]);

    // Whoever moves takes along what holds, and what is over stays with those who set it.
    let move_to = async |unit: &str| {
        let unit = format!("(SELECT id FROM organisation WHERE name = '{unit}')");
        app.tamper(&format!("UPDATE member SET unit_id = {unit} WHERE name = '李秀英'")).await;
    };
    move_to("平城区卫生健康局").await;
    assert_eq!(listed(&other, "").await, [&*elsewhere, &second]);
    assert_eq!(listed(&unit, "").await, Vec::<String>::new());
    let third = id(&exclude(&app, &other, "li", EARNING).await.expect(201));
    move_to("平城区教育局").await;
    assert_eq!(lift(&unit, &third).await.expect(200)["lifted_by"], "平城区教育局", "whoever answers for them now");
    assert_eq!(listed(&unit, "?open=false").await, [&*third, &first]);

    // Of another unit's members nothing exists, and nobody but units and the district is asked.
    exclude(&app, &other, "li", SPENDING).await.refused(404, "not_found");
    lift(&other, &second).await.refused(404, "not_found");
    other.get(&format!("/admin/exclusions/{second}")).await.refused(404, "not_found");
    unit.get(&format!("/admin/exclusions/{second}")).await.expect(200);
    for account in ["community", "subdistrict", "estate", "auditor"] {
        let admin = app.admin(account).await;
        exclude(&app, &admin, "li", SPENDING).await.refused(403, "forbidden");
        lift(&admin, &second).await.refused(403, "forbidden");
        admin.get("/admin/exclusions").await.refused(403, "forbidden");
    }
    exclude(&app, &unit, "li", "everything").await.refused(422, "unknown_value");
    let why = json!({ "member_id": app.world.member("zhang"), "kind": SPENDING, "reason": "x" });
    unit.post("/admin/exclusions", &why).await.refused(422, "invalid_input");

    app.link_admin("unit", "li").await;
    let own = app.stepped_up("unit").await;
    exclude(&app, &own, "li", EARNING).await.refused(409, "same_person");
    lift(&own, &second).await.refused(409, "same_person");
    exclude(&app, &own, "zhang", EARNING).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_meanwhile_counts_its_minutes_and_gives_no_points() {
    let app = TestApp::start().await;
    let (li, unit) = (app.resident("li").await, app.admin("unit").await);
    let standing = async || {
        let balance = li.get("/member/points").await.expect(200);
        ["available", "lifetime_earned", "verified_minutes"].map(|name| balance[name].as_i64())
    };
    // Served before it was set, credited after.
    let activity = app.activity(1, 3, 10).await;
    let before = app.serve_session(&li, &activity).await;
    let set = id(&exclude(&app, &unit, "li", EARNING).await.expect(201));
    app.review("community", &before, None).await;
    app.advance("3d").await;
    assert_eq!(standing().await, [20, 20, 120].map(Some));
    assert_eq!(told(&li).await[0], true);

    // Served meanwhile, credited when it was lifted already.
    let activity = app.activity(1, 3, 10).await;
    let meanwhile = app.serve_session(&li, &activity).await;
    let notice = json!("服务期间暂不计积分，详情请咨询所在单位");
    let pending = li.get("/member/points/pending").await.expect(200);
    assert_eq!((&pending["points"], &pending["items"][0]["points_notice"]), (&json!(0), &notice));
    lift(&unit, &set).await.expect(200);
    assert_eq!(li.get("/member/points/pending").await.expect(200)["points"], 0, "it held when it was served");
    app.review("community", &meanwhile, None).await;
    app.advance("3d").await;
    assert_eq!(standing().await, [20, 20, 240].map(Some));
    let own = li.get("/member/enrolments").await.expect(200)["items"][0].clone();
    assert_eq!((&own["state"], &own["minutes"]), (&json!("credited"), &json!(120)));
    assert_eq!((&own["points"], &own["points_notice"]), (&json!(0), &notice));

    // Served after it was lifted.
    serve(&app, &li).await;
    assert_eq!(standing().await, [40, 40, 360].map(Some));
    let rules = app.texts("SELECT rule FROM earn_event ORDER BY business_at").await;
    let keys = ["", ".excluded", ""].map(|suffix| format!("service.general.b{suffix}"));
    assert_eq!(rules.iter().map(|rule| rule.replace(".off", "")).collect::<Vec<_>>(), keys);
    app.books_are_sound().await;

    // Not under other rules either.
    let now = app.state.clock.business();
    let period = Period { from: now - Duration::days(30), to: now };
    let district = Place { depth: 0, path: NodePath::root() };
    let past = rulebook_simulations::page(&app.state.database.read(), &district, period, None, 10).await;
    let mut rules = Rulebook::default_rules();
    rules.earning.points_per_half_hour = 10;
    let mut replay = Replay::begin(&rules, period);
    for event in &past.expect("the past").0 {
        replay.take(event);
    }
    let outcome = replay.end();
    assert_eq!((outcome.events, outcome.totals), (3, Totals { before: 40, after: 80 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_of_that_time_is_rewarded() {
    let app = TestApp::start().await;
    app.resident("li").await;
    let (first, second, unit) =
        (app.stepped_up("community").await, app.stepped_up("second-community").await, app.admin("unit").await);
    let propose = async |reference: &str, ago: Duration| {
        let body = json!({
            "member_id": app.world.member("li"),
            "event": "wish_done",
            "happened_at": app.time(-ago),
            "reference": reference,
            "evidence": "心愿人已确认",
        });
        first.post_keyed("/admin/rewards", &key(), &body).await
    };
    let approve =
        async |reward: &str| second.insist(&format!("/admin/rewards/{reward}/approval"), &key(), &json!({})).await;
    let early = id(&propose("微心愿 1", Duration::hours(1)).await.expect(201));
    let other = id(&propose("微心愿 2", Duration::hours(1)).await.expect(201));
    let set = id(&exclude(&app, &unit, "li", EARNING).await.expect(201));
    assert_eq!(approve(&early).await.expect(201)["points"], 20, "it happened before");
    app.advance("2h").await;
    let late = id(&propose("微心愿 3", Duration::hours(1)).await.expect(201));
    approve(&late).await.refused(409, "earning_stopped");
    app.tamper("UPDATE exclusion SET set_at = '2020-01-01 00:00:00+00:00'").await;
    approve(&other).await.refused(409, "earning_stopped");
    lift(&unit, &set).await.expect(200);
    app.advance("2h").await;
    let later = id(&propose("微心愿 4", Duration::hours(1)).await.expect(201));
    assert_eq!(approve(&later).await.expect(201)["points"], 20);
    app.books_are_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_accepted_for_the_first_time_meanwhile_gets_nothing_for_it_ever() {
    let app = TestApp::start().await;
    let (zhang, unit) = (app.member("zhang").await, app.admin("unit").await);
    let settle = async || {
        let report =
            json!({ "estate_id": app.world.node("xinhewan"), "building": "3号楼", "skills": [], "wishes": [] });
        let id = id(&zhang.post("/member/residencies", &report).await.expect(201));
        for (account, step, status) in [("unit", "unit-confirmation", 200), ("community", "acceptance", 201)] {
            let path = format!("/admin/residencies/{id}/{step}");
            app.admin(account).await.post_keyed(&path, &key(), &json!({})).await.expect(status);
        }
        id
    };
    let set = id(&exclude(&app, &unit, "zhang", EARNING).await.expect(201));
    let residency = settle().await;
    assert_eq!(app.number("SELECT count(*) FROM earn_event").await, 0);
    lift(&unit, &set).await.expect(200);
    zhang.post(&format!("/member/residencies/{residency}/leaving"), &json!({ "reason": "moved" })).await.expect(200);
    settle().await;
    assert_eq!(app.number("SELECT count(*) FROM earn_event").await, 0);
    assert_eq!(zhang.get("/member/points").await.expect(200)["available"], 0);
    app.books_are_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_stop_the_same_at_once_one_does() {
    let app = TestApp::start().await;
    let (unit, district) = (app.admin("unit").await, app.admin("district").await);
    let at_once = |kind: &'static str| {
        let (app, unit, district) = (&app, &unit, &district);
        join_all((0..20).map(move |number| exclude(app, if number % 2 == 0 { unit } else { district }, "li", kind)))
    };
    for kind in [SPENDING, EARNING] {
        let (done, others): (Vec<_>, Vec<_>) = at_once(kind).await.into_iter().partition(|reply| reply.status == 201);
        assert_eq!(done.len(), 1, "{kind}");
        for other in others {
            other.refused(409, "already_excluded");
        }
    }
    assert_eq!(app.number("SELECT count(*) FROM exclusion").await, 2);
    let again = "INSERT INTO exclusion SELECT set_by, member_id, kind, node_id, set_by, set_by_member, set_at, \
                 lifted_node_id, lifted_by, lifted_by_member, lifted_at FROM exclusion WHERE kind = 'spending'";
    assert!(app.refused_by_schema(again).await.to_lowercase().contains("unique"), "the net below");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redemptions_that_meet_the_stop_are_whole_and_none_comes_after_it() {
    let app = TestApp::start().await;
    app.change_rules(|rules| (rules.redemption.per_item_per_quarter, rules.redemption.per_month) = (0, 0)).await;
    let li = app.shopper("li", 1_000).await;
    let (offer, unit) = (noodles(&app).await, app.admin("unit").await);
    let body = json!({ "offer_id": offer });
    let many = join_all((0..24).map(|_| async { li.insist("/member/redemptions", &key(), &body).await }));
    let stopped = async {
        exclude(&app, &unit, "li", SPENDING).await.expect(201);
        redeem(&li, &offer).await.refused(409, "spending_stopped");
    };
    let (replies, ()) = tokio::join!(many, stopped);
    let (done, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    for reply in refused {
        reply.refused(409, "spending_stopped");
    }
    let done = i64::try_from(done.len()).expect("a number");
    assert_eq!(app.number("SELECT count(*) FROM redemption WHERE state = 'issued'").await, done);
    assert_eq!(li.get("/member/points").await.expect(200)["available"], 1_000 - 5 * done);
    app.books_are_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stop_waits_for_the_redemption_that_is_under_way() {
    let app = TestApp::start().await;
    if !app.on_postgres() {
        return;
    }
    let li = app.shopper("li", 100).await;
    let (offer, unit) = (noodles(&app).await, app.admin("unit").await);
    // The piece is taken last: until then the purse is locked and the question was asked.
    let piece = app.hold("UPDATE offer SET stock_left = stock_left").await;
    let redeeming = redeem(&li, &offer);
    let stopping = async {
        piece.waited_for_by(1).await;
        let (set, ()) = tokio::join!(exclude(&app, &unit, "li", SPENDING), piece.commit_when_waited_for_by(2));
        set
    };
    let (redeemed, set) = tokio::join!(redeeming, stopping);
    redeemed.expect(201);
    set.expect(201);
    redeem(&li, &offer).await.refused(409, "spending_stopped");
    app.books_are_sound().await;
}
