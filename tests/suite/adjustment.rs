//! Points put right by two persons, what is held meanwhile, and what becomes of proposals that nobody answers.

use chrono::Duration;
use domain::id::HoldId;
use domain::points::HoldState;
use domain::role::Role;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use storage::{holds, invariants, purses};
use tests::client::key;
use tests::mall::{id, redeem};
use tests::points::adjusting;
use tests::{Client, Reply, TestApp};
use uuid::Uuid;

async fn propose(admin: &Client, app: &TestApp, name: &str, amount: i64) -> Reply {
    let body = json!({ "member_id": app.world.member(name), "amount": amount, "reason": "重复入账，予以更正" });
    admin.post_keyed("/admin/adjustments", &key(), &body).await
}

async fn approve(admin: &Client, adjustment: &str) -> Reply {
    admin.insist(&format!("/admin/adjustments/{adjustment}/approval"), &key(), &json!({})).await
}

async fn refuse(admin: &Client, adjustment: &str) -> Reply {
    let body = json!({ "reason": "经核实没有重复入账" });
    admin.insist(&format!("/admin/adjustments/{adjustment}/refusal"), &key(), &body).await
}

/// What of the member's points can be spent, and what is held.
async fn points(member: &Client) -> (i64, i64) {
    let balance = member.get("/member/points").await.expect(200);
    (balance["available"].as_i64().expect("points"), balance["held"].as_i64().expect("points"))
}

