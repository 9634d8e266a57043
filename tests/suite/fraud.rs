//! Fraud (弄虚作假) beyond what every misconduct costs: the home unit's letter, and a lead whose word no longer counts.

use serde_json::{Value, json};
use tests::mall::id;
use tests::service::enrol;
use tests::{Client, Reply, TestApp};

use crate::desk::waiting;
use crate::misconduct::{appeal, confirm, rule, serve, served};

async fn accuse(admin: &Client, enrolment: &str, change: Value) -> Reply {
    let mut body = json!({
        "enrolment_id": enrolment,
        "reason": "由他人代为签到",
        "evidence": "监控未见本人，负责人代扫签退码",
        "fraud": true,
        "lead_at_fault": true,
    });
    for (name, value) in change.as_object().expect("what differs") {
        body[name] = value.clone();
    }
    admin.post("/admin/misconduct-cases", &body).await
}

/// A confirmed fraud of 李秀英 in which 张建国, who led, had part.
pub(crate) async fn found_out(app: &TestApp, enrolment: &str) -> String {
    let case = id(&accuse(&app.admin("community").await, enrolment, json!({})).await.expect(201));
    let done = confirm(&app.stepped_up("second-community").await, &case).await.expect(201);
    assert_eq!(
        (&done["lead_at_fault_id"], &done["lead_at_fault"]),
        (&json!(app.world.member("zhang")), &json!("张建国"))
    );
    assert!(done["lead_barred_until"].is_string(), "{done}");
    case
}

async fn letters(admin: &Client) -> Vec<Value> {
    admin.get("/admin/fraud-letters").await.expect(200)["items"].as_array().expect("a list").clone()
}

