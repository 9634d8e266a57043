//! Misconduct (违规处理): credited service that should not have been, voided by two persons, with an appeal to the level above.

use chrono::{Datelike, Duration, Months, Weekday};
use thiserror::Error;

use crate::code::{Code, codes};
use crate::enrolment::EnrolmentState;
use crate::id::{EnrolmentId, MemberId, MisconductId, TransferId};
use crate::official::Step;
use crate::time::{Instant, business_day, spoken, start_of_day};

codes! {
    /// Where a case stands.
    MisconductState {
        Proposed = "proposed", "待确认";
        Dismissed = "dismissed", "不予认定";
        Confirmed = "confirmed", "已认定";
        Appealed = "appealed", "申诉中";
        Upheld = "upheld", "维持认定";
        Revoked = "revoked", "已撤销";
    }
}

impl MisconductState {
    /// The states in which the service is void.
    pub const VOID: [Self; 3] = [Self::Confirmed, Self::Appealed, Self::Upheld];
}

/// How many working days a member has to appeal.
pub const APPEAL_WORKING_DAYS: u32 = 5;

/// What the member says against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appeal {
    /// Why.
    pub text: String,
    /// When.
    pub at: Instant,
}

/// What the level above says to the appeal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Who, and for which organisation.
    pub step: Step,
    /// Why; the member reads it.
    pub text: String,
}

/// A case of misconduct in one enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MisconductCase {
    /// The case.
    pub id: MisconductId,
    /// The service.
    pub enrolment: EnrolmentId,
    /// Whose it is.
    pub member: MemberId,
    /// Why; the member reads it.
    pub reason: String,
    /// What shows it; the member reads it too.
    pub evidence: String,
    /// Whether it was fraud, which also stops spending.
    pub fraud: bool,
    /// Where it stands.
    pub state: MisconductState,
    /// Who proposed it.
    pub proposed: Step,
    /// Who confirmed or dismissed it.
    pub decided: Option<Step>,
    /// Why it was dismissed.
    pub dismissal: Option<String>,
    /// What it costs beside the voided credit.
    pub deduction: i64,
    /// What took the credit back; none if the service had earned nothing.
    pub clawback: Option<TransferId>,
    /// What took the deduction.
    pub deducted: Option<TransferId>,
    /// The first instant at which no appeal is taken any more.
    pub appeal_until: Option<Instant>,
    /// The appeal.
    pub appeal: Option<Appeal>,
    /// The ruling on it.
    pub ruling: Option<Ruling>,
}

/// What somebody proposes.
#[derive(Clone, Debug)]
pub struct Accusation {
    /// The service.
    pub enrolment: EnrolmentId,
    /// Whose it is.
    pub member: MemberId,
    /// Why.
    pub reason: String,
    /// What shows it.
    pub evidence: String,
    /// Whether it was fraud.
    pub fraud: bool,
}

/// Why a case does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MisconductError {
    /// Only credited service can be voided.
    #[error("该考勤当前为“{}”，已入账的才能作违规处理", .0.label())]
    NotCredited(EnrolmentState),
    /// Nobody judges themselves, and each step is another person's.
    #[error("您是当事人或已经参与办理，请由其他人办理")]
    SamePerson,
    /// It does not stand where it could be.
    #[error("该违规处理当前为“{}”，不能这样办理", .0.label())]
    State(MisconductState),
    /// The days for an appeal are over.
    #[error("申诉期已于 {} 届满", spoken(*.0))]
    AppealOver(Instant),
}

impl MisconductCase {
    /// Proposes to void credited service.
    pub fn propose(
        id: MisconductId,
        accusation: Accusation,
        service: EnrolmentState,
        step: Step,
    ) -> Result<Self, MisconductError> {
        if service != EnrolmentState::Credited {
            return Err(MisconductError::NotCredited(service));
        }
        if step.by.is(accusation.member) {
            return Err(MisconductError::SamePerson);
        }
        let Accusation { enrolment, member, reason, evidence, fraud } = accusation;
        Ok(Self {
            id,
            enrolment,
            member,
            reason,
            evidence,
            fraud,
            state: MisconductState::Proposed,
            proposed: step,
            decided: None,
            dismissal: None,
            deduction: 0,
            clawback: None,
            deducted: None,
            appeal_until: None,
            appeal: None,
            ruling: None,
        })
    }

    /// Another person confirms it. What it costs is taken by the caller: the credit if there was one, and the deduction.
    pub fn confirm(&mut self, step: Step, earned: Option<TransferId>, deduction: i64) -> Result<(), MisconductError> {
        self.may_be_decided(step)?;
        self.state = MisconductState::Confirmed;
        self.decided = Some(step);
        self.deduction = deduction;
        self.clawback = earned.map(TransferId::of_clawback);
        self.deducted = (deduction > 0).then(|| TransferId::of_deduction(self.id));
        self.appeal_until = Some(appeal_until(step.at));
        Ok(())
    }

    /// Another person finds nothing in it.
    pub fn dismiss(&mut self, step: Step, reason: String) -> Result<(), MisconductError> {
        self.may_be_decided(step)?;
        self.state = MisconductState::Dismissed;
        self.decided = Some(step);
        self.dismissal = Some(reason);
        Ok(())
    }

