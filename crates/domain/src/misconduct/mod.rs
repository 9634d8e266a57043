//! Misconduct (违规处理): credited service that should not have been, voided by two persons, with an appeal to the level above.

mod letter;

use chrono::{Datelike, Duration, Months, Weekday};
use thiserror::Error;

pub use self::letter::Letter;

use crate::code::{Code, codes};
use crate::enrolment::EnrolmentState;
use crate::id::{EnrolmentId, MemberId, MisconductId, NodeId, TransferId};
use crate::official::{Official, Step};
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

/// What is said against it, by the member or by the lead at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appeal {
    /// Who.
    pub by: MemberId,
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
    /// The lead who vouched for it, if they had part in the fraud.
    pub lead_at_fault: Option<MemberId>,
    /// Until when that lead's word does not count; from the confirmation on.
    pub lead_barred_until: Option<Instant>,
    /// The member's home unit when it was confirmed, which is told of a fraud.
    pub unit: Option<NodeId>,
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
    /// The lead who vouched for it, if they had part in the fraud.
    pub lead_at_fault: Option<MemberId>,
}

/// What a confirmation goes by.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The points that are taken beside the voided credit, as the place of the service has it.
    pub deduction: i64,
    /// The months for which fraud stops spending and bars a lead, as the district has it.
    pub fraud_months: u32,
    /// The member's home unit.
    pub unit: NodeId,
}

/// Why a case does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MisconductError {
    /// Nobody has decided yet whether the service counts.
    #[error("该考勤当前为“{}”，已入账或未通过的才能作违规处理", .0.label())]
    Undecided(EnrolmentState),
    /// Nobody judges themselves, and each step is another person's.
    #[error("您是当事人或已经参与办理，请由其他人办理")]
    SamePerson,
    /// It does not stand where it could be.
    #[error("该违规处理当前为“{}”，不能这样办理", .0.label())]
    State(MisconductState),
    /// The days for an appeal are over.
    #[error("申诉期已于 {} 届满", spoken(*.0))]
    AppealOver(Instant),
    /// A lead answers for fraud alone.
    #[error("只有弄虚作假才追究负责人")]
    LeadWithoutFraud,
}

/// Why a member neither leads an activity nor vouches for anybody's service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("经认定，该负责人对弄虚作假负有责任，{} 前不能新任负责人，也不能确认或补录考勤，须另行指定负责人", spoken(*.until))]
pub struct LeadBarred {
    /// Until when.
    pub until: Instant,
}

/// Whether a member may vouch for service now, whom cases that stand bar until then.
pub fn may_vouch(barred_until: Option<Instant>, now: Instant) -> Result<(), LeadBarred> {
    match barred_until {
        Some(until) if now < until => Err(LeadBarred { until }),
        _ => Ok(()),
    }
}

impl MisconductCase {
    /// Accuses a member of misconduct in service that counts, or that was refused for it and has nothing to void.
    pub fn propose(
        id: MisconductId,
        accusation: Accusation,
        service: EnrolmentState,
        step: Step,
    ) -> Result<Self, MisconductError> {
        if !matches!(service, EnrolmentState::Credited | EnrolmentState::Refused) {
            return Err(MisconductError::Undecided(service));
        }
        let Accusation { enrolment, member, reason, evidence, fraud, lead_at_fault } = accusation;
        if lead_at_fault.is_some() && !fraud {
            return Err(MisconductError::LeadWithoutFraud);
        }
        let case = Self {
            id,
            enrolment,
            member,
            reason,
            evidence,
            fraud,
            lead_at_fault,
            lead_barred_until: None,
            unit: None,
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
        };
        if case.concerns(step.by) { Err(MisconductError::SamePerson) } else { Ok(case) }
    }

    /// Another person confirms it. What it costs is taken by the caller: the credit if there was one, and the deduction.
    pub fn confirm(&mut self, step: Step, earned: Option<TransferId>, terms: Terms) -> Result<(), MisconductError> {
        self.may_be_decided(step)?;
        self.state = MisconductState::Confirmed;
        self.decided = Some(step);
        self.deduction = terms.deduction;
        self.clawback = earned.map(TransferId::of_clawback);
        self.deducted = (self.deduction > 0).then(|| TransferId::of_deduction(self.id));
        self.lead_barred_until = self.lead_at_fault.and_then(|_| self.frozen_until(terms.fraud_months));
        self.unit = Some(terms.unit);
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

    /// The member or the lead at fault appeals, once.
    pub fn appeal(&mut self, by: MemberId, text: String, now: Instant) -> Result<(), MisconductError> {
        let (MisconductState::Confirmed, Some(until)) = (self.state, self.appeal_until) else {
            return Err(MisconductError::State(self.state));
        };
        if now >= until {
            return Err(MisconductError::AppealOver(until));
        }
        self.state = MisconductState::Appealed;
        self.appeal = Some(Appeal { by, text, at: now });
        Ok(())
    }

    /// The level above rules on the appeal, by somebody who had no part. Granted, everything is given back by the caller.
    pub fn rule(&mut self, ruling: Ruling, granted: bool) -> Result<(), MisconductError> {
        if self.state != MisconductState::Appealed {
            return Err(MisconductError::State(self.state));
        }
        let by = ruling.step.by;
        let had_part = [Some(self.proposed), self.decided].into_iter().flatten().any(|step| by.is_same_person(step.by));
        if self.concerns(by) || had_part {
            return Err(MisconductError::SamePerson);
        }
        self.state = if granted { MisconductState::Revoked } else { MisconductState::Upheld };
        self.ruling = Some(ruling);
        Ok(())
    }

    /// Until when the lead at fault vouches for nobody, as long as the case stands.
    pub fn lead_is_barred_until(&self) -> Option<Instant> {
        self.lead_barred_until.filter(|_| MisconductState::VOID.contains(&self.state))
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
        if self.concerns(step.by) || step.by.is_same_person(self.proposed.by) {
            return Err(MisconductError::SamePerson);
        }
        Ok(())
    }

    /// Whether it is about this person: the member, or the lead at fault.
    fn concerns(&self, by: Official) -> bool {
        by.is(self.member) || self.lead_at_fault.is_some_and(|lead| by.is(lead))
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
mod tests;