async fn confirm_attendance(lead: &Client, activity: &str, enrolment: &str) -> Reply {
    let one = json!({ "enrolment_id": enrolment, "evaluation": "b" });
    lead.post(&format!("/member/led-activities/{activity}/confirmation"), &json!({ "attendances": [one] })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_home_unit_is_told_of_a_fraud_and_again_when_it_no_longer_stands() {
    let app = TestApp::start().await;
    let (li, enrolment) = served(&app).await;
    let unit = app.admin("unit").await;
    assert!(letters(&unit).await.is_empty());
    let case = id(&accuse(&app.admin("community").await, &enrolment, json!({})).await.expect(201));
    assert!(letters(&unit).await.is_empty(), "nobody has confirmed it");
    confirm(&app.stepped_up("second-community").await, &case).await.expect(201);
    let queued = async |kind: &str| app.number(&format!("SELECT count(*) FROM outbox WHERE kind = '{kind}'")).await;
    assert_eq!((queued("fraud_letter").await, queued("fraud_letter_withdrawn").await), (1, 0));
    let [letter] = <[Value; 1]>::try_from(letters(&unit).await).expect("one letter");
    assert_eq!((&letter["member_name"], &letter["state"]), (&json!("李秀英"), &json!("confirmed")));
    let text = letter["text"].as_str().expect("a text");
    assert!(text.starts_with("你单位党员李秀英在“周末清理楼道”中弄虚作假，文源社区已于"), "{text}");
    assert!(!text.contains("监控"), "the evidence is not for the unit: {text}");
    let other = app.admin("other-unit").await;
    assert!(letters(&other).await.is_empty(), "another unit's");
    let health = "(SELECT id FROM organisation WHERE name = '平城区卫生健康局')";
    app.tamper(&format!("UPDATE member SET unit_id = {health} WHERE name = '李秀英'")).await;
    assert!(letters(&other).await.is_empty(), "it was told to the unit of then");
    assert_eq!(letters(&unit).await.len(), 1);
    app.admin("community").await.get("/admin/fraud-letters").await.refused(403, "forbidden");

    appeal(&li, &case).await.expect(200);
    rule(&app.stepped_up("subdistrict").await, &case, true).await.expect(201);
    let withdrawn = letters(&unit).await;
    assert_eq!(withdrawn[0]["state"], "revoked");
    assert!(withdrawn[0]["text"].as_str().expect("a text").ends_with("撤销，原告知作废。"), "{}", withdrawn[0]);
    assert_eq!((queued("fraud_letter").await, queued("fraud_letter_withdrawn").await), (1, 1));
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn misconduct_that_is_no_fraud_is_no_letter_and_blames_no_lead() {
    let app = TestApp::start().await;
    let (_, enrolment) = served(&app).await;
    let community = app.admin("community").await;
    let reply = accuse(&community, &enrolment, json!({ "fraud": false })).await;
    assert_eq!(reply.refused(422, "invalid_input")["errors"][0]["field"], "lead_at_fault");
    let case = json!({ "fraud": false, "lead_at_fault": false });
    let case = id(&accuse(&community, &enrolment, case).await.expect(201));
    confirm(&app.stepped_up("second-community").await, &case).await.expect(201);
    assert!(letters(&app.admin("unit").await).await.is_empty());
    assert_eq!(app.number("SELECT count(*) FROM outbox WHERE kind LIKE 'fraud%'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_at_fault_vouches_for_nobody_until_the_time_is_over_and_another_takes_the_place() {
    let app = TestApp::start().await;
    let (_, enrolment) = served(&app).await;
    app.link_admin("community", "zhang").await;
    accuse(&app.admin("community").await, &enrolment, json!({})).await.refused(409, "same_person");
    let wang = app.resident("wang").await;
    let activity = app.activity(1, 3, 10).await;
    let enrolled = id(&enrol(&wang, &activity).await.expect(201));
    let estate = app.admin("estate").await;
    let waits = id(&estate.post("/admin/activities", &app.proposal(30, 31, 10)).await.expect(201));
    let case = id(&accuse(&app.admin("second-community").await, &enrolment, json!({})).await.expect(201));
    assert_eq!(waiting(&app.admin("community").await, "misconduct").await, 0, "it is about them");
    confirm(&app.stepped_up("community").await, &case).await.refused(409, "same_person");
    let confirmed = confirm(&app.stepped_up("subdistrict").await, &case).await.expect(201);
    assert_eq!(confirmed["state"], "confirmed");

    app.advance("50m").await;
    let code = json!({ "code": app.shown_code(&activity, "in").await });
    wang.post("/member/check-ins", &code).await.expect(200);
    app.advance("130m").await;
    let zhang = app.member("zhang").await;
    confirm_attendance(&zhang, &activity, &enrolled).await.refused(409, "lead_barred");
    let made_up = json!({ "enrolment_id": enrolled, "minutes": 30, "evidence": "签名册", "evaluation": "b" });
    let path = format!("/member/led-activities/{activity}/made-up-attendance");
    zhang.post(&path, &made_up).await.refused(409, "lead_barred");
    let second = app.admin("second-community").await;
    second.post(&format!("/admin/activities/{waits}/publication"), &json!({})).await.refused(409, "lead_barred");
    let reply = estate.post("/admin/activities", &app.proposal(1, 3, 10)).await;
    assert_eq!(reply.refused(422, "invalid_input")["errors"][0]["field"], "lead_member_id");

    let path = format!("/admin/activities/{activity}/lead");
    let appoint = async |admin: &Client, name: &str| {
        admin.post(&path, &json!({ "lead_member_id": app.world.member(name), "reason": "原负责人不能确认" })).await
    };
    assert_eq!(waiting(&second, "barred_lead").await, 1, "what is settled needs no lead");
    let reply = appoint(&second, "zhang").await;
    assert_eq!(reply.refused(422, "invalid_input")["errors"][0]["field"], "lead_member_id");
    appoint(&estate, "li").await.refused(403, "forbidden");
    appoint(&app.admin("other-community").await, "li").await.refused(404, "not_found");
    let silent = json!({ "lead_member_id": app.world.member("li"), "reason": " " });
    second.post(&path, &silent).await.refused(422, "invalid_input");
    app.link_admin("second-community", "li").await;
    appoint(&app.admin("second-community").await, "li").await.refused(409, "same_person");
    let subdistrict = app.admin("subdistrict").await;
    appoint(&subdistrict, "li").await.expect(200);
    assert_eq!(waiting(&second, "barred_lead").await, 0);
    confirm_attendance(&zhang, &activity, &enrolled).await.refused(404, "not_found");
    let li = app.member("li").await;
    assert_eq!(confirm_attendance(&li, &activity, &enrolled).await.expect(200)["attendances"][0]["minutes"], 120);

    app.advance("366d").await;
    estate.post("/admin/activities", &app.proposal(1, 3, 10)).await.expect(201);
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_granted_appeal_clears_the_lead_too() {
    let app = TestApp::start().await;
    let (li, enrolment) = served(&app).await;
    let case = found_out(&app, &enrolment).await;
    let estate = app.admin("estate").await;
    estate.post("/admin/activities", &app.proposal(1, 3, 10)).await.refused(422, "invalid_input");
    // The lead has a say, and sees what is theirs of it.
    let zhang = app.member("zhang").await;
    let own = zhang.get("/member/misconduct-cases").await.expect(200)["items"][0].clone();
    assert_eq!((&own["id"], &own["as_lead"], &own["deduction"]), (&json!(case), &json!(true), &json!(null)));
    assert!(own["lead_barred_until"].is_string() && own["clawback_transfer_id"].is_null(), "{own}");
    let of_li = li.get("/member/misconduct-cases").await.expect(200)["items"][0].clone();
    assert_eq!((&of_li["as_lead"], &of_li["lead_barred_until"]), (&json!(false), &json!(null)), "not theirs to know");
    appeal(&app.member("chen").await, &case).await.refused(404, "not_found");
    appeal(&zhang, &case).await.expect(200);
    appeal(&li, &case).await.refused(409, "state_conflict");
    estate.post("/admin/activities", &app.proposal(1, 3, 10)).await.refused(422, "invalid_input");
    rule(&app.stepped_up("subdistrict").await, &case, true).await.expect(201);
    estate.post("/admin/activities", &app.proposal(1, 3, 10)).await.expect(201);
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_confirmed_is_named_though_another_leads_by_now() {
    let app = TestApp::start().await;
    let li = app.resident("li").await;
    let activity = app.activity(1, 3, 10).await;
    app.serve_session(&li, &activity).await;
    let community = app.admin("community").await;
    let body = json!({ "lead_member_id": app.world.member("wang"), "reason": "原负责人调离" });
    community.post(&format!("/admin/activities/{activity}/lead"), &body).await.expect(200);
    let attendance = community.get("/admin/attendances").await.expect(200)["items"][0].clone();
    assert_eq!((&attendance["member_name"], &attendance["lead"]), (&json!("李秀英"), &json!("张建国")));
    let reason = "SELECT count(*) FROM audit WHERE action = 'appoint_activity_lead' AND reason = '原负责人调离'";
    assert_eq!(app.number(reason).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn fraud_that_was_found_before_the_credit_costs_what_any_fraud_does() {
    let app = TestApp::start().await;
    let li = app.resident("li").await;
    let activity = app.activity(1, 3, 10).await;
    let enrolment = app.serve_session(&li, &activity).await;
    let community = app.admin("community").await;
    accuse(&community, &enrolment, json!({})).await.refused(409, "state_conflict");
    app.review("community", &enrolment, Some("由他人代为签到")).await;
    let debt = async || li.get("/member/points").await.expect(200)["debt"].clone();
    let state = async || li.get("/member/enrolments").await.expect(200)["items"][0]["state"].clone();
    let case = found_out(&app, &enrolment).await;
    assert_eq!((debt().await, state().await), (json!(20), json!("refused")), "nothing to void, and the deduction");
    assert_eq!(letters(&app.admin("unit").await).await.len(), 1);
    app.books_balance().await;
    appeal(&li, &case).await.expect(200);
    rule(&app.stepped_up("subdistrict").await, &case, true).await.expect(201);
    assert_eq!((debt().await, state().await), (json!(0), json!("refused")));
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_who_is_accused_of_their_own_service_sees_both_sides_of_it() {
    let app = TestApp::start().await;
    let zhang = app.resident("zhang").await;
    let enrolment = serve(&app, &zhang).await;
    found_out(&app, &enrolment).await;
    let own = zhang.get("/member/misconduct-cases").await.expect(200)["items"][0].clone();
    assert_eq!((&own["as_lead"], &own["deduction"]), (&json!(true), &json!(20)));
    assert!(own["clawback_transfer_id"].is_string() && own["lead_barred_until"].is_string(), "{own}");
}
