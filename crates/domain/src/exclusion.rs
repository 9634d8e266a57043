//! Exclusions (不参与名单): a home unit stops what a member earns or spends, from a moment on until it is lifted.
//!
//! There is no reason anywhere, on purpose: discipline, an inquiry or unpaid dues are the unit's to know, and what was never
//! written down cannot leak. The member is told that points are stopped, and whom to ask.

use thiserror::Error;

use crate::code::codes;
use crate::id::{ExclusionId, MemberId};
use crate::official::Step;
use crate::time::Instant;

codes! {
    /// What an exclusion stops.
    ExclusionKind {
        Earning = "earning", "暂不计积分";
        Spending = "spending", "暂不使用积分";
    }
}

/// What the member reads beside service that earned nothing because earning was stopped.
pub const UNPAID_NOTICE: &str = "服务期间暂不计积分，详情请咨询所在单位";

/// One stop of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// The exclusion.
    pub id: ExclusionId,
    /// Who is stopped.
    pub member: MemberId,
    /// What is stopped.
    pub kind: ExclusionKind,
    /// Who set it: it holds from then on.
    pub set: Step,
    /// Who lifted it: from then on it holds no more.
    pub lifted: Option<Step>,
}

/// Why nothing is stopped, or goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ExclusionError {
    /// The same is stopped already.
    #[error("该党员已在不参与名单中")]
    AlreadyExcluded,
    /// It was lifted before.
    #[error("该党员已移出不参与名单")]
    AlreadyLifted,
    /// Nobody decides about themselves.
    #[error("不能办理本人的不参与名单，请由其他人办理")]
    SamePerson,
}

impl Exclusion {
    /// Stops a member. `open` is what is stopped of them already, read while their purse is locked.
    pub fn exclude(
        id: ExclusionId,
        member: MemberId,
        kind: ExclusionKind,
        open: &[ExclusionKind],
        step: Step,
    ) -> Result<Self, ExclusionError> {
        if step.by.is(member) {
            return Err(ExclusionError::SamePerson);
        }
        if open.contains(&kind) {
            return Err(ExclusionError::AlreadyExcluded);
        }
        Ok(Self { id, member, kind, set: step, lifted: None })
    }

    /// Lets a member go on.
    pub fn lift(&mut self, step: Step) -> Result<(), ExclusionError> {
        if step.by.is(self.member) {
            return Err(ExclusionError::SamePerson);
        }
        if self.lifted.is_some() {
            return Err(ExclusionError::AlreadyLifted);
        }
        self.lifted = Some(step);
        Ok(())
    }

    fn holds_at(&self, at: Instant) -> bool {
        self.set.at <= at && self.lifted.is_none_or(|lifted| at < lifted.at)
    }
}

/// Whether any of these stops what the member did at an instant from earning.
pub fn stops_earning(exclusions: &[Exclusion], member: MemberId, at: Instant) -> bool {
    exclusions.iter().any(|exclusion| {
        exclusion.member == member && exclusion.kind == ExclusionKind::Earning && exclusion.holds_at(at)
    })
}

/// What a member reads beside their points while something is stopped.
pub fn notice(open: &[ExclusionKind]) -> Option<&'static str> {
    match (open.contains(&ExclusionKind::Earning), open.contains(&ExclusionKind::Spending)) {
        (false, false) => None,
        (true, false) => Some("您的服务暂不计积分，时长照常记录，详情请咨询所在单位"),
        (false, true) => Some("您暂时不能使用积分，详情请咨询所在单位"),
        (true, true) => Some("您的服务暂不计积分，也暂时不能使用积分，详情请咨询所在单位"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::id::{AdminId, NodeId};
    use crate::official::Official;

    const NOW: Instant = Instant::UNIX_EPOCH;
    const EARNING: ExclusionKind = ExclusionKind::Earning;
    const SPENDING: ExclusionKind = ExclusionKind::Spending;

    fn member(number: u128) -> MemberId {
        MemberId::new(Uuid::from_u128(number))
    }

    fn step(admin: u128, linked: Option<u128>, at: Instant) -> Step {
        let by = Official { admin: AdminId::new(Uuid::from_u128(admin)), member: linked.map(member) };
        Step { by, node: NodeId::new(Uuid::from_u128(1)), at }
    }

    fn exclude(kind: ExclusionKind, open: &[ExclusionKind], step: Step) -> Result<Exclusion, ExclusionError> {
        Exclusion::exclude(ExclusionId::new(Uuid::from_u128(9)), member(1), kind, open, step)
    }

    #[test]
    fn each_thing_is_stopped_once_and_lifted_once() {
        let by = step(1, Some(7), NOW);
        assert_eq!(exclude(EARNING, &[EARNING], by), Err(ExclusionError::AlreadyExcluded));
        let mut exclusion = exclude(EARNING, &[SPENDING], by).expect("the other is open");
        exclusion.lift(by).expect("lifted by the same");
        assert_eq!(exclusion.lift(step(2, None, NOW)), Err(ExclusionError::AlreadyLifted));
    }

    #[test]
    fn nobody_decides_about_themselves_whatever_account_they_use() {
        let own = step(5, Some(1), NOW);
        assert_eq!(exclude(SPENDING, &[], own), Err(ExclusionError::SamePerson));
        let mut exclusion = exclude(SPENDING, &[], step(1, None, NOW)).expect("an exclusion");
        assert_eq!(exclusion.lift(own), Err(ExclusionError::SamePerson));
        assert_eq!(exclusion.lifted, None);
    }

    #[test]
    fn it_holds_from_the_moment_it_is_set_until_the_moment_it_is_lifted() {
        let (tick, later) = (Duration::microseconds(1), NOW + Duration::days(3));
        let mut exclusion = exclude(EARNING, &[], step(1, None, NOW)).expect("an exclusion");
        let stops = |exclusion: &Exclusion, at| stops_earning(std::slice::from_ref(exclusion), member(1), at);
        assert!(!stops(&exclusion, NOW - tick) && stops(&exclusion, NOW) && stops(&exclusion, later));
        exclusion.lift(step(1, None, later)).expect("lifted");
        assert!(stops(&exclusion, later - tick) && !stops(&exclusion, later));
        assert!(!stops_earning(std::slice::from_ref(&exclusion), member(2), NOW), "another member's");
        exclusion.kind = SPENDING;
        assert!(!stops(&exclusion, NOW), "another kind");
    }

    #[test]
    fn a_notice_says_what_is_stopped_and_whom_to_ask() {
        assert_eq!(notice(&[]), None);
        for open in [&[EARNING][..], &[SPENDING], &[EARNING, SPENDING]] {
            let notice = notice(open).expect("a notice");
            assert!(notice.contains("咨询所在单位"), "{notice}");
            assert_eq!(notice.contains("不计积分"), open.contains(&EARNING), "{notice}");
            assert_eq!(notice.contains("使用积分"), open.contains(&SPENDING), "{notice}");
        }
    }
}
