//! What an organisation proposes, and everything that can be wrong with it.

use chrono::Duration;
use thiserror::Error;

use super::{Activity, ActivityState, Risk, RiskLevel};
use crate::id::{ActivityId, AdminId};
use crate::member::{Member, MemberState};
use crate::organisation::{Node, NodeKind};
use crate::service::{ServiceKind, ServiceNature};
use crate::time::Instant;

/// The longest session.
pub const LONGEST_SESSION: Duration = Duration::hours(24);

/// The most seats of one session.
pub const MOST_SEATS: i32 = 2000;

/// The most sessions of one activity.
pub const MOST_SESSIONS: usize = 20;

const FARTHEST: Duration = Duration::days(366);
const SHORTEST_TITLE: usize = 4;
const SHORTEST_PLACE: usize = 2;
const SHORTEST_DESCRIPTION: usize = 10;

/// A session as it is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The planned start.
    pub starts_at: Instant,
    /// The planned end.
    pub ends_at: Instant,
    /// When enrolment ends.
    pub enrolment_closes_at: Instant,
    /// How many seats there are.
    pub capacity: i32,
}

/// A proposal; its texts are clean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The headline.
    pub title: String,
    /// What is done.
    pub kind: ServiceKind,
    /// Whether one may be called to it.
    pub nature: ServiceNature,
    /// Whether it is the own duty of those who come, done in working hours.
    pub own_duty: bool,
    /// What declared the emergency.
    pub emergency_declaration: Option<String>,
    /// What is done, in sentences.
    pub description: String,
    /// Where to meet.
    pub place: String,
    /// What may go wrong.
    pub risk: Risk,
    /// The qualification one must hold.
    pub qualification: Option<String>,
    /// The sessions.
    pub plans: Vec<Plan>,
}

/// What is wrong with a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProposalError {
    /// The title says too little.
    #[error("活动名称至少 {SHORTEST_TITLE} 个字")]
    Title,
    /// The place says too little.
    #[error("集合地点至少 {SHORTEST_PLACE} 个字")]
    Place,
    /// The description says too little.
    #[error("活动说明至少 {SHORTEST_DESCRIPTION} 个字，请写清做什么、需要准备什么")]
    Description,
    /// This kind of organisation publishes nothing.
    #[error("楼栋党小组和党员中心户不能发布活动")]
    Publisher,
    /// Only the district calls an emergency.
    #[error("应急服务只能由区级发布")]
    Emergency,
    /// An emergency counts more, so it names what declared it.
    #[error("应急服务须写明应急响应的文号")]
    Declaration,
    /// Nothing else was declared an emergency.
    #[error("只有应急服务才填写应急响应的文号")]
    NoEmergency,
    /// The lead is no longer on the roster.
    #[error("负责人已不在在职党员名册中")]
    Lead,
    /// A professional service names the qualification it takes.
    #[error("专业服务须写明所需资质")]
    Qualification,
    /// Whoever comes must know the risk.
    #[error("中、高风险活动须写明风险告知")]
    RiskNotice,
    /// Bodily danger needs insurance.
    #[error("高风险活动须写明已办理的保险")]
    Insurance,
    /// There are none or too many sessions.
    #[error("场次应为 1 到 {MOST_SESSIONS} 个")]
    Sessions,
    /// Something is wrong with one session.
    #[error("{error}")]
    Plan {
        /// Which one, from zero.
        index: usize,
        /// What.
        error: PlanError,
    },
}

/// What is wrong with a proposed session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// It begins in the past.
    #[error("开始时间应晚于现在")]
    Past,
    /// It begins more than a year from now.
    #[error("开始时间应在一年以内")]
    TooFar,
    /// It ends before it begins.
    #[error("结束时间应晚于开始时间")]
    Ends,
    /// It is longer than a day.
    #[error("每场不超过 24 小时")]
    TooLong,
    /// Enrolment ends in the past or after the start.
    #[error("报名截止时间应晚于现在，且不晚于开始时间")]
    Enrolment,
    /// There are no seats or too many.
    #[error("名额应在 1 到 {MOST_SEATS} 之间")]
    Seats,
    /// It overlaps with an earlier one in the list.
    #[error("与其他场次时间重叠")]
    Overlap,
}

