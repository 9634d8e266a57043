//! Rewards (单项奖励): a single event that the rules reward, put on record by one person with what speaks for it, and credited
//! when another agrees.

use chrono::Duration;
use thiserror::Error;

use crate::code::{Code, codes};
use crate::id::{MemberId, RewardId};
use crate::official::Step;
use crate::points::RewardedEvent;
use crate::points::rulebook::Events;
use crate::time::{Instant, beijing, spoken};

/// How long after an event it can be put on record.
const RECORDED_WITHIN_DAYS: i64 = 60;

codes! {
    /// Where a reward stands.
    RewardState {
        Proposed = "proposed", "待核准";
        Approved = "approved", "已核准";
        Refused = "refused", "未通过";
    }
}

/// An event of a member that asks for its points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reward {
    /// The reward.
    pub id: RewardId,
    /// Whose event.
    pub member: MemberId,
    /// What happened.
    pub event: RewardedEvent,
    /// When: the day whose caps it counts for.
    pub happened_at: Instant,
    /// Which one it was, such as the number of a wish; one event is rewarded once.
    pub reference: String,
    /// What speaks for it.
    pub evidence: String,
    /// Where it stands.
    pub state: RewardState,
    /// Who put it on record.
    pub proposed: Step,
    /// Who approved or refused it.
    pub decided: Option<Step>,
    /// Why it was refused.
    pub refusal: Option<String>,
}

/// What somebody puts on record.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// Whose event.
    pub member: MemberId,
    /// What happened.
    pub event: RewardedEvent,
    /// When.
    pub happened_at: Instant,
    /// Which one.
    pub reference: String,
    /// What speaks for it.
    pub evidence: String,
}

/// Why an event is not rewarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RewardError {
    /// The acceptance of the residency credits it.
    #[error("首次报到奖励在社区接收报到时自动入账，不能另行登记")]
    Automatic,
    /// It has not happened.
    #[error("发生时间不能晚于现在")]
    Future,
    /// It happened too long ago for the caps of its day to mean anything.
    #[error("只能登记最近 {} 天内的事项", RECORDED_WITHIN_DAYS)]
    TooLate,
    /// Nobody rewards themselves, or agrees with themselves.
    #[error("不能登记或核准本人的奖励，也不能核准自己登记的奖励，请由其他人办理")]
    SamePerson,
    /// The member's unit had stopped what they earn.
    #[error("该党员当时暂不计积分，不能奖励")]
    Excluded,
    /// The district alone decides.
    #[error("见义勇为的奖励由区级核准")]
    DistrictDecides,
    /// Another patrol point lies too near.
    #[error("与 {} 的巡查打卡相隔不到 {minutes} 分钟", spoken(*.other))]
    TooNear {
        /// When that was.
        other: Instant,
        /// How many minutes lie between two at least.
        minutes: u32,
    },
    /// Decided before.
    #[error("该奖励当前为“{}”，不能再办理", .0.label())]
    Decided(RewardState),
}

impl Reward {
    /// Puts an event on record. Whether the member's unit had stopped what they earn is not asked yet: whoever may put
    /// events on record could read the list out of the answers.
    pub fn propose(id: RewardId, occurrence: Occurrence, step: Step) -> Result<Self, RewardError> {
        let Occurrence { member, event, happened_at, reference, evidence } = occurrence;
        if event == RewardedEvent::FirstResidency {
            return Err(RewardError::Automatic);
        }
        if happened_at > step.at {
            return Err(RewardError::Future);
        }
        if happened_at < step.at - Duration::days(RECORDED_WITHIN_DAYS) {
            return Err(RewardError::TooLate);
        }
        if step.by.is(member) {
            return Err(RewardError::SamePerson);
        }
        let at_home = happened_at.with_timezone(&beijing());
        let reference = match event {
            // A month at one's post is one event, whatever it is called.
            RewardedEvent::PostDutyMonth => at_home.format("%Y-%m").to_string(),
            // One passes the same point again and again.
            RewardedEvent::PatrolPoint => format!("{reference} {}", at_home.format("%Y-%m-%d %H:%M")),
            _ => reference,
        };
        let state = RewardState::Proposed;
        Ok(Self {
            id,
            member,
            event,
            happened_at,
            reference,
            evidence,
            state,
            proposed: step,
            decided: None,
            refusal: None,
        })
    }

    /// Another person agrees; the district where it alone decides. `nearest` is the member's patrol point that was approved
    /// before and lies nearest in time; `excluded` says whether the member's unit had stopped what they earn when it happened.
    pub fn approve(
        &mut self,
        step: Step,
        for_the_district: bool,
        excluded: bool,
        nearest: Option<Instant>,
        rules: &Events,
    ) -> Result<(), RewardError> {
        self.may_be_decided(step)?;
        if self.event == RewardedEvent::Bravery && !for_the_district {
            return Err(RewardError::DistrictDecides);
        }
        if excluded {
            return Err(RewardError::Excluded);
        }
        let minutes = rules.patrol_gap_minutes;
        let too_near = |other: &Instant| (self.happened_at - *other).abs() < Duration::minutes(minutes.into());
        let nearest = nearest.filter(|_| self.event == RewardedEvent::PatrolPoint);
        if let Some(other) = nearest.filter(too_near) {
            return Err(RewardError::TooNear { other, minutes });
        }
        self.state = RewardState::Approved;
        self.decided = Some(step);
        Ok(())
    }

