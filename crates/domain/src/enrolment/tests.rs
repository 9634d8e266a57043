use std::sync::LazyLock;

use chrono::Duration;
use uuid::Uuid;

use super::*;
use crate::activity::session::tests::{at, session};
use crate::activity::{Risk, RiskLevel};
use crate::id::{AdminId, NodeId};
use crate::official::Official;
use crate::points::rulebook::{Earning, Record};
use crate::service::{Evaluation, ServiceKind};

static RULES: LazyLock<Absence> = LazyLock::new(Absence::default);

fn member(number: u128) -> MemberId {
    MemberId::new(Uuid::from_u128(number))
}

const LEAD: u128 = 99;

fn activity() -> Activity {
    Activity {
        id: ActivityId::new(Uuid::from_u128(1)),
        node: NodeId::new(Uuid::from_u128(2)),
        title: "清理楼道".into(),
        kind: ServiceKind::General,
        nature: ServiceNature::Voluntary,
        own_duty: false,
        emergency_declaration: None,
        description: "清理三号楼楼道堆放的杂物".into(),
        place: "三号楼".into(),
        risk: Risk { level: RiskLevel::Low, notice: None, insurance: None },
        qualification: None,
        lead: member(LEAD),
        state: ActivityState::Published,
        proposed_by: AdminId::new(Uuid::from_u128(1)),
        proposed_at: at(0),
        review: None,
        cancellation: None,
        starts_at: at(1000),
        ends_at: at(1120),
    }
}

fn applicant(number: u128) -> Applicant<'static> {
    Applicant { member: member(number), is_resident: true, engagements: &[], absences: &[], rules: &RULES }
}

fn enrol(session: &mut Session, number: u128) -> Enrolment {
    let id = EnrolmentId::new(Uuid::from_u128(number));
    Enrolment::enrol(id, applicant(number), &activity(), session, None, at(0)).unwrap()
}

fn checked_out(session: &mut Session, number: u128) -> Enrolment {
    let mut enrolment = enrol(session, number);
    enrolment.check_in(session, None, at(1000)).unwrap();
    enrolment.check_out(session, at(1120)).unwrap();
    enrolment
}

fn official(member: Option<MemberId>) -> Official {
    Official { admin: AdminId::new(Uuid::from_u128(5)), member }
}

#[test]
fn seats_first_then_the_waitlist() {
    let mut session = session(2);
    let states: Vec<_> = (1..=3).map(|number| enrol(&mut session, number).state).collect();
    assert_eq!(states, [EnrolmentState::Enrolled, EnrolmentState::Enrolled, EnrolmentState::Waitlisted]);
    assert_eq!(session.enrolled, 2);
}

#[test]
fn a_cancelled_seat_goes_to_the_first_waitlisted() {
    let mut session = session(1);
    let mut seated = enrol(&mut session, 1);
    let mut waiting = enrol(&mut session, 2);
    assert!(!waiting.take_seat(&mut session, at(1)));
    assert_eq!(seated.cancel(&mut session, &RULES, at(1)), Ok(()));
    assert!(waiting.take_seat(&mut session, at(1)));
    assert_eq!((waiting.state, session.enrolled), (EnrolmentState::Enrolled, 1));
    assert_eq!(seated.cancel(&mut session, &RULES, at(1)), Err(CancelError::State(EnrolmentState::Cancelled)));
    assert_eq!(session.enrolled, 1);
}

#[test]
fn cancelling_a_place_on_the_waitlist_frees_no_seat() {
    let mut session = session(1);
    enrol(&mut session, 1);
    let mut waiting = enrol(&mut session, 2);
    assert_eq!(waiting.cancel(&mut session, &RULES, at(999)), Ok(()));
    assert_eq!((session.enrolled, waiting.cancelled_late), (1, false));
}

#[test]
fn late_cancelling_is_an_absence_and_after_the_start_impossible() {
    let mut session = session(9);
    session.starts_at = at(3000);
    session.ends_at = at(3060);
    let late = |moment| {
        let mut session = session.clone();
        let mut enrolment = enrol(&mut session, 1);
        enrolment.cancel(&mut session, &RULES, moment).map(|()| enrolment.cancelled_late)
    };
    assert_eq!(late(at(3000 - 24 * 60)), Ok(false));
    assert_eq!(late(at(3000 - 24 * 60) + Duration::microseconds(1)), Ok(true));
    assert_eq!(late(at(3000)), Err(CancelError::Started));
}

