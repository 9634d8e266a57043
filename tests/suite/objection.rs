//! Service in its publicity: who sees it, what is said against it, who decides that, and what is credited in the end.

use api::jobs;
use chrono::Duration;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tests::mall::id;
use tests::service::enrol;
use tests::{Client, Reply, TestApp};

use crate::desk::waiting;

/// Service of 李秀英 in 张建国's activity, approved by the community: public for three days.
async fn public(app: &TestApp, li: &Client) -> String {
    let enrolment = app.serve_session(li, &app.activity(1, 3, 10).await).await;
    app.review("community", &enrolment, None).await;
    enrolment
}

async fn object(member: &Client, enrolment: &str) -> Reply {
    let body = json!({ "reason": "当天我一直在三号楼，没有见到这位同志" });
    member.post(&format!("/member/publicity/{enrolment}/objection"), &body).await
}

async fn decide(admin: &Client, objection: &str, how: &str) -> Reply {
    let body = json!({ "answer": "经向同组人员核实" });
    admin.post(&format!("/admin/objections/{objection}/{how}"), &body).await
}

async fn shown(member: &Client) -> Value {
    member.get("/member/publicity").await.expect(200)["items"].clone()
}

async fn own(member: &Client) -> Value {
    member.get("/member/enrolments?limit=1").await.expect(200)["items"][0].clone()
}

