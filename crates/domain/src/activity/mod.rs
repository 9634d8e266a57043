//! Service activities (志愿服务活动): proposed by an organisation, reviewed by the level above, led by a named member.

mod proposal;
pub(crate) mod session;

use thiserror::Error;

pub use self::proposal::{LONGEST_SESSION, MOST_SEATS, MOST_SESSIONS, Plan, PlanError, Proposal, ProposalError};
pub use self::session::{CODE_MARGIN, Session};

use crate::code::{Code, codes};
use crate::id::{ActivityId, AdminId, MemberId, NodeId};
use crate::member::{Member, MemberState};
use crate::official::Official;
use crate::service::{ServiceKind, ServiceNature};
use crate::time::Instant;

codes! {
    /// How dangerous it is.
    RiskLevel {
        Low = "low", "低";
        Medium = "medium", "中";
        High = "high", "高";
    }
}

codes! {
    /// Where an activity stands. Being ongoing or finished follows from the clock and is never stored.
    ActivityState {
        Review = "review", "待审核";
        Refused = "refused", "未通过";
        Published = "published", "报名中";
        Ongoing = "ongoing", "进行中";
        Finished = "finished", "已结束";
        Settled = "settled", "已结算";
        Cancelled = "cancelled", "已取消";
    }
}

impl ActivityState {
    /// What a stored state means now, for an activity that runs between the two instants.
    #[must_use]
    pub fn at(self, starts_at: Instant, ends_at: Instant, now: Instant) -> Self {
        match self {
            Self::Published if now >= ends_at => Self::Finished,
            Self::Published if now >= starts_at => Self::Ongoing,
            other => other,
        }
    }

    /// Whether members may see the activity.
    pub fn is_public(self) -> bool {
        !matches!(self, Self::Review | Self::Refused)
    }
}

/// What may go wrong, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// How dangerous it is.
    pub level: RiskLevel,
    /// What everybody is told about it.
    pub notice: Option<String>,
    /// The accident insurance that was taken out.
    pub insurance: Option<String>,
}

/// The decision about a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Who decided.
    pub by: AdminId,
    /// When.
    pub at: Instant,
    /// What they said; a refusal always says something.
    pub comment: Option<String>,
}

/// How an activity was called off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    /// Who did it.
    pub by: AdminId,
    /// When.
    pub at: Instant,
    /// Why; shown to everybody who had enrolled.
    pub reason: String,
}

/// An activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The activity.
    pub id: ActivityId,
    /// The organisation that publishes it.
    pub node: NodeId,
    /// Its headline.
    pub title: String,
    /// What is done.
    pub kind: ServiceKind,
    /// Whether one may be called to it.
    pub nature: ServiceNature,
    /// Whether it is the own duty of those who come, done in working hours: their hours count, and they earn nothing.
    pub own_duty: bool,
    /// What declared the emergency; none of an emergency from before this was asked for.
    pub emergency_declaration: Option<String>,
    /// What is done, in sentences.
    pub description: String,
    /// Where to meet.
    pub place: String,
    /// What may go wrong.
    pub risk: Risk,
    /// The qualification one must hold.
    pub qualification: Option<String>,
    /// Who leads it: shows the code and confirms attendance.
    pub lead: MemberId,
    /// The stored state; see [`Activity::state_at`].
    pub state: ActivityState,
    /// Who proposed it.
    pub proposed_by: AdminId,
    /// When.
    pub proposed_at: Instant,
    /// The decision about the proposal.
    pub review: Option<Review>,
    /// How it was called off.
    pub cancellation: Option<Cancellation>,
    /// When its first session begins.
    pub starts_at: Instant,
    /// When its last session ends.
    pub ends_at: Instant,
}

/// Why an activity cannot take a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ActivityError {
    /// The step does not follow from where the activity stands.
    #[error("该活动当前为“{}”，不能这样操作", .0.label())]
    State(ActivityState),
    /// Who proposed an activity does not review it.
    #[error("不能审核自己提交的活动，请由上级的其他人员审核")]
    SamePerson,
    /// Nobody puts themselves in the lead's place.
    #[error("不能把负责人换成您本人，请由其他人办理")]
    OwnLead,
    /// It would be published after it began.
    #[error("活动的开始时间已过，不能发布")]
    TooLate,
    /// The new lead is no longer on the roster.
    #[error("负责人已不在在职党员名册中")]
    Lead,
}

impl Activity {
    /// Where the activity stands now.
    pub fn state_at(&self, now: Instant) -> ActivityState {
        self.state.at(self.starts_at, self.ends_at, now)
    }

    /// Publishes the proposal of another person.
    pub fn publish(
        &mut self,
        by: Official,
        proposer: Official,
        comment: Option<String>,
        now: Instant,
    ) -> Result<(), ActivityError> {
        self.reviewed_by_another(by, proposer, now)?;
        if now >= self.starts_at {
            return Err(ActivityError::TooLate);
        }
        self.state = ActivityState::Published;
        self.review = Some(Review { by: by.admin, at: now, comment });
        Ok(())
    }

    /// Refuses the proposal of another person, with the reason.
    pub fn refuse(
        &mut self,
        by: Official,
        proposer: Official,
        reason: String,
        now: Instant,
    ) -> Result<(), ActivityError> {
        self.reviewed_by_another(by, proposer, now)?;
        self.state = ActivityState::Refused;
        self.review = Some(Review { by: by.admin, at: now, comment: Some(reason) });
        Ok(())
    }