    /// The member appeals, once.
    pub fn appeal(&mut self, text: String, now: Instant) -> Result<(), MisconductError> {
        let (MisconductState::Confirmed, Some(until)) = (self.state, self.appeal_until) else {
            return Err(MisconductError::State(self.state));
        };
        if now >= until {
            return Err(MisconductError::AppealOver(until));
        }
        self.state = MisconductState::Appealed;
        self.appeal = Some(Appeal { text, at: now });
        Ok(())
    }

    /// The level above rules on the appeal, by somebody who had no part. Granted, everything is given back by the caller.
    pub fn rule(&mut self, ruling: Ruling, granted: bool) -> Result<(), MisconductError> {
        if self.state != MisconductState::Appealed {
            return Err(MisconductError::State(self.state));
        }
        let by = ruling.step.by;
        let had_part = [Some(self.proposed), self.decided].into_iter().flatten().any(|step| by.is_same_person(step.by));
        if by.is(self.member) || had_part {
            return Err(MisconductError::SamePerson);
        }
        self.state = if granted { MisconductState::Revoked } else { MisconductState::Upheld };
        self.ruling = Some(ruling);
        Ok(())
    }

    /// Until when spending is stopped; fraud alone stops it.
    pub fn frozen_until(&self, months: u32) -> Option<Instant> {
        let from = self.decided.filter(|_| self.fraud)?.at;
        from.checked_add_months(Months::new(months))
    }

    /// What the member reads beside a stopped account, by which a granted appeal finds the stop again.
    pub fn frozen_because(&self) -> String {
        format!("经认定在服务中弄虚作假，期满后自动恢复；详见违规处理 {}", self.id)
    }

    fn may_be_decided(&self, step: Step) -> Result<(), MisconductError> {
        if self.state != MisconductState::Proposed {
            return Err(MisconductError::State(self.state));
        }
        if step.by.is(self.member) || step.by.is_same_person(self.proposed.by) {
            return Err(MisconductError::SamePerson);
        }
        Ok(())
    }
}

/// The midnight in Beijing that ends the fifth working day after this; holidays that fall on working days do not count
/// longer.
fn appeal_until(from: Instant) -> Instant {
    let (mut day, mut left) = (business_day(from), APPEAL_WORKING_DAYS);
    while left > 0 {
        day += Duration::days(1);
        if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            left -= 1;
        }
    }
    start_of_day(day + Duration::days(1))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{AdminId, NodeId};
    use crate::official::Official;

    const DEDUCTION: i64 = 20;
    const FRAUD_FREEZE_MONTHS: u32 = 12;

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

    fn propose(service: EnrolmentState, by: Step) -> Result<MisconductCase, MisconductError> {
        let accusation = Accusation {
            enrolment: EnrolmentId::new(Uuid::from_u128(3)),
            member: member(1),
            reason: "代签".into(),
            evidence: "监控显示未到场".into(),
            fraud: true,
        };
        MisconductCase::propose(MisconductId::new(Uuid::from_u128(2)), accusation, service, by)
    }

    fn confirmed() -> MisconductCase {
        let mut case = propose(EnrolmentState::Credited, step(1, None)).expect("proposed");
        case.confirm(step(2, None), Some(TransferId::new(Uuid::from_u128(4))), DEDUCTION).expect("confirmed");
        case
    }

    #[test]
    fn each_step_is_another_persons_and_never_the_members() {
        let same = Err(MisconductError::SamePerson);
        assert_eq!(propose(EnrolmentState::Credited, step(1, Some(member(1)))).map(|_| ()), same);
        let open = EnrolmentState::InPublicity;
        assert_eq!(propose(open, step(1, None)).map(|_| ()), Err(MisconductError::NotCredited(open)));
        let mut case = propose(EnrolmentState::Credited, step(1, Some(member(2)))).expect("proposed");
        for by in [step(1, None), step(9, Some(member(2))), step(9, Some(member(1)))] {
            assert_eq!(case.confirm(by, None, DEDUCTION), same);
            assert_eq!(case.dismiss(by, "不成立".into()), same);
        }
        case.confirm(step(3, None), None, 0).expect("confirmed");
        assert_eq!((case.clawback, case.deducted), (None, None), "nothing earned, nothing deducted");
        case.appeal("我在场".into(), step(1, None).at).expect("appealed");
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
        assert_eq!(case.clone().appeal("迟".into(), until), Err(MisconductError::AppealOver(until)));
        case.appeal("我在场".into(), until - Duration::microseconds(1)).expect("appealed");
        let again = case.appeal("再".into(), step(1, None).at);
        assert_eq!(again, Err(MisconductError::State(MisconductState::Appealed)));
        let friday = at("2026-11-27T23:59:59+08:00");
        assert_eq!(appeal_until(friday), at("2026-12-05T00:00:00+08:00"));
    }

    #[test]
    fn fraud_stops_spending_for_a_year() {
        let mut case = confirmed();
        assert_eq!(case.frozen_until(FRAUD_FREEZE_MONTHS), Some(at("2027-11-24T09:00:00+08:00")));
        case.fraud = false;
        assert_eq!(case.frozen_until(FRAUD_FREEZE_MONTHS), None);
    }
}