#[test]
fn a_cancelled_enrolment_comes_back_to_the_end_of_the_queue() {
    let mut session = session(1);
    let mut first = enrol(&mut session, 1);
    assert_eq!(first.cancel(&mut session, &RULES, at(1)), Ok(()));
    first.version = 3;
    enrol(&mut session, 2);
    let id = EnrolmentId::new(Uuid::from_u128(77));
    let again = Enrolment::enrol(id, applicant(1), &activity(), &mut session, Some(&first), at(2)).unwrap();
    assert_eq!((again.id, again.version, again.state), (first.id, 3, EnrolmentState::Waitlisted));
    assert_eq!((again.enrolled_at, again.cancelled_at), (at(2), None));
}

#[test]
fn what_stands_against_signing_up() {
    let id = EnrolmentId::new(Uuid::from_u128(1));
    let refused = |applicant: Applicant<'_>, activity: &Activity, earlier: Option<&Enrolment>, now| {
        let mut session = session(1);
        let refused = Enrolment::enrol(id, applicant, activity, &mut session, earlier, now).unwrap_err();
        assert_eq!(session.enrolled, 0);
        refused
    };
    let open = activity();
    let earlier = enrol(&mut session(1), 1);
    let again = refused(applicant(1), &open, Some(&earlier), at(0));
    assert_eq!(again, EnrolError::Already(EnrolmentState::Enrolled));
    let off = Activity { state: ActivityState::Cancelled, ..activity() };
    assert_eq!(refused(applicant(1), &off, None, at(0)), EnrolError::NotOpen(ActivityState::Cancelled));
    assert_eq!(refused(applicant(1), &open, None, at(1120)), EnrolError::NotOpen(ActivityState::Finished));
    assert_eq!(refused(applicant(1), &open, None, at(900)), EnrolError::Closed(at(900)));
    let stranger = Applicant { is_resident: false, ..applicant(1) };
    assert_eq!(refused(stranger, &open, None, at(0)), EnrolError::NotResident);
}

#[test]
fn nobody_is_in_two_places_at_once() {
    let other = |from: i64, to: i64| {
        let session = ActivitySessionId::new(Uuid::from_u128(12));
        Engagement { session, title: "义诊".into(), starts_at: at(from), ends_at: at(to) }
    };
    let id = EnrolmentId::new(Uuid::from_u128(1));
    let with = |engagements: &[Engagement]| {
        let applicant = Applicant { engagements, ..applicant(1) };
        Enrolment::enrol(id, applicant, &activity(), &mut session(1), None, at(0)).map(|enrolment| enrolment.state)
    };
    assert_eq!(with(&[other(800, 1000), other(1120, 1200)]), Ok(EnrolmentState::Enrolled));
    let clash = EnrolError::Clash { title: "义诊".into(), starts_at: at(1119) };
    assert_eq!(with(&[other(800, 1000), other(1119, 1200)]), Err(clash));
}

#[test]
fn absences_pause_voluntary_services_only() {
    let absences = [at(-30), at(-20), at(-10)];
    let paused = Applicant { absences: &absences, ..applicant(1) };
    let id = EnrolmentId::new(Uuid::from_u128(1));
    let refused = Enrolment::enrol(id, paused, &activity(), &mut session(1), None, at(0)).unwrap_err();
    let until = at(-10) + Duration::days(30);
    assert_eq!(refused, EnrolError::Paused(Pause { absences: 3, until }));
    let duty = Activity { nature: ServiceNature::PartyDuty, ..activity() };
    assert!(Enrolment::enrol(id, paused, &duty, &mut session(1), None, at(0)).is_ok());
    let mut later = session(1);
    later.enrolment_closes_at = until + Duration::days(1);
    later.starts_at = later.enrolment_closes_at;
    let lasting = Activity { ends_at: later.starts_at + Duration::hours(1), ..activity() };
    assert!(Enrolment::enrol(id, paused, &lasting, &mut later, None, until).is_ok());
}

#[test]
fn checking_in_and_out_gives_the_planned_minutes_at_most() {
    let mut session = session(9);
    let mut enrolment = enrol(&mut session, 1);
    assert_eq!(enrolment.check_in(&session, None, at(939)), Err(CheckInError::TooEarly(at(940))));
    assert_eq!(enrolment.check_in(&session, None, at(1120)), Err(CheckInError::Over(at(1120))));
    let early = enrolment.check_out(&session, at(1000));
    assert_eq!(early, Err(CheckOutError::NotCheckedIn(EnrolmentState::Enrolled)));
    assert_eq!(enrolment.check_in(&session, None, at(940)), Ok(()));
    assert_eq!(enrolment.check_in(&session, None, at(941)), Err(CheckInError::Already(at(940))));
    assert_eq!(enrolment.check_out(&session, at(1181)), Err(CheckOutError::Over(at(1120))));
    assert_eq!(enrolment.check_out(&session, at(1180)), Ok(()));
    assert_eq!(enrolment.timed_minutes, Some(120));
    assert_eq!(enrolment.check_out(&session, at(1180)), Err(CheckOutError::Already(at(1180))));
    let waiting = Enrolment { state: EnrolmentState::Waitlisted, checked_in_at: None, ..enrolment.clone() };
    let refused = waiting.clone().check_in(&session, None, at(1000));
    assert_eq!(refused, Err(CheckInError::State(EnrolmentState::Waitlisted)));
}

