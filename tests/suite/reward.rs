//! Single events that the rules reward: put on record by one person, credited when another agrees, once.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use storage::earn_events;
use tests::client::key;
use tests::mall::id;
use tests::{Client, Reply, TestApp};

use crate::desk::waiting;

/// Puts an event of a member on record that happened so long ago.
async fn propose(app: &TestApp, admin: &Client, event: &str, reference: &str, ago: Duration) -> Reply {
    let body = json!({
        "member_id": app.world.member("li"),
        "event": event,
        "happened_at": app.time(-ago),
        "reference": reference,
        "evidence": "心愿人已确认",
    });
    admin.post_keyed("/admin/rewards", &key(), &body).await
}

async fn proposed(app: &TestApp, admin: &Client, event: &str, reference: &str, ago: Duration) -> String {
    id(&propose(app, admin, event, reference, ago).await.expect(201))
}

async fn approve(admin: &Client, reward: &str) -> Reply {
    admin.insist(&format!("/admin/rewards/{reward}/approval"), &key(), &json!({})).await
}

async fn points(member: &Client) -> Value {
    member.get("/member/points").await.expect(200)["available"].clone()
}

/// Business time, moved to noon in Beijing, so that hours before and after lie on the same day.
async fn noon(app: &TestApp) {
    let now = app.state.clock.business();
    let midnight = domain::time::start_of_day(domain::time::business_day(now));
    let left = midnight + Duration::hours(36) - now;
    app.advance(&format!("{}m", left.num_minutes())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_credited_by_the_rules_once_another_person_agrees() {
    let app = TestApp::start().await;
    let li = app.resident("li").await;
    let (first, second) = (app.stepped_up("community").await, app.stepped_up("second-community").await);
    let hour = Duration::hours(1);
    let wish = propose(&app, &first, "wish_done", "微心愿 18", hour).await.expect(201);
    assert_eq!((&wish["state"], &wish["proposed_by"]), (&json!("proposed"), &json!("文源社区")));
    let wish = id(&wish);
    propose(&app, &first, "wish_done", "微心愿 18", hour).await.refused(409, "already_rewarded");
    assert_eq!((waiting(&first, "reward").await, waiting(&second, "reward").await), (json!(0), json!(1)));
    approve(&first, &wish).await.refused(409, "same_person");
    approve(&app.admin("second-community").await, &wish).await.refused(403, "step_up_required");
    assert_eq!(li.get("/member/rewards").await.expect(200)["items"], json!([]), "nothing is decided");
    let done = approve(&second, &wish).await.expect(201);
    assert_eq!((&done["state"], &done["points"]), (&json!("approved"), &json!(20)));
    approve(&second, &wish).await.refused(409, "state_conflict");
    assert_eq!(points(&li).await, 20);
    let own = li.get("/member/rewards").await.expect(200);
    assert_eq!((&own["items"][0]["points"], &own["items"][0]["event"]), (&json!(20), &json!("wish_done")));
    let entries = li.get("/member/points/entries").await.expect(200);
    assert_eq!(entries["items"][0]["reason"], "完成微心愿：微心愿 18");
    let transfer = entries["items"][0]["transfer_id"].as_str().expect("an id");
    let why = li.get(&format!("/member/points/entries/{transfer}")).await.expect(200);
    assert!(why["sentence"].as_str().is_some_and(|sentence| sentence.contains("20 分")), "{why}");

    let refused = proposed(&app, &first, "proposal_adopted", "议事 3", hour).await;
    let reason = json!({ "reason": "尚未采纳" });
    let told = second.post(&format!("/admin/rewards/{refused}/refusal"), &reason).await.expect(200);
    assert_eq!((&told["state"], &told["refusal"]), (&json!("refused"), &json!("尚未采纳")));
    proposed(&app, &first, "proposal_adopted", "议事 3", hour).await;
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_against_a_reward_has_its_own_code() {
    let app = TestApp::start().await;
    let (first, second) = (app.stepped_up("community").await, app.stepped_up("second-community").await);
    let hour = Duration::hours(1);
    // Her unit hangs below the district; the community answers for her once she lives there.
    let district = app.stepped_up("district").await;
    propose(&app, &first, "wish_done", "1", hour).await.refused(404, "not_found");
    propose(&app, &app.admin("unit").await, "wish_done", "1", hour).await.refused(403, "forbidden");
    propose(&app, &district, "wish_done", "1", -hour).await.refused(422, "invalid_input");
    propose(&app, &district, "first_residency", "1", hour).await.refused(422, "invalid_input");
    propose(&app, &district, "logged_in", "1", hour).await.refused(422, "unknown_value");
    let early = proposed(&app, &district, "wish_done", "早", hour).await;
    approve(&app.further_admin("second-district", domain::role::Role::District, "district").await, &early)
        .await
        .refused(409, "not_resident");
    app.resident("li").await;
    let brave = proposed(&app, &first, "bravery", "救助落水儿童", hour).await;
    approve(&second, &brave).await.refused(409, "district_decides");
    let done = approve(&district, &brave).await.expect(201);
    assert_eq!(done["points"], 100, "a day's cap of 60 does not cut it");
    let read = app.state.database.read();
    let earned = earn_events::earned(&read, app.world.member("li"), app.state.clock.business() - hour).await;
    let earned = earned.expect("an answer");
    assert_eq!((earned.day, earned.month), (0, 100), "nor does it take room under that cap");
    app.link_admin("community", "li").await;
    propose(&app, &app.admin("community").await, "wish_done", "2", hour).await.refused(409, "same_person");
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn issues_and_patrol_points_earn_as_often_and_as_far_apart_as_the_rules_say() {
    let app = TestApp::start().await;
    app.change_rules(|rules| (rules.events.issues_per_day, rules.events.patrol_gap_minutes) = (2, 30)).await;
    app.resident("li").await;
    noon(&app).await;
    let (first, second) = (app.stepped_up("community").await, app.stepped_up("second-community").await);
    for (number, points) in [(1, 3), (2, 3), (3, 0)] {
        let issue = proposed(&app, &first, "issue_valid", &format!("随手拍 {number}"), Duration::hours(number)).await;
        assert_eq!(approve(&second, &issue).await.expect(201)["points"], points, "{number}");
    }
    let mut patrols = Vec::new();
    for minutes in [120, 91, 90, 149] {
        patrols
            .push(proposed(&app, &first, "patrol_point", &format!("点位 {minutes}"), Duration::minutes(minutes)).await);
    }
    assert_eq!(approve(&second, &patrols[0]).await.expect(201)["points"], 2);
    approve(&second, &patrols[1]).await.refused(409, "patrol_too_near");
    assert_eq!(approve(&second, &patrols[2]).await.expect(201)["points"], 2);
    approve(&second, &patrols[3]).await.refused(409, "patrol_too_near");
    // A month at one's post is one event, whatever it is called.
    proposed(&app, &first, "post_duty_month", "楼栋长", Duration::hours(1)).await;
    propose(&app, &first, "post_duty_month", "网格员", Duration::hours(2)).await.refused(409, "already_rewarded");
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn approvals_at_the_same_time_credit_once_and_see_each_other() {
    let app = TestApp::start().await;
    let li = app.resident("li").await;
    noon(&app).await;
    let first = app.stepped_up("community").await;
    let second = app.stepped_up("second-community").await;
    let subdistrict = app.stepped_up("subdistrict").await;
    let one = proposed(&app, &first, "wish_done", "微心愿 1", Duration::hours(1)).await;
    let approvals = (0..16).map(|number| approve(if number % 2 == 0 { &second } else { &subdistrict }, &one));
    let (done, others): (Vec<_>, Vec<_>) = join_all(approvals).await.into_iter().partition(|reply| reply.status == 201);
    assert_eq!((done.len(), points(&li).await), (1, json!(20)));
    for other in others {
        other.refused(409, "state_conflict");
    }
    // Six reports of one day, of which the rules reward three, are approved together.
    let mut issues = Vec::new();
    for number in 0..6 {
        issues.push(proposed(&app, &first, "issue_valid", &format!("随手拍 {number}"), Duration::hours(1)).await);
    }
    for reply in join_all(issues.iter().map(|issue| approve(&second, issue))).await {
        reply.expect(201);
    }
    assert_eq!(points(&li).await, 29);
    app.books_balance().await;
}