    /// Calls the activity off before it begins; every enrolment in it ends with it.
    pub fn cancel(&mut self, by: AdminId, reason: String, now: Instant) -> Result<(), ActivityError> {
        match self.state_at(now) {
            ActivityState::Review | ActivityState::Published => {}
            other => return Err(ActivityError::State(other)),
        }
        self.state = ActivityState::Cancelled;
        self.cancellation = Some(Cancellation { by, at: now, reason });
        Ok(())
    }

    /// Another member leads it from now on; what the former lead confirmed stays confirmed.
    pub fn appoint(&mut self, lead: &Member, by: Official, now: Instant) -> Result<(), ActivityError> {
        match self.state_at(now) {
            ActivityState::Review | ActivityState::Published | ActivityState::Ongoing | ActivityState::Finished => {}
            other => return Err(ActivityError::State(other)),
        }
        if lead.state != MemberState::Active {
            return Err(ActivityError::Lead);
        }
        if by.is(lead.id) {
            return Err(ActivityError::OwnLead);
        }
        self.lead = lead.id;
        Ok(())
    }

    fn reviewed_by_another(&self, by: Official, proposer: Official, now: Instant) -> Result<(), ActivityError> {
        if self.state != ActivityState::Review {
            return Err(ActivityError::State(self.state_at(now)));
        }
        if by.is_same_person(proposer) { Err(ActivityError::SamePerson) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::member::MemberCategory;

    const NOW: Instant = Instant::UNIX_EPOCH;

    fn admin(number: u128) -> AdminId {
        AdminId::new(Uuid::from_u128(number))
    }

    fn official(number: u128) -> Official {
        Official { admin: admin(number), member: None }
    }

    fn publish(activity: &mut Activity, by: Official, now: Instant) -> Result<(), ActivityError> {
        activity.publish(by, official(1), None, now)
    }

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
            lead: MemberId::new(Uuid::from_u128(3)),
            state: ActivityState::Review,
            proposed_by: admin(1),
            proposed_at: NOW,
            review: None,
            cancellation: None,
            starts_at: NOW + Duration::hours(1),
            ends_at: NOW + Duration::hours(3),
        }
    }

    #[test]
    fn another_person_reviews() {
        let mut proposed = activity();
        let refuse = |activity: &mut Activity, by| activity.refuse(by, official(1), "x".into(), NOW);
        assert_eq!(publish(&mut proposed, official(1), NOW), Err(ActivityError::SamePerson));
        assert_eq!(refuse(&mut proposed, official(1)), Err(ActivityError::SamePerson));
        let person = |account| Official { member: Some(MemberId::new(Uuid::from_u128(9))), ..official(account) };
        assert_eq!(
            proposed.publish(person(2), person(1), None, NOW),
            Err(ActivityError::SamePerson),
            "another account"
        );
        assert_eq!(proposed.state, ActivityState::Review);
        assert_eq!(publish(&mut proposed, official(2), NOW), Ok(()));
        assert_eq!(publish(&mut proposed, official(2), NOW), Err(ActivityError::State(ActivityState::Published)));
        assert_eq!(refuse(&mut proposed, official(2)), Err(ActivityError::State(ActivityState::Published)));
    }

    #[test]
    fn the_clock_says_what_is_ongoing_and_finished() {
        let mut published = activity();
        assert_eq!(published.state_at(published.starts_at), ActivityState::Review);
        assert_eq!(publish(&mut published, official(2), NOW), Ok(()));
        let moments = [
            (0, ActivityState::Published),
            (1, ActivityState::Ongoing),
            (2, ActivityState::Ongoing),
            (3, ActivityState::Finished),
        ];
        for (hours, state) in moments {
            assert_eq!(published.state_at(NOW + Duration::hours(hours)), state, "{hours}");
        }
    }

    #[test]
    fn nothing_is_published_after_it_began() {
        let mut late = activity();
        assert_eq!(late.publish(official(2), official(1), None, late.starts_at), Err(ActivityError::TooLate));
        assert_eq!(late.refuse(official(2), official(1), "已过期".into(), late.starts_at), Ok(()));
    }

    #[test]
    fn another_member_leads_until_nothing_is_left_to_lead() {
        let member = |state| Member {
            id: MemberId::new(Uuid::from_u128(7)),
            number: "PC00000007".into(),
            name: "李秀英".into(),
            phone_tail: "1234".into(),
            unit: NodeId::new(Uuid::from_u128(4)),
            category: MemberCategory::InService,
            state,
        };
        let mut led = activity();
        assert_eq!(led.appoint(&member(MemberState::Left), official(1), NOW), Err(ActivityError::Lead));
        assert_eq!(led.appoint(&member(MemberState::Active), official(1), NOW), Ok(()));
        assert_eq!(led.lead, member(MemberState::Active).id);
        let own = Official { member: Some(led.lead), ..official(1) };
        assert_eq!(led.appoint(&member(MemberState::Active), own, NOW), Err(ActivityError::OwnLead));
        for state in [ActivityState::Refused, ActivityState::Cancelled, ActivityState::Settled] {
            led.state = state;
            assert_eq!(led.appoint(&member(MemberState::Active), official(1), NOW), Err(ActivityError::State(state)));
        }
    }

    #[test]
    fn an_activity_is_called_off_only_before_it_begins() {
        let mut published = activity();
        assert_eq!(publish(&mut published, official(2), NOW), Ok(()));
        let begun = published.cancel(admin(1), "下雨".into(), published.starts_at);
        assert_eq!(begun, Err(ActivityError::State(ActivityState::Ongoing)));
        assert_eq!(published.cancel(admin(1), "下雨".into(), NOW), Ok(()));
        assert_eq!(published.cancellation.map(|cancelled| cancelled.reason), Some("下雨".into()));
        assert_eq!(published.state.at(NOW, NOW, NOW), ActivityState::Cancelled);
    }
}
