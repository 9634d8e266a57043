//! Cases of misconduct: who may take which step, and what it leads to.

use uuid::Uuid;

use super::*;
use crate::id::{AdminId, NodeId};
use crate::official::Official;

const TERMS: Terms = Terms { deduction: 20, fraud_months: 12, unit: NodeId::new(Uuid::from_u128(6)) };

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

fn member(number: u128) -> MemberId {
    MemberId::new(Uuid::from_u128(number))
}

fn step(admin: u128, also: Option<MemberId>) -> Step {
    let by = Official { admin: AdminId::new(Uuid::from_u128(admin)), member: also };
    Step { by, node: NodeId::new(Uuid::from_u128(1)), at: at("2026-11-24T09:00:00+08:00") }
}

fn accusation() -> Accusation {
    Accusation {
        enrolment: EnrolmentId::new(Uuid::from_u128(3)),
        member: member(1),
        reason: "代签".into(),
        evidence: "监控显示未到场".into(),
        fraud: true,
        lead_at_fault: None,
    }
}

fn accuse(accusation: Accusation, by: Step) -> Result<MisconductCase, MisconductError> {
    MisconductCase::propose(MisconductId::new(Uuid::from_u128(2)), accusation, EnrolmentState::Credited, by)
}

fn propose(service: EnrolmentState, by: Step) -> Result<MisconductCase, MisconductError> {
    MisconductCase::propose(MisconductId::new(Uuid::from_u128(2)), accusation(), service, by)
}

fn confirmed() -> MisconductCase {
    let mut case = propose(EnrolmentState::Credited, step(1, None)).expect("proposed");
    case.confirm(step(2, None), Some(TransferId::new(Uuid::from_u128(4))), TERMS).expect("confirmed");
    case
}

#[test]
fn each_step_is_another_persons_and_never_the_members() {
    let same = Err(MisconductError::SamePerson);
    assert_eq!(propose(EnrolmentState::Credited, step(1, Some(member(1)))).map(|_| ()), same);
    let open = EnrolmentState::InPublicity;
    assert_eq!(propose(open, step(1, None)).map(|_| ()), Err(MisconductError::Undecided(open)));
    assert!(propose(EnrolmentState::Refused, step(1, None)).is_ok(), "refused for it, and found to be misconduct");
    let mut case = propose(EnrolmentState::Credited, step(1, Some(member(2)))).expect("proposed");
    for by in [step(1, None), step(9, Some(member(2))), step(9, Some(member(1)))] {
        assert_eq!(case.confirm(by, None, TERMS), same);
        assert_eq!(case.dismiss(by, "不成立".into()), same);
    }
    let free = Terms { deduction: 0, ..TERMS };
    case.confirm(step(3, None), None, free).expect("confirmed");
    assert_eq!((case.clawback, case.deducted), (None, None), "nothing earned, nothing deducted");
    case.appeal(member(1), "我在场".into(), step(1, None).at).expect("appealed");
    for by in [step(1, None), step(3, None), step(9, Some(member(2))), step(9, Some(member(1)))] {
        assert_eq!(case.rule(Ruling { step: by, text: "维持".into() }, false), same);
    }
    case.rule(Ruling { step: step(4, None), text: "维持".into() }, false).expect("ruled");
    assert_eq!(case.state, MisconductState::Upheld);
    let again = case.rule(Ruling { step: step(5, None), text: "再议".into() }, true);
    assert_eq!(again, Err(MisconductError::State(MisconductState::Upheld)));
}

#[test]
fn an_appeal_is_taken_once_and_for_five_working_days() {
    let mut case = confirmed();
    let until = at("2026-12-02T00:00:00+08:00");
    assert_eq!(case.appeal_until, Some(until), "Tuesday, and five working days with a weekend between");
    assert_eq!(case.clone().appeal(member(1), "迟".into(), until), Err(MisconductError::AppealOver(until)));
    case.appeal(member(1), "我在场".into(), until - Duration::microseconds(1)).expect("appealed");
    let again = case.appeal(member(1), "再".into(), step(1, None).at);
    assert_eq!(again, Err(MisconductError::State(MisconductState::Appealed)));
    let friday = at("2026-11-27T23:59:59+08:00");
    assert_eq!(appeal_until(friday), at("2026-12-05T00:00:00+08:00"));
}

#[test]
fn fraud_stops_spending_for_a_year() {
    let mut case = confirmed();
    assert_eq!(case.frozen_until(TERMS.fraud_months), Some(at("2027-11-24T09:00:00+08:00")));
    case.fraud = false;
    assert_eq!(case.frozen_until(TERMS.fraud_months), None);
}

#[test]
fn a_lead_at_fault_vouches_for_nobody_for_a_year_and_judges_nothing() {
    let lead = member(8);
    let blamed = Accusation { lead_at_fault: Some(lead), ..accusation() };
    let harmless = Accusation { fraud: false, ..blamed.clone() };
    assert_eq!(accuse(harmless, step(1, None)).map(|_| ()), Err(MisconductError::LeadWithoutFraud));
    let same = Err(MisconductError::SamePerson);
    assert_eq!(accuse(blamed.clone(), step(1, Some(lead))).map(|_| ()), same);
    let mut case = accuse(blamed, step(1, None)).expect("proposed");
    assert_eq!(case.confirm(step(2, Some(lead)), None, TERMS), same);
    case.confirm(step(2, None), None, TERMS).expect("confirmed");
    let until = at("2027-11-24T09:00:00+08:00");
    assert_eq!(case.lead_barred_until, Some(until));
    assert_eq!((case.lead_is_barred_until(), case.unit), (Some(until), Some(TERMS.unit)));
    assert_eq!(may_vouch(case.lead_barred_until, until - Duration::microseconds(1)), Err(LeadBarred { until }));
    assert_eq!(may_vouch(case.lead_barred_until, until), Ok(()));
    assert_eq!(confirmed().lead_barred_until, None, "nobody said that the lead was at fault");
    case.appeal(lead, "我没有代签".into(), step(1, None).at).expect("the lead has a say");
    case.rule(Ruling { step: step(4, None), text: "属实".into() }, true).expect("ruled");
    assert_eq!((case.state, case.lead_is_barred_until()), (MisconductState::Revoked, None));
}

#[test]
fn a_letter_says_where_the_case_stands() {
    let mut case = confirmed();
    let text = |case: &MisconductCase| {
        let (member, activity, decided_by) = ("李秀英", "周末清理楼道", "文源社区");
        Letter { case, member, activity, decided_by, ruled_by: Some("水泊寺街道") }.text()
    };
    let found = "你单位党员李秀英在“周末清理楼道”中弄虚作假，文源社区已于 2026-11-24 认定，该次服务不计，所得积分追回";
    assert_eq!(text(&case), format!("{found}。本人可申诉至 2026-12-01。"));
    case.appeal(member(1), "我在场".into(), step(1, None).at).expect("appealed");
    assert_eq!(text(&case), format!("{found}。本人已提出申诉，正在裁定。"));
    let rule = |granted| {
        let mut case = case.clone();
        case.rule(Ruling { step: step(4, None), text: "x".into() }, granted).expect("ruled");
        text(&case)
    };
    assert_eq!(rule(false), format!("{found}。本人申诉后，水泊寺街道于 2026-11-24 裁定维持。"));
    let withdrawn =
        "文源社区原认定你单位党员李秀英在“周末清理楼道”中弄虚作假，水泊寺街道已于 2026-11-24 撤销，原告知作废。";
    assert_eq!(rule(true), withdrawn);
}