#[test]
fn forgotten_check_outs_close_at_the_planned_end() {
    let mut session = session(9);
    let mut forgotten = enrol(&mut session, 1);
    forgotten.check_in(&session, None, at(1050)).unwrap();
    assert!(!forgotten.close(&session, at(1119)));
    assert!(forgotten.close(&session, at(5000)));
    assert_eq!((forgotten.checked_out_at, forgotten.timed_minutes), (Some(at(1120)), Some(70)));
    assert!(forgotten.closed_automatically);
    assert!(!forgotten.close(&session, at(5000)));

    let mut late_scan = forgotten.clone();
    assert_eq!(late_scan.check_out(&session, at(1150)), Ok(()));
    assert_eq!((late_scan.checked_out_at, late_scan.timed_minutes), (Some(at(1150)), Some(70)));
    assert!(!late_scan.closed_automatically);

    let mut absent = enrol(&mut session, 2);
    assert!(absent.close(&session, at(1120)));
    assert_eq!(absent.state, EnrolmentState::NoShow);
    assert!(!absent.state.is_unsettled());
}

#[test]
fn nothing_happens_in_a_session_that_was_called_off() {
    let mut session = session(9);
    let mut early = enrol(&mut session, 1);
    early.check_in(&session, None, at(950)).unwrap();
    early.state = EnrolmentState::Cancelled;
    let again = early.check_in(&session, None, at(1000));
    assert_eq!(again, Err(CheckInError::State(EnrolmentState::Cancelled)));
    let left = early.check_out(&session, at(1100));
    assert_eq!(left, Err(CheckOutError::NotCheckedIn(EnrolmentState::Cancelled)));
    assert!(!early.close(&session, at(1120)));
    assert_eq!(early.state, EnrolmentState::Cancelled);
}

#[test]
fn the_lead_confirms_once_after_leaving() {
    let mut session = session(9);
    let activity = activity();
    let mut enrolment = enrol(&mut session, 1);
    let early = enrolment.confirm(&activity, activity.lead, Evaluation::A, at(1000));
    assert_eq!(early, Err(ConfirmError::State(EnrolmentState::Enrolled)));
    let mut enrolment = checked_out(&mut session, 1);
    assert_eq!(enrolment.confirm(&activity, member(2), Evaluation::A, at(1200)), Err(ConfirmError::NotLead));
    assert_eq!(enrolment.confirm(&activity, activity.lead, Evaluation::A, at(1200)), Ok(()));
    let again = enrolment.confirm(&activity, activity.lead, Evaluation::B, at(1200));
    assert_eq!(again, Err(ConfirmError::State(EnrolmentState::LeadConfirmed)));
    assert_eq!(enrolment.check_out(&session, at(1150)), Err(CheckOutError::Already(at(1120))));

    let mut own = checked_out(&mut session, LEAD);
    let excellent = own.confirm(&activity, activity.lead, Evaluation::A, at(1200));
    assert_eq!(excellent, Err(ConfirmError::OwnEvaluation));
    assert_eq!(own.confirm(&activity, activity.lead, Evaluation::B, at(1200)), Ok(()));
}

#[test]
fn another_person_reviews() {
    let mut session = session(9);
    let activity = activity();
    let mut enrolment = checked_out(&mut session, 1);
    let early = enrolment.approve(official(None), 3, at(1200));
    assert_eq!(early, Err(ReviewError::State(EnrolmentState::CheckedOut)));
    enrolment.confirm(&activity, activity.lead, Evaluation::B, at(1200)).unwrap();
    for same in [activity.lead, enrolment.member] {
        assert_eq!(enrolment.approve(official(Some(same)), 3, at(1200)), Err(ReviewError::SamePerson));
        let refused = enrolment.refuse(official(Some(same)), "x".into(), at(1200));
        assert_eq!(refused, Err(ReviewError::SamePerson));
    }
    let mut refused = enrolment.clone();
    assert_eq!(refused.refuse(official(None), "未到场".into(), at(1200)), Ok(()));
    assert_eq!((refused.state, refused.publicity_ends_at), (EnrolmentState::Refused, None));
    assert_eq!(enrolment.approve(official(Some(member(7))), 3, at(1200)), Ok(()));
    assert_eq!(enrolment.publicity_ends_at, Some(at(1200) + Duration::days(3)));
    let again = enrolment.approve(official(None), 3, at(1200));
    assert_eq!(again, Err(ReviewError::State(EnrolmentState::InPublicity)));
}

