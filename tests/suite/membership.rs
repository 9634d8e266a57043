//! Binding a phone number, and applying to a unit where the number is on no roster.

use domain::session::Audience;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Client, Reply, TestApp};

const POLICY: &str = "2026-11";
const UNKNOWN: &str = "13911112222";

async fn bind(client: &Client, code: &str) -> Reply {
    client.post("/member/phone", &json!({ "phone_code": code, "policy_version": POLICY })).await
}

fn code(phone: &str, nonce: u32) -> String {
    format!("phone:{phone}:{nonce}")
}

fn renewed(app: &TestApp, answer: &Value) -> Client {
    app.anonymous().with_token(answer["tokens"]["access_token"].as_str().expect("a token"))
}

fn application(app: &TestApp, ticket: &Value, unit: &str) -> Value {
    json!({
        "ticket": ticket, "name": "孙晓明", "unit_id": app.world.node(unit),
        "party_organisation": "机关第一党支部", "joined_on": "2012-07-01",
    })
}

async fn applied(app: &TestApp, person: &str, phone: &str) -> (Client, String) {
    let client = app.stranger(person, Audience::Member).await;
    let answer = bind(&client, &code(phone, 1)).await.expect(200);
    assert_eq!((&answer["matched"], &answer["tokens"]), (&json!(false), &Value::Null));
    let sent = application(app, &answer["ticket"], "education");
    let view = client.post("/member/membership-application", &sent).await.expect(201);
    assert_eq!((&view["state"], &view["unit"]), (&json!("submitted"), &json!("平城区教育局")));
    (client, view["id"].as_str().expect("an id").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_on_the_roster_makes_a_member_here_and_on_another_replica() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let stranger = app.stranger("zhang", Audience::Member).await;
    let policy = stranger.get("/member/privacy-policy").await.expect(200);
    assert_eq!(policy["version"], POLICY);
    stranger.get("/member/residencies").await.refused(403, "not_bound");
    replica.anonymous().with_token(stranger.token()).get("/member/residencies").await.refused(403, "not_bound");

    let answer = bind(&stranger, &code(app.world.phone("zhang"), 1)).await.expect(200);
    assert_eq!((&answer["matched"], &answer["ticket"]), (&json!(true), &Value::Null));
    assert_eq!(answer["tokens"]["bound"], true);
    stranger.get("/member/residencies").await.expect(200);
    let member = renewed(&app, &answer);
    assert_eq!(member.get("/member/me").await.expect(200)["member"]["name"], "张建国");
    replica.anonymous().with_token(member.token()).get("/member/residencies").await.expect(200);

    bind(&member, &code(app.world.phone("zhang"), 2)).await.expect(200);
    bind(&member, &code(app.world.phone("li"), 1)).await.refused(409, "already_bound");
    bind(&member, &code(UNKNOWN, 1)).await.refused(409, "already_bound");
    assert_eq!(app.number("SELECT count(*) FROM consent WHERE withdrawn_at IS NULL").await, 1);
    let audited = "SELECT count(*) FROM audit WHERE action = 'bind_phone' AND result = 'done'";
    assert_eq!(app.number(audited).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changed_their_phone_is_unbound_by_the_unit_and_binds_anew() {
    let app = TestApp::start().await;
    let old = app.member("zhang").await;
    let path = format!("/admin/members/{}/unbinding", app.world.member("zhang"));
    let reason = json!({ "reason": "本人更换了微信" });
    app.admin("community").await.post(&path, &reason).await.refused(403, "forbidden");
    app.admin("other-unit").await.post(&path, &reason).await.refused(404, "not_found");
    let unit = app.admin("unit").await;
    unit.post(&path, &reason).await.refused(403, "step_up_required");
    let tokens = unit.post("/admin/step-up", &json!({ "totp": app.totp("unit").await })).await.expect(200);
    let unit = app.anonymous().with_token(tokens["access_token"].as_str().expect("a token"));
    unit.post(&path, &json!({ "reason": " " })).await.refused(422, "invalid_input");
    old.get("/member/points").await.expect(200);
    unit.post(&path, &reason).await.expect(204);
    unit.post(&path, &reason).await.refused(409, "state_conflict");
    let noted =
        "SELECT count(*) FROM audit WHERE action = 'unbind_member' AND result = 'done' AND reason = '本人更换了微信'";
    assert_eq!(app.number(noted).await, 1);

    // Nobody remembers a caller for longer than five seconds.
    app.state.forget_caller(old.token());
    old.get("/member/points").await.refused(401, "unauthenticated");
    let new = app.stranger("zhang-new", Audience::Member).await;
    let answer = bind(&new, &code(app.world.phone("zhang"), 1)).await.expect(200);
    assert_eq!(renewed(&app, &answer).get("/member/me").await.expect(200)["member"]["name"], "张建国");
    let again = app.stranger("zhang", Audience::Member).await;
    assert_eq!(again.get("/member/me").await.expect(200)["bound"], false);
    bind(&again, &code(app.world.phone("zhang"), 2)).await.refused(409, "already_bound");
    bind(&again, &code(app.world.phone("li"), 1)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_used_of_the_wrong_kind_or_from_abroad_binds_nobody() {
    let app = TestApp::start().await;
    let stranger = app.stranger("somebody", Audience::Member).await;
    bind(&stranger, "login:somebody:1").await.refused(422, "phone_code_invalid");
    bind(&stranger, "nonsense").await.refused(422, "phone_code_invalid");
    bind(&stranger, "").await.refused(422, "invalid_input");
    bind(&stranger, "phone:+852-61234567:1").await.refused(422, "invalid_input");
    let stale = json!({ "phone_code": code(app.world.phone("li"), 1), "policy_version": "2025-01" });
    stranger.post("/member/phone", &stale).await.refused(409, "policy_changed");
    assert_eq!(app.number("SELECT count(*) FROM consent").await, 0);

    bind(&stranger, &code(app.world.phone("li"), 1)).await.expect(200);
    let other = app.stranger("other", Audience::Member).await;
    bind(&other, &code(app.world.phone("li"), 1)).await.refused(422, "phone_code_invalid");
    bind(&other, &code(app.world.phone("li"), 2)).await.refused(409, "already_bound");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_at_codes_ends_soon() {
    let app = TestApp::start().await;
    let stranger = app.stranger("somebody", Audience::Member).await;
    for _ in 0..10 {
        bind(&stranger, "nonsense").await.refused(422, "phone_code_invalid");
    }
    bind(&stranger, "nonsense").await.refused(429, "too_many_requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_wechat_users_who_bind_one_member_at_once_one_succeeds() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let phone = app.world.phone("wang").to_owned();
    let (mut clients, mut codes) = (Vec::new(), Vec::new());
    for number in 1..=12_u32 {
        let client = app.stranger(&format!("phone-{number}"), Audience::Member).await;
        let here = if number % 2 == 0 { replica.anonymous().with_token(client.token()) } else { client };
        clients.push(here);
        codes.push(code(&phone, number));
    }
    let replies = join_all(clients.iter().zip(&codes).map(|(client, code)| bind(client, code))).await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 11));
    for reply in lost {
        reply.refused(409, "already_bound");
    }
    assert_eq!(app.number("SELECT count(*) FROM wechat_identity WHERE member_id IS NOT NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_ticket_used_fifty_times_at_once_makes_one_application() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let client = app.stranger("sun", Audience::Member).await;
    let other = replica.anonymous().with_token(client.token());
    let ticket = bind(&client, &code(UNKNOWN, 1)).await.expect(200)["ticket"].clone();
    let sent = application(&app, &ticket, "education");
    let tries = (0..50).map(|number| {
        let client = if number % 2 == 0 { &client } else { &other };
        client.post("/member/membership-application", &sent)
    });
    let (taken, refused): (Vec<_>, Vec<_>) = join_all(tries).await.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(taken.len(), 1);
    for reply in refused {
        reply.refused(409, "state_conflict");
    }
    assert_eq!(app.number("SELECT count(*) FROM membership_application").await, 1);
    let audited = "SELECT count(*) FROM audit WHERE action = 'apply_membership' AND result = 'done'";
    assert_eq!(app.number(audited).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_decided_once_however_many_decide_at_once() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let (client, id) = applied(&app, "sun", UNKNOWN).await;
    let before = app.number("SELECT count(*) FROM member").await;
    let unit = app.admin("unit").await;
    let other = replica.anonymous().with_token(unit.token());
    let (nothing, reason) = (json!({}), json!({ "reason": "本单位没有这位同志" }));
    let confirmation = format!("/admin/membership-applications/{id}/confirmation");
    let refusal = format!("/admin/membership-applications/{id}/refusal");
    let tries = (0..16).map(|number| {
        let client = if number % 4 < 2 { &unit } else { &other };
        if number % 2 == 0 { client.post(&confirmation, &nothing) } else { client.post(&refusal, &reason) }
    });
    let (taken, refused): (Vec<_>, Vec<_>) = join_all(tries).await.into_iter().partition(|reply| reply.status == 200);
    assert_eq!((taken.len(), refused.len()), (1, 15));
    for reply in refused {
        reply.refused(409, "state_conflict");
    }
    let own = client.get("/member/membership-application").await.expect(200);
    assert_eq!(own["state"], taken[0].body["state"]);
    let new = app.number("SELECT count(*) FROM member").await - before;
    assert_eq!(new, i64::from(own["state"] == "confirmed"));
    let audited = "SELECT count(*) FROM audit WHERE result = 'done' AND object_kind = 'membership_application' \
                   AND action <> 'apply_membership'";
    assert_eq!(app.number(audited).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_i_am_says_what_comes_next() {
    let app = TestApp::start().await;
    let client = app.stranger("sun", Audience::Member).await;
    let me = client.get("/member/me").await.expect(200);
    let nothing = json!({
        "bound": false, "policy_accepted": false, "consents": [], "member": null, "application": null,
        "residency_state": null,
    });
    assert_eq!(me, nothing);
    let (client, _) = applied(&app, "sun", UNKNOWN).await;
    let me = client.get("/member/me").await.expect(200);
    assert_eq!((&me["bound"], &me["policy_accepted"]), (&json!(false), &json!(true)));
    assert_eq!(
        (&me["application"]["state"], &me["consents"][0]["purpose"]),
        (&json!("submitted"), &json!("privacy_policy"))
    );

    let zhang = app.member("zhang").await;
    let me = zhang.get("/member/me").await.expect(200);
    assert_eq!((&me["bound"], &me["residency_state"], &me["application"]), (&json!(true), &Value::Null, &Value::Null));
    let report = json!({ "estate_id": app.world.node("xinhewan"), "building": "3号楼" });
    zhang.post("/member/residencies", &report).await.expect(201);
    assert_eq!(zhang.get("/member/me").await.expect(200)["residency_state"], "submitted");
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_is_withdrawn_and_given_anew() {
    let app = TestApp::start().await;
    let client = app.stranger("sun", Audience::Member).await;
    client.delete("/member/consents/privacy_policy").await.refused(404, "not_found");
    client.delete("/member/consents/nonsense").await.refused(404, "not_found");
    let given = json!({ "purpose": "privacy_policy", "policy_version": POLICY });
    client.post("/member/consents", &given).await.expect(200);
    assert_eq!(client.get("/member/me").await.expect(200)["policy_accepted"], true);
    client.delete("/member/consents/privacy_policy").await.expect(204);
    client.delete("/member/consents/privacy_policy").await.refused(404, "not_found");
    assert_eq!(client.get("/member/me").await.expect(200)["policy_accepted"], false);
    client.post("/member/consents", &given).await.expect(200);
    assert_eq!(app.number("SELECT count(*) FROM consent").await, 2);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 'withdraw_consent'").await, 1);
}

/// Whoever withdraws consent, or has not read the new policy, still sees who they are, the policy, and how to complain.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_is_served_without_consent_to_the_policy_of_now() {
    let app = TestApp::start().await;
    let zhang = app.member("zhang").await;
    let given = json!({ "purpose": "privacy_policy", "policy_version": POLICY });
    zhang.get("/member/points").await.expect(200);
    zhang.delete("/member/consents/privacy_policy").await.expect(204);
    for closed in ["/member/points", "/member/activities", "/member/offers", "/member/redemptions"] {
        zhang.get(closed).await.refused(403, "consent_required");
    }
    for open in ["/member/me", "/member/privacy-policy", "/member/complaints"] {
        zhang.get(open).await.expect(200);
    }
    zhang.post("/member/consents", &given).await.expect(200);
    zhang.get("/member/points").await.expect(200);

    app.tamper("UPDATE consent SET policy_version = '2025-01'").await;
    app.state.forget_caller(zhang.token());
    zhang.get("/member/points").await.refused(403, "consent_required");
    assert_eq!(zhang.get("/member/me").await.expect(200)["policy_accepted"], false);

    let sun = app.stranger("sun", Audience::Member).await;
    let ticket = bind(&sun, &code(UNKNOWN, 1)).await.expect(200)["ticket"].clone();
    let sent = application(&app, &ticket, "education");
    sun.delete("/member/consents/privacy_policy").await.expect(204);
    sun.post("/member/membership-application", &sent).await.refused(403, "consent_required");
    sun.post("/member/consents", &given).await.expect(200);
    sun.post("/member/membership-application", &sent).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_on_no_roster_applies_is_confirmed_by_the_unit_and_is_bound() {
    let app = TestApp::start().await;
    let (client, id) = applied(&app, "sun", UNKNOWN).await;
    let found = client.get("/member/units?name=教育").await.expect(200);
    assert_eq!(found["items"], json!([{ "id": app.world.node("education"), "name": "平城区教育局" }]));
    let again = bind(&client, &code(UNKNOWN, 2)).await.expect(200);
    let sent = application(&app, &again["ticket"], "health");
    client.post("/member/membership-application", &sent).await.refused(409, "state_conflict");

    let confirmation = format!("/admin/membership-applications/{id}/confirmation");
    let other = app.admin("other-unit").await;
    assert_eq!(other.get("/admin/membership-applications").await.expect(200)["items"], json!([]));
    other.post(&confirmation, &json!({})).await.refused(404, "not_found");
    app.admin("community").await.post(&confirmation, &json!({})).await.refused(403, "forbidden");

    let unit = app.admin("unit").await;
    let waiting = unit.get("/admin/membership-applications?state=submitted").await.expect(200);
    assert_eq!((&waiting["items"][0]["id"], &waiting["items"][0]["joined_on"]), (&json!(id), &json!("2012-07-01")));
    let own = client.get("/member/membership-application").await.expect(200);
    assert_eq!(own["party_organisation"], "机关第一党支部");
    let confirmed = unit.post(&confirmation, &json!({})).await.expect(200);
    assert_eq!(confirmed["state"], "confirmed");
    let decided = unit.get("/admin/membership-applications?state=confirmed").await.expect(200)["items"][0].clone();
    let own = client.get("/member/membership-application").await.expect(200);
    for seen in [&confirmed, &decided, &own] {
        let record = (&seen["party_organisation"], &seen["joined_on"]);
        assert_eq!(record, (&Value::Null, &Value::Null), "the record is for the decision only: {seen}");
    }
    unit.post(&confirmation, &json!({})).await.refused(409, "state_conflict");

    let answer = bind(&client, &code(UNKNOWN, 3)).await.expect(200);
    let me = renewed(&app, &answer).get("/member/me").await.expect(200);
    assert_eq!((&me["member"]["name"], &me["member"]["id"]), (&json!("孙晓明"), &confirmed["member_id"]));
    client.post("/member/membership-application", &sent).await.refused(409, "already_bound");
    let own = client.get("/member/membership-application").await.expect(200);
    assert_eq!(own["state"], "confirmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_applicant_reads_why_and_may_apply_again() {
    let app = TestApp::start().await;
    let (client, id) = applied(&app, "sun", UNKNOWN).await;
    let unit = app.admin("unit").await;
    let refusal = format!("/admin/membership-applications/{id}/refusal");
    unit.post(&refusal, &json!({ "reason": " " })).await.refused(422, "invalid_input");
    let reason = json!({ "reason": "本单位没有这位同志" });
    app.admin("other-unit").await.post(&refusal, &reason).await.refused(404, "not_found");
    unit.post(&refusal, &reason).await.expect(200);
    unit.post(&refusal, &reason).await.refused(409, "state_conflict");
    let own = client.get("/member/membership-application").await.expect(200);
    assert_eq!((&own["state"], &own["refusal_reason"]), (&json!("refused"), &json!("本单位没有这位同志")));
    let answer = bind(&client, &code(UNKNOWN, 2)).await.expect(200);
    let sent = application(&app, &answer["ticket"], "health");
    client.post("/member/membership-application", &sent).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_its_owners_and_grows_old() {
    let app = TestApp::start().await;
    let client = app.stranger("sun", Audience::Member).await;
    client.get("/member/membership-application").await.refused(404, "not_found");
    let ticket = bind(&client, &code(UNKNOWN, 1)).await.expect(200)["ticket"].clone();
    let sent = application(&app, &ticket, "education");
    let other = app.stranger("other", Audience::Member).await;
    let given = json!({ "purpose": "privacy_policy", "policy_version": POLICY });
    other.post("/member/consents", &given).await.expect(200);
    other.post("/member/membership-application", &sent).await.refused(422, "phone_ticket_invalid");
    let mut wrong = sent.clone();
    wrong["unit_id"] = json!(app.world.node("xinhewan"));
    client.post("/member/membership-application", &wrong).await.refused(422, "invalid_input");
    wrong["joined_on"] = json!("2999-01-01");
    client.post("/member/membership-application", &wrong).await.refused(422, "invalid_input");

    app.state.clock.advance_wall(chrono::Duration::minutes(31));
    let client = app.stranger("sun", Audience::Member).await;
    client.post("/member/membership-application", &sent).await.refused(422, "phone_ticket_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_is_recorded_once_per_purpose_and_version() {
    let app = TestApp::start().await;
    let client = app.stranger("sun", Audience::Member).await;
    let location = json!({ "purpose": "precise_location", "policy_version": POLICY });
    let first = client.post("/member/consents", &location).await.expect(200);
    assert_eq!(client.post("/member/consents", &location).await.expect(200), first);
    let old = json!({ "purpose": "precise_location", "policy_version": "2025-01" });
    client.post("/member/consents", &old).await.refused(409, "policy_changed");
    app.tamper("UPDATE consent SET policy_version = '2025-01'").await;
    client.post("/member/consents", &location).await.expect(200);
    assert_eq!(app.number("SELECT count(*) FROM consent").await, 2);
    assert_eq!(app.number("SELECT count(*) FROM consent WHERE withdrawn_at IS NULL").await, 1);
}
