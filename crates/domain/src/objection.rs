//! Objections (异议): whoever may see service in its publicity may say why it should not count, and is answered once, by
//! somebody who had no part in it.

use thiserror::Error;

use crate::code::{Code, codes};
use crate::enrolment::{AttendanceError, DisputeError, Enrolment};
use crate::id::{EnrolmentId, MemberId, ObjectionId};
use crate::official::{Official, Step};
use crate::time::Instant;

codes! {
    /// Whether it was decided, and how.
    ObjectionState {
        Open = "open", "待处理";
        Upheld = "upheld", "异议成立";
        Dismissed = "dismissed", "异议不成立";
    }
}

/// How many of one person's objections may wait for a decision.
pub const MOST_OPEN: u64 = 10;

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Who, and for which organisation.
    pub step: Step,
    /// Why; whoever objected reads it, and if the objection holds so does the member.
    pub answer: String,
}

/// An objection to one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The objection.
    pub id: ObjectionId,
    /// The service.
    pub enrolment: EnrolmentId,
    /// Who objects; the member whose service it is never learns it.
    pub member: MemberId,
    /// Why.
    pub reason: String,
    /// Whether it was decided, and how.
    pub state: ObjectionState,
    /// When it came.
    pub created_at: Instant,
    /// The decision.
    pub decision: Option<Decision>,
}