    /// Another person refuses, with the reason.
    pub fn refuse(&mut self, step: Step, reason: String) -> Result<(), RewardError> {
        self.may_be_decided(step)?;
        self.state = RewardState::Refused;
        self.decided = Some(step);
        self.refusal = Some(reason);
        Ok(())
    }

    fn may_be_decided(&self, step: Step) -> Result<(), RewardError> {
        if self.state != RewardState::Proposed {
            return Err(RewardError::Decided(self.state));
        }
        let same = step.by.is(self.member) || step.by.is_same_person(self.proposed.by);
        if same { Err(RewardError::SamePerson) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{AdminId, NodeId};
    use crate::official::Official;

    const NOW: Instant = Instant::UNIX_EPOCH;

    fn member(number: u128) -> MemberId {
        MemberId::new(Uuid::from_u128(number))
    }

    fn step(admin: u128, linked: Option<u128>) -> Step {
        let by = Official { admin: AdminId::new(Uuid::from_u128(admin)), member: linked.map(member) };
        Step { by, node: NodeId::new(Uuid::from_u128(1)), at: NOW }
    }

    fn propose(event: RewardedEvent, happened_at: Instant, step: Step) -> Result<Reward, RewardError> {
        let (reference, evidence) = ("1号".into(), "照片".into());
        let occurrence = Occurrence { member: member(1), event, happened_at, reference, evidence };
        Reward::propose(RewardId::new(Uuid::from_u128(9)), occurrence, step)
    }

    fn approve(reward: &mut Reward, step: Step) -> Result<(), RewardError> {
        reward.approve(step, false, false, None, &Events::default())
    }

    #[test]
    fn two_persons_reward_a_third() {
        let mut reward = propose(RewardedEvent::WishDone, NOW, step(1, Some(7))).expect("a reward");
        for same in [step(1, None), step(2, Some(7)), step(2, Some(1))] {
            assert_eq!(approve(&mut reward, same), Err(RewardError::SamePerson));
            assert_eq!(reward.refuse(same, "x".into()), Err(RewardError::SamePerson));
        }
        assert_eq!(approve(&mut reward, step(2, None)), Ok(()));
        assert_eq!(approve(&mut reward, step(2, None)), Err(RewardError::Decided(RewardState::Approved)));
        assert_eq!(propose(RewardedEvent::WishDone, NOW, step(1, Some(1))), Err(RewardError::SamePerson));
    }

    #[test]
    fn what_has_not_happened_or_is_credited_by_itself_is_refused() {
        let soon = NOW + Duration::microseconds(1);
        assert_eq!(propose(RewardedEvent::WishDone, soon, step(1, None)), Err(RewardError::Future));
        assert_eq!(propose(RewardedEvent::FirstResidency, NOW, step(1, None)), Err(RewardError::Automatic));
    }

    #[test]
    fn nothing_is_rewarded_that_happened_while_earning_was_stopped() {
        let mut reward = propose(RewardedEvent::WishDone, NOW, step(1, None)).expect("a reward");
        let refused = reward.approve(step(2, None), true, true, None, &Events::default());
        assert_eq!((refused, reward.state), (Err(RewardError::Excluded), RewardState::Proposed));
    }

    #[test]
    fn a_month_at_ones_post_is_named_after_the_month_in_beijing() {
        let last = "1969-12-31T15:59:59Z".parse().expect("an instant");
        for (at, month) in [(NOW, "1970-01"), (last, "1969-12")] {
            let reward = propose(RewardedEvent::PostDutyMonth, at, step(1, None)).expect("a reward");
            assert_eq!(reward.reference, month);
        }
    }

    #[test]
    fn the_district_alone_rewards_bravery() {
        let mut reward = propose(RewardedEvent::Bravery, NOW, step(1, None)).expect("a reward");
        assert_eq!(approve(&mut reward, step(2, None)), Err(RewardError::DistrictDecides));
        assert_eq!(reward.approve(step(2, None), true, false, None, &Events::default()), Ok(()));
    }

    #[test]
    fn patrol_points_lie_as_far_apart_as_the_rules_say() {
        let rules = Events::default();
        let approve = |event, apart| {
            let mut reward = propose(event, NOW, step(1, None)).expect("a reward");
            reward.approve(step(2, None), false, false, Some(NOW - Duration::minutes(apart)), &rules)
        };
        let too_near = Err(RewardError::TooNear { other: NOW - Duration::minutes(9), minutes: 10 });
        assert_eq!(approve(RewardedEvent::PatrolPoint, 9), too_near);
        assert!(matches!(approve(RewardedEvent::PatrolPoint, -9), Err(RewardError::TooNear { .. })));
        assert_eq!(approve(RewardedEvent::PatrolPoint, 10), Ok(()));
        assert_eq!(approve(RewardedEvent::WishDone, 9), Ok(()));
    }
}
