//! Races for seats, hours, scans and credits. Each was seen to fail with its guard taken away.

use futures_util::future::{join, join_all};
use serde_json::json;
use tests::client::key;
use tests::service::{cancel, enrol};
use tests::{Reply, TestApp};

/// The seats that are counted are the seats that are taken.
async fn seats_are_true(app: &TestApp) {
    let wrong = "SELECT count(*) FROM activity_session s WHERE s.enrolled <> (SELECT count(*) FROM enrolment e \
                 WHERE e.session_id = s.id AND e.state NOT IN ('waitlisted', 'cancelled'))";
    assert_eq!(app.number(wrong).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_reach_for_ten_seats() {
    let app = TestApp::start().await;
    let id = app.activity(48, 50, 10).await;
    let residents = app.residents(300).await;
    let replies = join_all(residents.iter().map(|resident| enrol(resident, &id))).await;
    let states: Vec<_> = replies.into_iter().map(|reply| reply.expect(201)["state"].clone()).collect();
    assert_eq!(states.iter().filter(|state| **state == json!("enrolled")).count(), 10);
    assert_eq!(states.iter().filter(|state| **state == json!("waitlisted")).count(), 290);
    seats_are_true(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_given_back_all_at_once_go_to_those_who_wait() {
    let app = TestApp::start().await;
    let id = app.activity(48, 50, 10).await;
    let residents = app.residents(40).await;
    for resident in &residents {
        enrol(resident, &id).await.expect(201);
    }
    // Ten with seats and ten who wait leave at the same moment.
    let replies = join_all(residents[..20].iter().map(|resident| cancel(resident, &id))).await;
    for reply in replies {
        assert_eq!(reply.expect(201)["state"], "cancelled");
    }
    seats_are_true(&app).await;
    assert_eq!(app.number("SELECT count(*) FROM enrolment WHERE state = 'enrolled'").await, 10);
    assert_eq!(app.number("SELECT count(*) FROM enrolment WHERE state = 'waitlisted'").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_first_in_line_and_taps_again_while_a_seat_is_given_back_gets_it() {
    let app = TestApp::start().await;
    let residents = app.residents(3).await;
    for _ in 0..12 {
        let id = app.activity(48, 50, 1).await;
        for resident in &residents[..2] {
            enrol(resident, &id).await.expect(201);
        }
        let taps = join_all((0..6).map(|_| enrol(&residents[1], &id)));
        let (cancelled, taps) = join(cancel(&residents[0], &id), taps).await;
        assert_eq!(cancelled.expect(201)["state"], "cancelled");
        for tap in taps.into_iter().filter(|tap| tap.status != 201) {
            tap.refused(409, "already_enrolled");
        }
        assert_eq!(enrol(&residents[2], &id).await.expect(201)["state"], "waitlisted", "a newcomer overtook");
        cancel(&residents[1], &id).await.expect(201);
        cancel(&residents[2], &id).await.expect(201);
    }
    seats_are_true(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_tap_takes_one_seat() {
    let app = TestApp::start().await;
    let id = app.activity(48, 50, 10).await;
    let li = app.resident("li").await;
    let (path, key, body) = (format!("/member/activities/{id}/enrolment"), key(), json!({}));
    let replies = join_all((0..16).map(|_| li.post_keyed(&path, &key, &body))).await;
    let mut ids: Vec<_> = replies.into_iter().map(|reply| reply.expect(201)["id"].clone()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    seats_are_true(&app).await;
    assert_eq!(app.number("SELECT count(*) FROM enrolment").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_sign_ups_of_one_member_are_one_sign_up() {
    let app = TestApp::start().await;
    let id = app.activity(48, 50, 10).await;
    let li = app.resident("li").await;
    let replies = join_all((0..16).map(|_| enrol(&li, &id))).await;
    one_of(replies, "already_enrolled");
    seats_are_true(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_into_two_overlapping_sessions_by_being_quick() {
    let app = TestApp::start().await;
    let residents = app.residents(4).await;
    let mut overlapping = Vec::new();
    for from in 40..46 {
        overlapping.push(app.activity(from, from + 8, 10).await);
    }
    // Everybody reaches for everything at once; each gets one.
    let everybody = residents.iter().map(|resident| join_all(overlapping.iter().map(|id| enrol(resident, id))));
    for replies in join_all(everybody).await {
        one_of(replies, "time_clash");
    }
    seats_are_true(&app).await;
    assert_eq!(app.number("SELECT count(*) FROM enrolment").await, 4);
}

/// One was let in; all others were told this.
#[track_caller]
fn one_of(replies: Vec<Reply>, code: &str) {
    let (let_in, others): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(let_in.len(), 1);
    for other in others {
        other.refused(409, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_slips_into_an_activity_while_it_is_called_off() {
    let app = TestApp::start().await;
    let residents = app.residents(40).await;
    let estate = app.admin("estate").await;
    for _ in 0..3 {
        let id = app.activity(48, 50, 30).await;
        let (path, reason) = (format!("/admin/activities/{id}/cancellation"), json!({ "reason": "当天有大雨" }));
        let sign_ups = join_all(residents.iter().map(|resident| enrol(resident, &id)));
        let (replies, cancelled) = join(sign_ups, estate.post_keyed(&path, &key(), &reason)).await;
        cancelled.expect(201);
        for reply in replies.into_iter().filter(|reply| reply.status != 201) {
            reply.refused(409, "activity_not_open");
        }
        seats_are_true(&app).await;
        assert_eq!(app.number("SELECT count(*) FROM enrolment WHERE state <> 'cancelled'").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_scans_at_once_are_one_arrival() {
    let app = TestApp::start().await;
    let id = app.activity(1, 3, 10).await;
    let li = app.resident("li").await;
    enrol(&li, &id).await.expect(201);
    app.advance("30m").await;
    let scan = json!({ "code": app.shown_code(&id, "in").await });
    let replies = join_all((0..50).map(|_| li.post("/member/check-ins", &scan))).await;
    let (arrived, others): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!(arrived.len(), 1);
    for other in others {
        other.refused(409, "already_checked_in");
    }
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 'check_in'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_credits_once_however_often_and_wherever_it_runs() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let id = app.activity(1, 3, 10).await;
    let residents = app.residents(8).await;
    let mut attendances = Vec::new();
    for resident in &residents {
        let enrolled = enrol(resident, &id).await.expect(201);
        attendances.push(json!({ "enrolment_id": enrolled["id"], "evaluation": "b" }));
    }
    app.advance("50m").await;
    let scan = json!({ "code": app.shown_code(&id, "in").await });
    for resident in &residents {
        resident.post("/member/check-ins", &scan).await.expect(200);
    }
    app.advance("130m").await;
    let confirmation = format!("/member/led-activities/{id}/confirmation");
    app.member("zhang").await.post(&confirmation, &json!({ "attendances": attendances })).await.expect(200);
    let verdicts: Vec<_> =
        attendances.iter().map(|one| json!({ "enrolment_id": one["enrolment_id"], "approved": true })).collect();
    let review = json!({ "attendances": verdicts });
    app.admin("community").await.post("/admin/attendances/review", &review).await.expect(200);
    assert_eq!(app.number("SELECT count(*) FROM transfer").await, 0);

    let later = app.state.clock.ahead_seconds() + 3 * 24 * 3600;
    app.state.clock.set_ahead_seconds(later);
    replica.state.clock.set_ahead_seconds(later);
    // Of the two replicas one has the leases, and its four rounds overlap, as if the leases had run out in the middle.
    join_all((0..4).flat_map(|_| [&app, &replica]).map(|one| api::jobs::run_all(&one.state))).await;
    api::jobs::run_all(&app.state).await;
    for (table, count) in [("transfer", 8), ("earn_event", 8), ("service_record", 8), ("lot", 8)] {
        assert_eq!(app.number(&format!("SELECT count(*) FROM {table}")).await, count, "{table}");
    }
    assert_eq!(app.number("SELECT CAST(SUM(balance) AS bigint) FROM account").await, 8 * 20);
    let credits = "SELECT count(*) FROM audit WHERE action = 'credit_service' AND result = 'done'";
    assert!((1..=8).contains(&app.number(credits).await), "a row for each transaction that did something");
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_tap_again_while_a_seat_is_given_back_do_not_change_who_is_first() {
    let app = TestApp::start().await;
    let residents = app.residents(6).await;
    let (seated, waiting) = residents.split_first().expect("somebody");
    for _ in 0..12 {
        let id = app.activity(48, 50, 1).await;
        for resident in &residents {
            enrol(resident, &id).await.expect(201);
        }
        // Everybody in line taps, the first at last.
        let taps = join_all(waiting.iter().rev().flat_map(|one| [one, one]).map(|one| enrol(one, &id)));
        let (cancelled, taps) = join(cancel(seated, &id), taps).await;
        assert_eq!(cancelled.expect(201)["state"], "cancelled");
        for tap in taps {
            tap.refused(409, "already_enrolled");
        }
        let mut states = Vec::new();
        for one in waiting {
            states.push(one.get("/member/enrolments?limit=1").await.expect(200)["items"][0]["state"].clone());
        }
        assert_eq!(states, ["enrolled", "waitlisted", "waitlisted", "waitlisted", "waitlisted"]);
        for one in waiting {
            cancel(one, &id).await.expect(201);
        }
    }
    seats_are_true(&app).await;
}