/// Why an objection or a decision about it is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ObjectionError {
    /// One does not object to oneself; a complaint is the way to have one's own record put right.
    #[error("不能对本人的服务提出异议；认为记录有误的，请提交投诉建议")]
    OwnService,
    /// The service does not stand where it could be disputed.
    #[error(transparent)]
    Dispute(#[from] DisputeError),
    /// Too many wait already.
    #[error("您有 {MOST_OPEN} 条异议尚待处理，请稍后再提交")]
    TooManyOpen,
    /// It was decided before.
    #[error("该异议当前为“{}”，不能再处理", .0.label())]
    Decided(ObjectionState),
    /// Whoever objected, served, confirmed or approved has had their say.
    #[error("您是当事人或已经参与确认、审核，请由其他人处理")]
    SamePerson,
    /// The service is not disputed any more.
    #[error(transparent)]
    Service(#[from] AttendanceError),
}

impl Objection {
    /// Takes an objection from somebody of whose objections so many are open; the service waits from now on.
    pub fn object(
        id: ObjectionId,
        service: &mut Enrolment,
        by: MemberId,
        reason: String,
        open: u64,
        now: Instant,
    ) -> Result<Self, ObjectionError> {
        if by == service.member {
            return Err(ObjectionError::OwnService);
        }
        if open >= MOST_OPEN {
            return Err(ObjectionError::TooManyOpen);
        }
        service.dispute(now)?;
        let (enrolment, state) = (service.id, ObjectionState::Open);
        Ok(Self { id, enrolment, member: by, reason, state, created_at: now, decision: None })
    }

    /// The objection holds: the service does not count. `reviewer` approved it before.
    pub fn uphold(
        &mut self,
        service: &mut Enrolment,
        reviewer: Official,
        decision: Decision,
    ) -> Result<(), ObjectionError> {
        self.may_be_decided(service, reviewer, decision.step.by)?;
        service.reject(decision.answer.clone())?;
        self.state = ObjectionState::Upheld;
        self.decision = Some(decision);
        Ok(())
    }

    /// The objection has no ground: the service is public again, and credited when its time is over.
    pub fn dismiss(
        &mut self,
        service: &mut Enrolment,
        reviewer: Official,
        decision: Decision,
    ) -> Result<(), ObjectionError> {
        self.may_be_decided(service, reviewer, decision.step.by)?;
        service.clear()?;
        self.state = ObjectionState::Dismissed;
        self.decision = Some(decision);
        Ok(())
    }

    fn may_be_decided(&self, service: &Enrolment, reviewer: Official, by: Official) -> Result<(), ObjectionError> {
        if self.state != ObjectionState::Open {
            return Err(ObjectionError::Decided(self.state));
        }
        let confirmed = service.confirmation.is_some_and(|confirmation| by.is(confirmation.by));
        if confirmed || by.is_same_person(reviewer) || by.is(service.member) || by.is(self.member) {
            return Err(ObjectionError::SamePerson);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::enrolment::{AttendanceReview, Confirmation, EnrolmentState};
    use crate::id::{ActivityId, ActivitySessionId, AdminId, NodeId};
    use crate::service::Evaluation;

    const NOW: Instant = Instant::UNIX_EPOCH;

    fn member(number: u128) -> MemberId {
        MemberId::new(Uuid::from_u128(number))
    }

    fn official(admin: u128, also: Option<MemberId>) -> Official {
        Official { admin: AdminId::new(Uuid::from_u128(admin)), member: also }
    }

    /// Service of member 1, confirmed by member 2, approved by admin 1, who is member 4; public for three days.
    fn service() -> Enrolment {
        Enrolment {
            id: EnrolmentId::new(Uuid::from_u128(1)),
            session: ActivitySessionId::new(Uuid::from_u128(1)),
            activity: ActivityId::new(Uuid::from_u128(1)),
            member: member(1),
            state: EnrolmentState::InPublicity,
            enrolled_at: NOW,
            cancelled_at: None,
            cancelled_late: false,
            checked_in_at: Some(NOW),
            checked_out_at: Some(NOW),
            closed_automatically: false,
            location: None,
            timed_minutes: Some(60),
            made_up: None,
            confirmation: Some(Confirmation { by: member(2), at: NOW, evaluation: Evaluation::B }),
            review: Some(AttendanceReview { by: reviewer().admin, at: NOW, refusal: None }),
            publicity_ends_at: Some(ends_at()),
            settled_at: None,
            version: 0,
        }
    }

    fn reviewer() -> Official {
        official(1, Some(member(4)))
    }

    fn ends_at() -> Instant {
        NOW + Duration::days(3)
    }

    fn object(service: &mut Enrolment, by: u128, open: u64, now: Instant) -> Result<Objection, ObjectionError> {
        Objection::object(ObjectionId::new(Uuid::from_u128(1)), service, member(by), "当天未到场".into(), open, now)
    }

    fn decision(by: Official) -> Decision {
        Decision { step: Step { by, node: NodeId::new(Uuid::from_u128(1)), at: NOW }, answer: "已核实".into() }
    }

    #[test]
    fn anybody_else_objects_while_it_is_public_and_nobody_has() {
        let mut disputed = service();
        assert_eq!(object(&mut disputed, 1, 0, NOW).map(|_| ()), Err(ObjectionError::OwnService));
        assert_eq!(object(&mut disputed, 3, MOST_OPEN, NOW).map(|_| ()), Err(ObjectionError::TooManyOpen));
        let over = Err(DisputeError::Over(ends_at()).into());
        assert_eq!(object(&mut disputed, 3, 0, ends_at()).map(|_| ()), over);
        assert_eq!(disputed, service(), "a refusal changes nothing");
        let last = ends_at() - Duration::microseconds(1);
        object(&mut disputed, 3, MOST_OPEN - 1, last).expect("in the last moment");
        assert_eq!(disputed.state, EnrolmentState::Disputed);
        assert_eq!(object(&mut disputed, 5, 0, NOW).map(|_| ()), Err(DisputeError::Already.into()));
        assert_eq!(disputed.credit(ends_at()), Err(AttendanceError::State(EnrolmentState::Disputed)));
        for state in [EnrolmentState::LeadConfirmed, EnrolmentState::Credited, EnrolmentState::Refused] {
            let mut elsewhere = Enrolment { state, ..service() };
            assert_eq!(object(&mut elsewhere, 3, 0, NOW).map(|_| ()), Err(DisputeError::NotInPublicity.into()));
        }
    }

    #[test]
    fn whoever_had_a_part_decides_nothing() {
        let mut disputed = service();
        let mut objection = object(&mut disputed, 3, 0, NOW).expect("an objection");
        let had_a_part = [reviewer(), official(9, Some(member(4)))];
        let also = [1, 2, 3].map(|number| official(9, Some(member(number))));
        for by in had_a_part.into_iter().chain(also) {
            let same = Err(ObjectionError::SamePerson);
            assert_eq!(objection.uphold(&mut disputed, reviewer(), decision(by)), same, "{by:?}");
            assert_eq!(objection.dismiss(&mut disputed, reviewer(), decision(by)), same, "{by:?}");
        }
        assert_eq!((objection.state, disputed.state), (ObjectionState::Open, EnrolmentState::Disputed));
    }

    #[test]
    fn what_holds_refuses_the_service_with_the_answer() {
        let mut disputed = service();
        let mut objection = object(&mut disputed, 3, 0, NOW).expect("an objection");
        objection.uphold(&mut disputed, reviewer(), decision(official(2, None))).expect("upheld");
        assert_eq!(disputed.state, EnrolmentState::Refused);
        let review = disputed.review.clone().expect("a review");
        assert_eq!((review.by, review.refusal.as_deref()), (reviewer().admin, Some("已核实")));
        let again = objection.dismiss(&mut disputed, reviewer(), decision(official(3, None)));
        assert_eq!(again, Err(ObjectionError::Decided(ObjectionState::Upheld)));
    }

    #[test]
    fn what_has_no_ground_changes_nothing_but_the_time_that_it_took() {
        let mut disputed = service();
        let mut objection = object(&mut disputed, 3, 0, NOW).expect("an objection");
        objection.dismiss(&mut disputed, reviewer(), decision(official(2, None))).expect("dismissed");
        assert_eq!(disputed, service());
        object(&mut disputed, 5, 0, NOW).expect("somebody else may object still");
        disputed.clear().expect("cleared");
        assert_eq!(disputed.credit(ends_at()), Ok(()));
    }
}