#[test]
fn service_is_credited_once_publicity_is_over() {
    let mut session = session(9);
    let activity = activity();
    let mut enrolment = checked_out(&mut session, 1);
    assert_eq!(enrolment.credit(at(9999)), Err(AttendanceError::State(EnrolmentState::CheckedOut)));
    enrolment.confirm(&activity, activity.lead, Evaluation::B, at(1200)).unwrap();
    enrolment.approve(official(None), 3, at(1200)).unwrap();
    let end = at(1200) + Duration::days(3);
    let early = enrolment.credit(end - Duration::microseconds(1));
    assert_eq!(early, Err(AttendanceError::InPublicity(end)));
    assert_eq!(enrolment.credit(end), Ok(()));
    assert_eq!(enrolment.settled_at, Some(end));
    assert_eq!(enrolment.credit(end), Err(AttendanceError::State(EnrolmentState::Credited)));
}

#[test]
fn one_comes_to_an_activity_so_many_times_a_day() {
    let mut session = session(9);
    let came = |number, at| Enrolment { checked_in_at: Some(at), ..enrol(&mut session.clone(), number) };
    let own = [came(1, at(0)), came(2, at(0)), came(3, at(-24 * 60)), enrol(&mut session, 4)];
    assert_eq!([own[3].arrivals_beside(&own, at(60)), own[0].arrivals_beside(&own, at(60))], [2, 1]);
    let rules = Earning { sign_pairs_per_activity_day: 2, ..Earning::default() };
    let may = [0, 1, 2, 3].map(|came| Enrolment::may_arrive(came, &rules).is_ok());
    assert_eq!(may, [true, true, false, false]);
    assert_eq!(Enrolment::may_arrive(2, &rules), Err(CheckInError::TooOften(2)));
}

#[test]
fn the_lead_makes_up_what_nobody_timed_within_the_days_and_the_plan() {
    let mut session = session(9);
    let (planned, rules) = (session.clone(), Record::default());
    let make_up = |enrolment: &mut Enrolment, by, minutes, evaluation, now| {
        let made_up = MadeUp { minutes, evidence: "合影和签名册".into() };
        enrolment.make_up((&activity(), &planned), by, made_up, evaluation, &rules, now)
    };
    let mut absent = enrol(&mut session.clone(), 1);
    let lead = member(LEAD);
    let open = make_up(&mut absent, lead, 60, Evaluation::B, at(1120));
    assert_eq!(open, Err(MakeUpError::State(EnrolmentState::Enrolled)));
    assert!(absent.close(&session, at(1120)));
    let other = make_up(&mut absent, member(1), 60, Evaluation::B, at(1120));
    assert_eq!(other, Err(MakeUpError::NotLead));
    let until = at(1120) + Duration::days(7);
    let late = make_up(&mut absent, lead, 60, Evaluation::B, until);
    assert_eq!(late, Err(MakeUpError::TooLate { days: 7, until }));
    for minutes in [0, 121] {
        assert_eq!(make_up(&mut absent, lead, minutes, Evaluation::B, at(1120)), Err(MakeUpError::Minutes(120)));
    }
    assert_eq!(make_up(&mut absent, lead, 120, Evaluation::B, until - Duration::microseconds(1)), Ok(()));
    assert_eq!((absent.state, absent.timed_minutes), (EnrolmentState::LeadConfirmed, Some(0)));
    assert_eq!(absent.made_up.as_ref().map(|made_up| made_up.minutes), Some(120));
    let again = make_up(&mut absent, lead, 1, Evaluation::B, at(1121));
    assert_eq!(again, Err(MakeUpError::State(EnrolmentState::LeadConfirmed)));
    let mut timed = checked_out(&mut session, 2);
    assert_eq!(make_up(&mut timed, lead, 1, Evaluation::B, at(1121)), Err(MakeUpError::Minutes(0)), "all was timed");
    let mut own = enrol(&mut session, LEAD);
    own.close(&session, at(1120));
    assert_eq!(make_up(&mut own, lead, 60, Evaluation::A, at(1121)), Err(MakeUpError::OwnEvaluation));
}