impl Plan {
    fn error(&self, before: &[Self], now: Instant) -> Option<PlanError> {
        let wrong = [
            (self.starts_at <= now, PlanError::Past),
            (self.starts_at > now + FARTHEST, PlanError::TooFar),
            (self.ends_at <= self.starts_at, PlanError::Ends),
            (self.ends_at - self.starts_at > LONGEST_SESSION, PlanError::TooLong),
            (self.enrolment_closes_at <= now || self.enrolment_closes_at > self.starts_at, PlanError::Enrolment),
            (!(1..=MOST_SEATS).contains(&self.capacity), PlanError::Seats),
            (before.iter().any(|b| b.starts_at < self.ends_at && self.starts_at < b.ends_at), PlanError::Overlap),
        ];
        wrong.into_iter().find_map(|(wrong, error)| wrong.then_some(error))
    }
}

impl Proposal {
    fn errors(&self, publisher: &Node, lead: &Member, now: Instant) -> Vec<ProposalError> {
        let Risk { level, notice, insurance } = &self.risk;
        let silent = matches!(publisher.kind, NodeKind::BuildingGroup | NodeKind::HubHousehold);
        let (emergency, declared) = (self.kind == ServiceKind::Emergency, self.emergency_declaration.is_some());
        let unqualified = self.kind == ServiceKind::Professional && self.qualification.is_none();
        let shorter = |text: &str, least: usize| text.chars().count() < least;
        let wrong = [
            (shorter(&self.title, SHORTEST_TITLE), ProposalError::Title),
            (shorter(&self.place, SHORTEST_PLACE), ProposalError::Place),
            (shorter(&self.description, SHORTEST_DESCRIPTION), ProposalError::Description),
            (silent, ProposalError::Publisher),
            (emergency && publisher.kind != NodeKind::District, ProposalError::Emergency),
            (emergency && !declared, ProposalError::Declaration),
            (!emergency && declared, ProposalError::NoEmergency),
            (lead.state != MemberState::Active, ProposalError::Lead),
            (unqualified, ProposalError::Qualification),
            (*level != RiskLevel::Low && notice.is_none(), ProposalError::RiskNotice),
            (*level == RiskLevel::High && insurance.is_none(), ProposalError::Insurance),
            (!(1..=MOST_SESSIONS).contains(&self.plans.len()), ProposalError::Sessions),
        ];
        let plans = self.plans.iter().take(MOST_SESSIONS).enumerate().filter_map(|(index, plan)| {
            plan.error(&self.plans[..index], now).map(|error| ProposalError::Plan { index, error })
        });
        wrong.into_iter().filter_map(|(wrong, error)| wrong.then_some(error)).chain(plans).collect()
    }
}