/// What the member can spend, awaits, and served.
async fn standing(member: &Client) -> [i64; 3] {
    let balance = member.get("/member/points").await.expect(200);
    ["available", "pending", "verified_minutes"].map(|name| balance[name].as_i64().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_no_ground_is_credited_after_all() {
    let app = TestApp::start().await;
    let (li, wang) = (app.resident("li").await, app.resident("wang").await);
    assert_eq!(shown(&wang).await, json!([]));
    let enrolment = public(&app, &li).await;
    let seen = shown(&wang).await;
    assert_eq!(
        (&seen[0]["enrolment_id"], &seen[0]["member_name"], &seen[0]["own"]),
        (&json!(enrolment), &json!("李**"), &json!(false))
    );
    assert_eq!((&seen[0]["minutes"], &seen[0]["organisation"]), (&json!(120), &json!("新河湾小区")));
    assert!(!seen.to_string().contains("秀英"), "{seen}");
    assert_eq!(shown(&li).await[0]["own"], true);

    app.advance("70h").await;
    let taken = object(&wang, &enrolment).await.expect(201);
    assert_eq!(
        (&taken["state"], &taken["member_name"], &taken["answer"]),
        (&json!("open"), &json!("李**"), &json!(null))
    );
    assert_eq!((&own(&li).await["state"], &shown(&li).await[0]["state"]), (&json!("disputed"), &json!("disputed")));
    assert_eq!(standing(&li).await, [0, 0, 0], "nothing is promised");
    app.advance("9d").await;
    assert_eq!((standing(&li).await, shown(&wang).await[0]["state"].clone()), ([0, 0, 0], json!("disputed")));
    let settled = "SELECT count(*) FROM activity WHERE state = 'settled'";
    assert_eq!(app.number(settled).await, 0, "somebody's service waits");

    let objection = id(&taken);
    let second = app.admin("second-community").await;
    assert_eq!(waiting(&second, "objection").await, 1);
    let listed = second.get("/admin/objections?state=open").await.expect(200)["items"][0].clone();
    assert_eq!(
        (&listed["objector_name"], &listed["member_name"], &listed["lead"], &listed["service_state"]),
        (&json!("王志强"), &json!("李秀英"), &json!("张建国"), &json!("disputed"))
    );
    second
        .post(&format!("/admin/objections/{objection}/dismissal"), &json!({ "answer": " " }))
        .await
        .refused(422, "invalid_input");
    let done = decide(&second, &objection, "dismissal").await.expect(200);
    assert_eq!((&done["state"], &done["decided_by"]), (&json!("dismissed"), &json!("文源社区")));
    assert_eq!(
        (&done["service_state"], &done["publicity_ends_at"]),
        (&json!("in_publicity"), &seen[0]["publicity_ends_at"])
    );
    for how in ["dismissal", "upholding"] {
        decide(&second, &objection, how).await.refused(409, "state_conflict");
    }
    assert_eq!(waiting(&second, "objection").await, 0);
    object(&wang, &enrolment).await.refused(409, "publicity_over");
    assert_eq!(shown(&wang).await, json!([]));
    app.advance("1m").await;
    assert_eq!((standing(&li).await, own(&li).await["state"].clone()), ([20, 0, 120], json!("credited")));
    object(&wang, &enrolment).await.refused(409, "state_conflict");
    let mine = wang.get("/member/objections").await.expect(200);
    assert_eq!(mine["items"][0]["answer"], "经向同组人员核实");
    assert_eq!(li.get("/member/objections").await.expect(200)["items"], json!([]));
    app.advance("1h").await;
    assert_eq!(app.number(settled).await, 1);
    app.books_are_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_is_never_credited() {
    let app = TestApp::start().await;
    let (li, wang) = (app.resident("li").await, app.resident("wang").await);
    let enrolment = public(&app, &li).await;
    assert_eq!(standing(&li).await, [0, 20, 0]);
    let objection = id(&object(&wang, &enrolment).await.expect(201));
    let subdistrict = app.admin("subdistrict").await;
    let done = decide(&subdistrict, &objection, "upholding").await.expect(200);
    assert_eq!(
        (&done["state"], &done["service_state"], &done["decided_by"]),
        (&json!("upheld"), &json!("refused"), &json!("水泊寺街道"))
    );
    let service = own(&li).await;
    assert_eq!(
        (&service["state"], &service["refusal_reason"], &service["credited_at"]),
        (&json!("refused"), &json!("经向同组人员核实"), &json!(null))
    );
    assert!(!service.to_string().contains("王志强"), "who objected is nobody's to know");
    app.advance("9d").await;
    assert_eq!(standing(&li).await, [0, 0, 0]);
    for table in ["transfer", "earn_event", "service_record"] {
        assert_eq!(app.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    object(&wang, &enrolment).await.refused(409, "state_conflict");
    assert_eq!(shown(&li).await, json!([]));
    let audited = "SELECT count(*) FROM audit WHERE result = 'done' AND object_kind = 'objection'";
    assert_eq!(app.number(audited).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_had_a_part_does_not_decide_whatever_account_they_use() {
    let app = TestApp::start().await;
    let (li, wang) = (app.resident("li").await, app.resident("wang").await);
    let enrolment = public(&app, &li).await;
    let objection = id(&object(&wang, &enrolment).await.expect(201));
    let refused = async |account: &str| {
        for how in ["dismissal", "upholding"] {
            decide(&app.admin(account).await, &objection, how).await.refused(409, "same_person");
        }
        assert_eq!(waiting(&app.admin(account).await, "objection").await, 0, "{account}");
    };
    refused("community").await;
    // The lead, whose service it is, and who objects, as admins.
    let objector = async |account: &str| {
        let admin = app.admin(account).await;
        let shown = admin.get(&format!("/admin/objections/{objection}")).await.expect(200);
        let listed = admin.get("/admin/objections").await.expect(200);
        assert_eq!(listed["items"][0]["objector_name"], shown["objector_name"]);
        assert_eq!(shown["objector_number"].is_null(), shown["objector_name"].is_null());
        shown["objector_name"].clone()
    };
    assert_eq!(objector("community").await, "王志强");
    for (name, seen) in [("zhang", json!(null)), ("li", json!(null)), ("wang", json!("王志强"))] {
        app.link_admin("second-community", name).await;
        refused("second-community").await;
        assert_eq!(objector("second-community").await, seen, "those whom it is about do not learn whose it is");
    }
    let elsewhere = app.admin("other-community").await;
    decide(&elsewhere, &objection, "dismissal").await.refused(404, "not_found");
    elsewhere.get(&format!("/admin/objections/{objection}")).await.refused(404, "not_found");
    assert_eq!(elsewhere.get("/admin/objections").await.expect(200)["items"], json!([]));
    decide(&app.admin("estate").await, &objection, "dismissal").await.refused(403, "forbidden");
    assert_eq!(own(&li).await["state"], "disputed");
    assert_eq!(decide(&app.admin("district").await, &objection, "dismissal").await.expect(200)["decided_by"], "平城区");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_objects_at_home_in_time_and_not_to_oneself() {
    let app = TestApp::start().await;
    let (li, wang) = (app.resident("li").await, app.resident("wang").await);
    let stranger = app.member("chen").await;
    let enrolment = public(&app, &li).await;
    assert_eq!(shown(&stranger).await, json!([]), "whoever lives nowhere sees nothing");
    object(&stranger, &enrolment).await.refused(404, "not_found");
    let moved = app.residents(1).await;
    let there = "UPDATE residency SET estate_id = (SELECT id FROM organisation WHERE name = '局前苑小区') WHERE member_id = \
                 (SELECT id FROM member WHERE number = 'PC00001001')";
    assert_eq!(shown(&moved[0]).await[0]["enrolment_id"], json!(enrolment));
    app.tamper(there).await;
    assert_eq!(shown(&moved[0]).await, json!([]), "another community's");
    object(&moved[0], &enrolment).await.refused(404, "not_found");
    // Whoever published it: neighbours know best who served.
    app.tamper("UPDATE activity SET node_id = (SELECT id FROM organisation WHERE name = '平城区')").await;
    assert_eq!(shown(&wang).await[0]["enrolment_id"], json!(enrolment));
    assert_eq!(shown(&moved[0]).await, json!([]), "neither theirs nor of a neighbour");

    object(&li, &enrolment).await.refused(409, "same_person");
    let blank = json!({ "reason": " " });
    wang.post(&format!("/member/publicity/{enrolment}/objection"), &blank).await.refused(422, "invalid_input");
    let signed_up = id(&enrol(&li, &app.activity(30, 31, 5).await).await.expect(201));
    object(&wang, &signed_up).await.refused(409, "state_conflict");
    assert_eq!(own(&li).await["state"], "enrolled");
    object(&wang, &enrolment).await.expect(201);
    object(&app.resident("zhao").await, &enrolment).await.refused(409, "already_disputed");
    assert_eq!(app.number("SELECT count(*) FROM objection").await, 1);
}

/// So many members' service in 新河湾小区 that is public for so long from now.
async fn public_of(app: &TestApp, count: u32, span: Duration) -> Vec<String> {
    let (activity, members) = (app.activity(1, 3, 10).await, app.newcomers_to_service(count).await);
    let now = app.state.clock.business();
    let enrolments = app.make_public(&activity, &members, 1, now - Duration::hours(30), now + span).await;
    enrolments.into_iter().map(|enrolment| enrolment.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_objections_of_one_person_may_wait() {
    let app = TestApp::start().await;
    let wang = app.resident("wang").await;
    let public = public_of(&app, 13, Duration::days(3)).await;
    let page = wang.get("/member/publicity?limit=9").await.expect(200);
    let next = page["next_cursor"].as_str().expect("another page");
    let rest = wang.get(&format!("/member/publicity?limit=9&cursor={next}")).await.expect(200);
    assert_eq!((rest["items"].as_array().map(Vec::len), &rest["next_cursor"]), (Some(4), &json!(null)));
    let replies = join_all(public.iter().map(|enrolment| object(&wang, enrolment))).await;
    let (taken, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(taken.len(), 10);
    for reply in refused {
        reply.refused(409, "state_conflict");
    }
    let first = id(&taken[0].body);
    decide(&app.admin("second-community").await, &first, "dismissal").await.expect(200);
    let again = taken[0].body["enrolment_id"].as_str().expect("an id");
    object(&wang, again).await.expect(201);
    let left = shown(&wang).await;
    let left =
        left.as_array().expect("items").iter().find(|one| one["state"] == "in_publicity").expect("three are left");
    object(&app.resident("zhao").await, left["enrolment_id"].as_str().expect("an id")).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_objections_at_once_one_is_taken() {
    let app = TestApp::start().await;
    let residents = app.residents(50).await;
    let public = public_of(&app, 1, Duration::days(3)).await;
    let replies = join_all(residents.iter().map(|resident| object(resident, &public[0]))).await;
    let (taken, late): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(taken.len(), 1);
    for reply in late {
        reply.refused(409, "already_disputed");
    }
    assert_eq!(app.number("SELECT count(*) FROM objection WHERE state = 'open'").await, 1);

    let (second, subdistrict) = (app.admin("second-community").await, app.admin("subdistrict").await);
    let objection = id(&taken[0].body);
    let verdicts = (0..12).map(|number| match number % 2 {
        0 => decide(&second, &objection, "upholding"),
        _ => decide(&subdistrict, &objection, "dismissal"),
    });
    let (counted, late): (Vec<_>, Vec<_>) = join_all(verdicts).await.into_iter().partition(|reply| reply.status == 200);
    assert_eq!(counted.len(), 1);
    for reply in late {
        reply.refused(409, "state_conflict");
    }
    let agree = "SELECT count(*) FROM objection o JOIN enrolment e ON e.id = o.enrolment_id WHERE \
                 (o.state = 'upheld' AND e.state = 'refused') OR (o.state = 'dismissed' AND e.state = 'in_publicity')";
    assert_eq!(app.number(agree).await, 1);
}

/// Every service is either disputed, with one open objection and no credit, or credited, with neither objection.
async fn each_is_one_or_the_other(app: &TestApp, all: i64) -> i64 {
    let disputed = app.number("SELECT count(*) FROM enrolment WHERE state = 'disputed'").await;
    let credited = app.number("SELECT count(*) FROM enrolment WHERE state = 'credited'").await;
    assert_eq!(disputed + credited, all);
    let open = "objection o JOIN enrolment e ON e.id = o.enrolment_id WHERE o.state = 'open' AND e.state = 'disputed'";
    assert_eq!(app.number("SELECT count(*) FROM objection").await, disputed);
    assert_eq!(app.number(&format!("SELECT count(*) FROM {open}")).await, disputed);
    for table in ["earn_event", "service_record", "transfer"] {
        assert_eq!(app.number(&format!("SELECT count(*) FROM {table}")).await, credited, "{table}");
    }
    app.books_are_sound().await;
    disputed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_objected_to_while_it_falls_due_is_disputed_or_credited_and_never_both() {
    let app = TestApp::start().await;
    let residents = app.residents(20).await;
    let public = public_of(&app, 160, Duration::hours(1)).await;
    let objections = residents.iter().zip(public.chunks(8)).map(|(resident, theirs)| async move {
        // One after the other, so that some come while the job is at work and some when it is too late.
        for enrolment in theirs {
            let reply = object(resident, enrolment).await;
            let code = reply.body["code"].as_str().unwrap_or_default();
            let too_late = reply.status == 409 && ["publicity_over", "state_conflict"].contains(&code);
            assert!(reply.status == 201 || too_late, "{} {}", reply.status, reply.text);
        }
    });
    let falls_due = async {
        while app.number("SELECT count(*) FROM objection").await < 20 {}
        app.state.clock.set_ahead_seconds(app.state.clock.ahead_seconds() + 3_600);
        join_all((0..3).map(|_| jobs::run_all(&app.state))).await;
    };
    join(join_all(objections), falls_due).await;
    jobs::run_all(&app.state).await;
    let disputed = each_is_one_or_the_other(&app, 160).await;
    assert!(disputed >= 20, "{disputed}: those that were in time");
}

/// The worst moment, held open: whoever objects in time has looked at the service and not written yet when its publicity ends
/// and the job comes round.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_has_begun_to_object_is_heard_before_the_job() {
    let app = TestApp::start().await;
    if !app.on_postgres() {
        return;
    }
    let wang = app.resident("wang").await;
    let public = public_of(&app, 1, Duration::hours(1)).await;
    let held = app.hold("LOCK TABLE objection IN ACCESS EXCLUSIVE MODE").await;
    let worst = async {
        held.waited_for_by(1).await;
        app.state.clock.set_ahead_seconds(app.state.clock.ahead_seconds() + 3_600);
        jobs::run_all(&app.state).await;
        held.commit().await;
    };
    let (reply, ()) = join(object(&wang, &public[0]), worst).await;
    // Who waits for a lock for longer than two seconds is asked to come again, and on a slow machine the job takes longer.
    let heard = reply.status == 201;
    assert!(heard || reply.status == 503, "{}", reply.text);
    jobs::run_all(&app.state).await;
    assert_eq!(each_is_one_or_the_other(&app, 1).await, i64::from(heard));
}