async fn audited(app: &TestApp, action: &str) -> i64 {
    app.number(&format!("SELECT count(*) FROM audit WHERE action = '{action}' AND result = 'done'")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_go_is_held_at_once_and_goes_when_another_person_agrees() {
    let app = TestApp::start().await;
    let zhang = app.resident("zhang").await;
    app.enrich("zhang", 30).await;
    let community = app.stepped_up("community").await;
    let proposed = propose(&community, &app, "zhang", -20).await.expect(201);
    let adjustment = id(&proposed);
    assert_eq!((&proposed["state"], &proposed["proposed_by"]), (&json!("proposed"), &json!("文源社区")));
    assert_eq!(points(&zhang).await, (10, 20));
    approve(&community, &adjustment).await.refused(409, "same_person");

    let subdistrict = app.stepped_up("subdistrict").await;
    let waiting = subdistrict.get("/admin/adjustments?state=proposed").await.expect(200);
    assert_eq!(waiting["items"][0]["member_name"], "张建国");
    let approved = approve(&subdistrict, &adjustment).await.expect(201);
    assert_eq!((&approved["state"], &approved["decided_by"]), (&json!("approved"), &json!("水泊寺街道")));
    assert_eq!(points(&zhang).await, (10, 0));
    approve(&subdistrict, &adjustment).await.refused(409, "state_conflict");
    refuse(&subdistrict, &adjustment).await.refused(409, "state_conflict");

    let entries = zhang.get("/member/points/entries").await.expect(200);
    let entry = &entries["items"][0];
    assert_eq!((&entry["kind"], &entry["points"]), (&json!("adjust"), &json!(-20)));
    assert_eq!(entry["reason"], "重复入账，予以更正");
    let why = entry["transfer_id"].as_str().expect("an id");
    let why = zhang.get(&format!("/member/points/entries/{why}")).await.expect(200);
    assert_eq!(
        why["sentence"],
        "重复入账，予以更正，扣减 20 分（社区党委“文源社区”提出，街道党工委“水泊寺街道”核准）。"
    );
    let own = zhang.get("/member/adjustments").await.expect(200);
    assert_eq!((own["items"][0]["id"].as_str(), &own["items"][0]["amount"]), (Some(adjustment.as_str()), &json!(-20)));
    let shown = subdistrict.get(&format!("/admin/adjustments/{adjustment}")).await.expect(200);
    assert_eq!(shown, approved);
    for (action, times) in [("propose_adjustment", 1), ("approve_adjustment", 1), ("refuse_adjustment", 0)] {
        assert_eq!(audited(&app, action).await, times, "{action}");
    }
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn points_come_into_a_lot_and_pay_the_debt_first() {
    let app = TestApp::start().await;
    let district = app.stepped_up("district").await;
    let adjustment = id(&propose(&district, &app, "li", 15).await.expect(201));
    let li = app.member("li").await;
    assert_eq!(points(&li).await, (0, 0), "nothing comes before it was approved");
    app.stepped_up("community").await.get(&format!("/admin/adjustments/{adjustment}")).await.refused(404, "not_found");
    let second = app.further_admin("second-district", Role::District, "district").await;
    approve(&second, &adjustment).await.expect(201);
    assert_eq!(points(&li).await, (15, 0));
    let balance = li.get("/member/points").await.expect(200);
    assert_eq!(balance["lifetime_earned"], 0, "what was put right was not earned");
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_frees_what_was_held_and_says_why() {
    let app = TestApp::start().await;
    let zhang = app.resident("zhang").await;
    app.enrich("zhang", 30).await;
    let adjustment = id(&propose(&app.stepped_up("community").await, &app, "zhang", -20).await.expect(201));
    let second = app.stepped_up("second-community").await;
    let refused = refuse(&second, &adjustment).await.expect(201);
    assert_eq!((&refused["state"], &refused["refusal"]), (&json!("refused"), &json!("经核实没有重复入账")));
    assert_eq!(points(&zhang).await, (30, 0));
    approve(&second, &adjustment).await.refused(409, "state_conflict");
    assert_eq!(app.texts("SELECT state FROM hold").await, ["voided"]);
    assert_eq!(app.number("SELECT count(*) FROM transfer WHERE kind = 'adjust'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unanswered_proposal_lapses_and_its_hold_expires() {
    let app = TestApp::start().await;
    let zhang = app.resident("zhang").await;
    app.enrich("zhang", 30).await;
    let community = app.stepped_up("community").await;
    let second = app.stepped_up("second-community").await;
    let takes = id(&propose(&community, &app, "zhang", -20).await.expect(201));
    let gives = id(&propose(&community, &app, "zhang", 5).await.expect(201));
    app.state.clock.set_ahead_seconds(14 * 86_400);
    for adjustment in [&takes, &gives] {
        approve(&second, adjustment).await.refused(409, "adjustment_lapsed");
        refuse(&second, adjustment).await.refused(409, "adjustment_lapsed");
        let shown = second.get(&format!("/admin/adjustments/{adjustment}")).await.expect(200);
        assert_eq!(shown["state"], "lapsed", "whatever the job has done");
    }
    app.advance("1s").await;
    assert_eq!(points(&zhang).await, (30, 0));
    assert_eq!(app.texts("SELECT state FROM hold").await, ["expired"]);
    assert_eq!(app.number("SELECT count(*) FROM adjustment WHERE state = 'lapsed'").await, 2);
    assert_eq!((audited(&app, "expire_hold").await, audited(&app, "lapse_adjustment").await), (1, 2));
    app.books_balance().await;
}

/// What a member could spend while something is owed would make the debt worth nothing.
#[tokio::test(flavor = "multi_thread")]
async fn freed_points_pay_the_debt_that_was_made_while_they_were_held() {
    let app = TestApp::start().await;
    let zhang = app.resident("zhang").await;
    let earned = app.credit_service("zhang", 120, app.state.clock.business()).await;
    let (community, second) = (app.stepped_up("community").await, app.stepped_up("second-community").await);
    let standing = async || {
        let balance = zhang.get("/member/points").await.expect(200);
        ["available", "held", "debt", "lifetime_earned"].map(|name| balance[name].as_i64().expect("a number"))
    };
    let [refused, lapses] = [-12, -6].map(|amount| propose(&community, &app, "zhang", amount));
    let (refused, lapses) = (id(&refused.await.expect(201)), id(&lapses.await.expect(201)));
    let [available, _, _, before] = standing().await;
    app.claw_back("zhang", earned, available + 15).await;
    let after = before - available - 15;
    assert_eq!(standing().await, [0, 18, 15, after]);

    refuse(&second, &refused).await.expect(201);
    assert_eq!(standing().await, [0, 6, 3, after], "twelve were freed and are owed");
    let entry = &zhang.get("/member/points/entries").await.expect(200)["items"][0];
    let why = format!("/member/points/entries/{}", entry["transfer_id"].as_str().expect("an id"));
    assert_eq!(zhang.get(&why).await.expect(200)["sentence"], "积分解冻，先抵还欠分 12 分。");
    app.advance("15d").await;
    assert_eq!(standing().await, [3, 0, 0, after], "of six that the job freed, three were owed");
    assert_eq!(app.texts("SELECT state FROM adjustment WHERE state = 'lapsed'").await.len(), 1, "{lapses}");
    app.books_balance().await;
    app.books_are_sound().await;
}

/// Dumps are restored days later, and nobody lets anything expire in them: that alone makes no books wrong.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_late_only_if_the_books_were_alive_when_its_time_came() {
    let app = TestApp::start().await;
    app.resident("zhang").await;
    app.enrich("zhang", 30).await;
    id(&propose(&app.stepped_up("community").await, &app, "zhang", -20).await.expect(201));
    let overdue = async || {
        let (read, later) = (app.state.database.read(), app.state.clock.wall() + Duration::days(30));
        let mut late = Vec::new();
        for invariant in invariants::all() {
            if invariants::check(&read, &invariant, later).await.expect("an answer").count > 0 {
                late.push(invariant.name);
            }
        }
        late
    };
    assert_eq!(overdue().await, [""; 0], "a copy that lay on a shelf for a month");
    app.state.clock.advance_wall(Duration::days(20));
    assert_eq!(overdue().await, [""; 0], "a service that did not run");
    app.enrich("li", 10).await;
    assert_eq!(overdue().await, ["hold_overdue", "adjustment_overdue"], "it runs, and its jobs do not");
    app.advance("15d").await;
    assert_eq!(overdue().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_refused_by_name_and_changes_nothing() {
    let app = TestApp::start().await;
    app.resident("zhang").await;
    app.enrich("zhang", 30).await;
    let rows = "SELECT (SELECT count(*) FROM adjustment) + (SELECT count(*) FROM hold) + (SELECT CAST(sum(held) AS bigint) FROM account)";
    propose(&app.admin("community").await, &app, "zhang", -5).await.refused(403, "step_up_required");
    propose(&app.admin("unit").await, &app, "zhang", -5).await.refused(403, "forbidden");
    let community = app.stepped_up("community").await;
    propose(&community, &app, "zhang", 0).await.refused(422, "amount_invalid");
    for amount in [10_001, -10_001, i64::MAX, i64::MIN] {
        propose(&community, &app, "zhang", amount).await.refused(422, "amount_too_large");
    }
    propose(&community, &app, "zhang", -31).await.refused(409, "insufficient_points");
    propose(&community, &app, "li", 5).await.refused(404, "not_found");
    propose(&app.stepped_up("other-community").await, &app, "zhang", 5).await.refused(404, "not_found");
    for body in [
        json!({ "member_id": app.world.member("zhang"), "amount": 5, "reason": "  " }),
        json!({ "member_id": app.world.member("zhang"), "amount": 5 }),
        json!({ "member_id": app.world.member("zhang"), "amount": 5, "reason": "补记", "kind": "gift" }),
    ] {
        community.post_keyed("/admin/adjustments", &key(), &body).await.refused(422, "invalid_input");
    }
    let body = json!({ "member_id": app.world.member("zhang"), "amount": 5, "reason": "补记" });
    community.post("/admin/adjustments", &body).await.refused(400, "idempotency_key_missing");
    assert_eq!(app.number(rows).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_touches_their_own_points_whatever_account_they_use() {
    let app = TestApp::start().await;
    app.resident("zhang").await;
    app.link_admin("community", "zhang").await;
    let community = app.stepped_up("community").await;
    propose(&community, &app, "zhang", 5).await.refused(409, "same_person");
    let second = app.stepped_up("second-community").await;
    let adjustment = id(&propose(&second, &app, "zhang", 5).await.expect(201));
    approve(&community, &adjustment).await.refused(409, "same_person");
    refuse(&community, &adjustment).await.refused(409, "same_person");
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE result = 'refused' AND reason = 'same_person'").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_one_proposal() {
    let app = TestApp::start().await;
    app.resident("zhang").await;
    app.enrich("zhang", 30).await;
    let community = app.stepped_up("community").await;
    let body = json!({ "member_id": app.world.member("zhang"), "amount": -5, "reason": "更正" });
    let key = key();
    let replies = join_all((0..8).map(|_| community.insist("/admin/adjustments", &key, &body))).await;
    let answers: std::collections::BTreeSet<_> =
        replies.into_iter().map(|reply| reply.expect(201).to_string()).collect();
    assert_eq!(answers.len(), 1);
    let other = json!({ "member_id": app.world.member("zhang"), "amount": -6, "reason": "更正" });
    community.post_keyed("/admin/adjustments", &key, &other).await.refused(422, "idempotency_key_reused");
    assert_eq!(app.number("SELECT CAST(sum(amount) AS bigint) FROM hold").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_approvals_and_refusals_at_once_one_counts() {
    let app = TestApp::start().await;
    let zhang = app.resident("zhang").await;
    app.enrich("zhang", 100).await;
    let community = app.stepped_up("community").await;
    let (second, subdistrict) = (app.stepped_up("second-community").await, app.stepped_up("subdistrict").await);
    for (round, amount) in [-5, 5, -5, 5, -5, 5].into_iter().enumerate() {
        let adjustment = id(&propose(&community, &app, "zhang", amount).await.expect(201));
        let calls =
            (0..8).map(|number| {
                let (admin, adjustment) = (if number % 2 == 0 { &second } else { &subdistrict }, adjustment.as_str());
                async move {
                    if number % 4 < 2 { approve(admin, adjustment).await } else { refuse(admin, adjustment).await }
                }
            });
        let replies = join_all(calls).await;
        let counted: Vec<&Value> =
            replies.iter().filter(|reply| reply.status == 201).map(|reply| &reply.body["state"]).collect();
        assert_eq!(counted.len(), 1, "round {round}: {counted:?}");
        for reply in replies.iter().filter(|reply| reply.status != 201) {
            assert_eq!((reply.status, &reply.body["code"]), (409, &json!("state_conflict")), "{}", reply.text);
        }
    }
    let moved =
        app.number("SELECT CAST(COALESCE(sum(amount), 0) AS bigint) FROM adjustment WHERE state = 'approved'").await;
    assert_eq!(points(&zhang).await, (100 + moved, 0));
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_not_spent_however_many_try() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 100)).await;
    let zhang = app.resident("zhang").await;
    app.enrich("zhang", 10).await;
    let community = app.stepped_up("community").await;
    let spends = join_all((0..8).map(|_| redeem(&zhang, &offer)));
    let (proposals, spends) = join(join_all((0..8).map(|_| propose(&community, &app, "zhang", -10))), spends).await;
    let taken = proposals.iter().chain(&spends).filter(|reply| reply.status == 201).count();
    assert_eq!(taken, 1, "ten points are held or spent once");
    let (available, held) = points(&zhang).await;
    assert_eq!(available, 0);
    assert_eq!(
        app.number("SELECT CAST(COALESCE(sum(amount), 0) AS bigint) FROM hold WHERE state = 'pending'").await,
        held
    );
    app.mall_balances().await;
}

/// Whoever posts, voids or lets expire the same hold at the same moment: it ends once.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_ends_once_however_many_end_it() {
    let app = TestApp::start().await;
    app.enrich("zhang", 100).await;
    for round in 0..8 {
        let hold = app.hold_points("zhang", 5, 14).await;
        let ends = join_all((0..6).map(|way| end(&app, hold, way % 3))).await;
        assert_eq!(ends.iter().filter(|ended| **ended).count(), 1, "round {round}");
    }
    assert_eq!(app.number("SELECT count(*) FROM hold WHERE state = 'pending'").await, 0);
    let left = 100 - 5 * app.number("SELECT count(*) FROM hold WHERE state = 'posted'").await;
    assert_eq!(points(&app.member("zhang").await).await, (left, 0));
    app.books_balance().await;
}

/// Ends a hold one way or another, as the service would; says whether it did.
async fn end(app: &TestApp, id: HoldId, way: usize) -> bool {
    let now = app.state.clock.business();
    let mut tx = app.state.database.write().await.expect("a transaction");
    let mut purse = purses::lock(&mut tx, app.world.member("zhang")).await.expect("the purse");
    let mut hold = holds::find(&tx, id).await.expect("an answer").expect("a hold");
    let kept = match way {
        0 => {
            let transfer = domain::id::TransferId::new(Uuid::now_v7());
            let Ok(posting) = hold.post(&mut purse, transfer, adjusting(now), 5) else { return false };
            holds::post(&mut tx, &hold, &posting).await
        }
        1 if hold.void(&mut purse).is_ok() => holds::free(&mut tx, &hold, None).await,
        2 if hold.expire(&mut purse, hold.expires_at).is_ok() => holds::free(&mut tx, &hold, None).await,
        _ => return false,
    };
    assert_ne!(hold.state, HoldState::Pending);
    kept.is_ok() && tx.commit().await.is_ok()
}