impl Activity {
    /// Puts a proposal up for review by the level above, or says everything that is wrong with it.
    pub fn propose(
        id: ActivityId,
        proposal: Proposal,
        publisher: &Node,
        lead: &Member,
        by: AdminId,
        now: Instant,
    ) -> Result<Self, Vec<ProposalError>> {
        let errors = proposal.errors(publisher, lead, now);
        let first = proposal.plans.iter().map(|plan| plan.starts_at).min();
        let last = proposal.plans.iter().map(|plan| plan.ends_at).max();
        let (true, Some(starts_at), Some(ends_at)) = (errors.is_empty(), first, last) else { return Err(errors) };
        Ok(Self {
            id,
            node: publisher.id,
            title: proposal.title,
            kind: proposal.kind,
            nature: proposal.nature,
            own_duty: proposal.own_duty,
            emergency_declaration: proposal.emergency_declaration,
            description: proposal.description,
            place: proposal.place,
            risk: proposal.risk,
            qualification: proposal.qualification,
            lead: lead.id,
            state: ActivityState::Review,
            proposed_by: by,
            proposed_at: now,
            review: None,
            cancellation: None,
            starts_at,
            ends_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{MemberId, NodeId};
    use crate::member::MemberCategory;
    use crate::organisation::NodePath;

    const NOW: Instant = Instant::UNIX_EPOCH;

    fn plan(from: i64, hours: i64) -> Plan {
        let starts_at = NOW + Duration::hours(from);
        Plan { starts_at, ends_at: starts_at + Duration::hours(hours), enrolment_closes_at: starts_at, capacity: 10 }
    }

    fn proposal() -> Proposal {
        Proposal {
            title: "清理楼道".into(),
            kind: ServiceKind::General,
            nature: ServiceNature::Voluntary,
            own_duty: false,
            emergency_declaration: None,
            description: "清理三号楼楼道堆放的杂物".into(),
            place: "楼下".into(),
            risk: Risk { level: RiskLevel::Low, notice: None, insurance: None },
            qualification: None,
            plans: vec![plan(1, 2)],
        }
    }

    fn node(kind: NodeKind) -> Node {
        let id = NodeId::new(Uuid::from_u128(2));
        Node { id, parent: None, kind, name: "x".into(), party_organisation: None, path: NodePath::root() }
    }

    fn lead(state: MemberState) -> Member {
        Member {
            id: MemberId::new(Uuid::from_u128(3)),
            number: "PC0000001".into(),
            name: "张建国".into(),
            phone_tail: "1234".into(),
            unit: NodeId::new(Uuid::from_u128(4)),
            category: MemberCategory::InService,
            state,
        }
    }

    fn errors_at(proposal: Proposal, kind: NodeKind) -> Vec<ProposalError> {
        let id = ActivityId::new(Uuid::from_u128(1));
        let by = AdminId::new(Uuid::from_u128(5));
        let proposed = Activity::propose(id, proposal, &node(kind), &lead(MemberState::Active), by, NOW);
        proposed.err().unwrap_or_default()
    }

    fn errors(proposal: Proposal) -> Vec<ProposalError> {
        errors_at(proposal, NodeKind::Community)
    }

    #[test]
    fn a_sound_proposal_goes_to_review() {
        let id = ActivityId::new(Uuid::from_u128(1));
        let by = AdminId::new(Uuid::from_u128(5));
        let two = Proposal { plans: vec![plan(30, 2), plan(1, 2)], ..proposal() };
        let member = lead(MemberState::Active);
        let proposed = Activity::propose(id, two.clone(), &node(NodeKind::Estate), &member, by, NOW).unwrap();
        assert_eq!(proposed.state, ActivityState::Review);
        assert_eq!(proposed.starts_at, NOW + Duration::hours(1));
        assert_eq!(proposed.ends_at, NOW + Duration::hours(32));
        let gone = Activity::propose(id, two, &node(NodeKind::Estate), &lead(MemberState::Left), by, NOW);
        assert_eq!(gone, Err(vec![ProposalError::Lead]));
    }

    #[test]
    fn vague_texts_are_refused_together() {
        let vague =
            Proposal { title: "活动".into(), place: "院".into(), description: "来就行".into(), ..proposal() };
        assert_eq!(errors(vague), [ProposalError::Title, ProposalError::Place, ProposalError::Description]);
    }

    #[test]
    fn sessions_lie_ahead_and_are_sound() {
        let hour = Duration::hours(1);
        let error = |change: fn(&mut Plan)| {
            let mut wrong = plan(2, 2);
            change(&mut wrong);
            match errors(Proposal { plans: vec![plan(100, 1), wrong], ..proposal() })[..] {
                [] => None,
                [ProposalError::Plan { index: 1, error }] => Some(error),
                ref other => panic!("{other:?}"),
            }
        };
        assert_eq!(error(|_| ()), None);
        assert_eq!(error(|plan| plan.starts_at = NOW), Some(PlanError::Past));
        assert_eq!(error(|plan| plan.ends_at = plan.starts_at), Some(PlanError::Ends));
        assert_eq!(error(|plan| plan.ends_at = plan.starts_at + Duration::hours(24)), None);
        let long = |plan: &mut Plan| plan.ends_at = plan.starts_at + Duration::hours(24) + Duration::microseconds(1);
        assert_eq!(error(long), Some(PlanError::TooLong));
        assert_eq!(error(|plan| plan.enrolment_closes_at = NOW), Some(PlanError::Enrolment));
        assert_eq!(error(|plan| plan.enrolment_closes_at += Duration::microseconds(1)), Some(PlanError::Enrolment));
        for (capacity, expected) in
            [(0, Some(PlanError::Seats)), (1, None), (2000, None), (2001, Some(PlanError::Seats))]
        {
            let seats = Proposal { plans: vec![Plan { capacity, ..plan(1, 2) }], ..proposal() };
            let found = errors(seats).first().copied();
            assert_eq!(found, expected.map(|error| ProposalError::Plan { index: 0, error }), "{capacity}");
        }
        let mut overlapping = plan(99, 2);
        overlapping.enrolment_closes_at -= hour;
        let both = Proposal { plans: vec![plan(100, 1), overlapping], ..proposal() };
        assert_eq!(errors(both), [ProposalError::Plan { index: 1, error: PlanError::Overlap }]);
        assert_eq!(errors(Proposal { plans: vec![plan(99, 1), plan(100, 1)], ..proposal() }), []);
        assert_eq!(
            errors(Proposal { plans: vec![plan(24 * 367, 1)], ..proposal() }),
            [ProposalError::Plan { index: 0, error: PlanError::TooFar }]
        );
        assert_eq!(errors(Proposal { plans: Vec::new(), ..proposal() }), [ProposalError::Sessions]);
    }

    #[test]
    fn danger_is_announced_and_insured() {
        let with = |level, notice: Option<&str>, insurance: Option<&str>| {
            let risk = Risk { level, notice: notice.map(Into::into), insurance: insurance.map(Into::into) };
            errors(Proposal { risk, ..proposal() })
        };
        assert_eq!(with(RiskLevel::Low, None, None), []);
        assert_eq!(with(RiskLevel::Medium, None, None), [ProposalError::RiskNotice]);
        assert_eq!(with(RiskLevel::Medium, Some("登高"), None), []);
        assert_eq!(with(RiskLevel::High, Some("登高"), None), [ProposalError::Insurance]);
        assert_eq!(with(RiskLevel::High, None, None), [ProposalError::RiskNotice, ProposalError::Insurance]);
        assert_eq!(with(RiskLevel::High, Some("登高"), Some("意外险")), []);
    }

    #[test]
    fn who_may_publish_what() {
        let of = |kind| Proposal { kind, ..proposal() };
        assert_eq!(errors_at(proposal(), NodeKind::Unit), []);
        assert_eq!(errors_at(proposal(), NodeKind::BuildingGroup), [ProposalError::Publisher]);
        assert_eq!(errors_at(proposal(), NodeKind::HubHousehold), [ProposalError::Publisher]);
        let declared =
            |kind| Proposal { emergency_declaration: Some("市应急响应〔2026〕12号".into()), ..of(kind) };
        assert_eq!(errors_at(declared(ServiceKind::Emergency), NodeKind::Subdistrict), [ProposalError::Emergency]);
        assert_eq!(errors_at(declared(ServiceKind::Emergency), NodeKind::District), []);
        assert_eq!(errors_at(of(ServiceKind::Emergency), NodeKind::District), [ProposalError::Declaration]);
        assert_eq!(errors_at(declared(ServiceKind::General), NodeKind::District), [ProposalError::NoEmergency]);
        assert_eq!(errors(of(ServiceKind::Professional)), [ProposalError::Qualification]);
        let qualified = Proposal { qualification: Some("执业医师".into()), ..of(ServiceKind::Professional) };
        assert_eq!(errors(qualified), []);
    }
}
