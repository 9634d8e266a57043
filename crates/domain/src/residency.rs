//! The residency (报到): a member's tie to the estate where they live, confirmed by the home unit (原单位) and accepted
//! by the community. The gate to every service.

use thiserror::Error;

use crate::code::{Code, codes};
use crate::id::{AdminId, MemberId, NodeId, PersonId, ResidencyId};
use crate::member::{Member, MemberCategory, MemberState};
use crate::official::Official;
use crate::organisation::{Node, NodeKind};
use crate::role::Permission;
use crate::time::Instant;

codes! {
    /// Where a report stands; the first three are open, and a member has at most one open residency.
    ResidencyState {
        Submitted = "submitted", "待单位确认";
        UnitConfirmed = "unit_confirmed", "待社区接收";
        Active = "active", "已报到";
        Refused = "refused", "未通过";
        Withdrawn = "withdrawn", "已撤回";
        Left = "left", "已离开";
    }
}

codes! {
    /// Why a member ends an active residency.
    LeavingReason {
        Moved = "moved", "搬离小区";
        Retired = "retired", "退休";
    }
}

impl ResidencyState {
    /// Whether the residency stands in the way of another one.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Submitted | Self::UnitConfirmed | Self::Active)
    }

    /// Whose decision comes next.
    pub fn awaits(self) -> Option<Side> {
        match self {
            Self::Submitted => Some(Side::Unit),
            Self::UnitConfirmed => Some(Side::Community),
            _ => None,
        }
    }
}

/// The two sides that decide about a report (双报到), one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The member's home unit.
    Unit,
    /// The community of the estate.
    Community,
}

impl Side {
    /// What deciding for this side needs.
    pub fn permission(self) -> Permission {
        match self {
            Self::Unit => Permission::ConfirmResidency,
            Self::Community => Permission::AcceptResidency,
        }
    }
}

/// What a member says about living there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Building and flat, in words.
    pub building: String,
    /// What the member is good at.
    pub skills: Vec<String>,
    /// What the member would like to do.
    pub wishes: Vec<String>,
}

/// The most skills or wishes that one member may name.
pub const MOST_ITEMS: usize = 10;

/// A decision that somebody made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Who.
    pub by: AdminId,
    /// When.
    pub at: Instant,
}

/// How a residency ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Who ended it: an admin who refused, or the member.
    pub by: PersonId,
    /// When.
    pub at: Instant,
    /// A refusal's sentence or the code of a [`LeavingReason`]; a withdrawal needs none.
    pub reason: Option<String>,
}

/// A residency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residency {
    /// The residency.
    pub id: ResidencyId,
    /// Whose it is.
    pub member: MemberId,
    /// Where they live.
    pub estate: NodeId,
    /// What they say about it.
    pub declaration: Declaration,
    /// Where it stands.
    pub state: ResidencyState,
    /// When the member reported.
    pub submitted_at: Instant,
    /// The home unit's confirmation.
    pub confirmed: Option<Decision>,
    /// The community's acceptance.
    pub accepted: Option<Decision>,
    /// How it ended.
    pub closed: Option<Closing>,
}

/// Why a report is refused at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReportError {
    /// There is an open residency already.
    #[error("您已有一份报到（{}），同一时间只能在一个小区报到", .0.label())]
    AlreadyOpen(ResidencyState),
    /// Only in-service members on the roster report.
    #[error("只有在册的在职党员可以报到，请联系您的单位核对名册")]
    NotInService,
    /// One reports to an estate, not to another kind of organisation.
    #[error("只能向小区报到，请重新选择")]
    NotAnEstate,
}

/// Why a residency cannot take a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ResidencyError {
    /// The step does not follow from where it stands.
    #[error("该报到当前为“{}”，不能这样操作", .0.label())]
    State(ResidencyState),
    /// Nobody decides about their own report.
    #[error("不能办理自己的报到，请由其他人办理")]
    SamePerson,
}

impl Residency {
    /// The member reports to the estate; `open` is their open residency, if there is one.
    pub fn report(
        id: ResidencyId,
        member: &Member,
        estate: &Node,
        declaration: Declaration,
        open: Option<&Self>,
        now: Instant,
    ) -> Result<Self, ReportError> {
        if member.state != MemberState::Active || member.category != MemberCategory::InService {
            return Err(ReportError::NotInService);
        }
        if estate.kind != NodeKind::Estate {
            return Err(ReportError::NotAnEstate);
        }
        if let Some(open) = open.filter(|open| open.state.is_open()) {
            return Err(ReportError::AlreadyOpen(open.state));
        }
        Ok(Self {
            id,
            member: member.id,
            estate: estate.id,
            declaration,
            state: ResidencyState::Submitted,
            submitted_at: now,
            confirmed: None,
            accepted: None,
            closed: None,
        })
    }

    /// The home unit confirms that the member is theirs.
    pub fn confirm(&mut self, by: Official, now: Instant) -> Result<(), ResidencyError> {
        self.decided_by_another(by)?;
        self.step(&[ResidencyState::Submitted], ResidencyState::UnitConfirmed)?;
        self.confirmed = Some(Decision { by: by.admin, at: now });
        Ok(())
    }

    /// The community accepts the member; from here on they may serve.
    pub fn accept(&mut self, by: Official, now: Instant) -> Result<(), ResidencyError> {
        self.decided_by_another(by)?;
        self.step(&[ResidencyState::UnitConfirmed], ResidencyState::Active)?;
        self.accepted = Some(Decision { by: by.admin, at: now });
        Ok(())
    }

    /// The side whose turn it is says no, with the reason.
    pub fn refuse(&mut self, side: Side, by: Official, reason: String, now: Instant) -> Result<(), ResidencyError> {
        self.decided_by_another(by)?;
        if self.state.awaits() != Some(side) {
            return Err(ResidencyError::State(self.state));
        }
        self.state = ResidencyState::Refused;
        self.closed = Some(Closing { by: by.admin.into(), at: now, reason: Some(reason) });
        Ok(())
    }

    /// The member takes the report back before it was accepted.
    pub fn withdraw(&mut self, now: Instant) -> Result<(), ResidencyError> {
        self.step(&[ResidencyState::Submitted, ResidencyState::UnitConfirmed], ResidencyState::Withdrawn)?;
        self.closed = Some(Closing { by: self.member.into(), at: now, reason: None });
        Ok(())
    }

    /// The member ends an active residency and may report elsewhere.
    pub fn leave(&mut self, reason: LeavingReason, now: Instant) -> Result<(), ResidencyError> {
        self.step(&[ResidencyState::Active], ResidencyState::Left)?;
        self.closed = Some(Closing { by: self.member.into(), at: now, reason: Some(reason.code().to_owned()) });
        Ok(())
    }

    fn decided_by_another(&self, by: Official) -> Result<(), ResidencyError> {
        if by.is(self.member) { Err(ResidencyError::SamePerson) } else { Ok(()) }
    }

    fn step(&mut self, from: &[ResidencyState], to: ResidencyState) -> Result<(), ResidencyError> {
        if !from.contains(&self.state) {
            return Err(ResidencyError::State(self.state));
        }
        self.state = to;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::organisation::NodePath;

    const NOW: Instant = Instant::UNIX_EPOCH;

    fn member() -> Member {
        Member {
            id: MemberId::new(Uuid::from_u128(1)),
            number: "PC0000001".into(),
            name: "张建国".into(),
            phone_tail: "1234".into(),
            unit: NodeId::new(Uuid::from_u128(2)),
            category: MemberCategory::InService,
            state: MemberState::Active,
        }
    }

    fn estate() -> Node {
        Node {
            id: NodeId::new(Uuid::from_u128(3)),
            parent: None,
            kind: NodeKind::Estate,
            name: "新河湾小区".into(),
            party_organisation: None,
            path: NodePath::root(),
        }
    }

    fn report(open: Option<&Residency>) -> Result<Residency, ReportError> {
        let declaration = Declaration { building: "3号楼".into(), skills: Vec::new(), wishes: Vec::new() };
        Residency::report(ResidencyId::new(Uuid::from_u128(4)), &member(), &estate(), declaration, open, NOW)
    }

    fn official() -> Official {
        Official { admin: AdminId::new(Uuid::from_u128(5)), member: None }
    }

    #[test]
    fn a_report_is_confirmed_then_accepted_then_left() -> Result<(), Box<dyn std::error::Error>> {
        let mut residency = report(None)?;
        assert_eq!(residency.state.awaits(), Some(Side::Unit));
        assert_eq!(residency.accept(official(), NOW), Err(ResidencyError::State(ResidencyState::Submitted)));
        residency.confirm(official(), NOW)?;
        assert_eq!(residency.state.awaits(), Some(Side::Community));
        assert_eq!(residency.confirm(official(), NOW), Err(ResidencyError::State(ResidencyState::UnitConfirmed)));
        residency.accept(official(), NOW)?;
        assert_eq!(residency.state.awaits(), None);
        assert_eq!(residency.withdraw(NOW), Err(ResidencyError::State(ResidencyState::Active)));
        let refused = residency.refuse(Side::Community, official(), "查无此人".into(), NOW);
        assert_eq!(refused, Err(ResidencyError::State(ResidencyState::Active)));
        residency.leave(LeavingReason::Moved, NOW)?;
        assert_eq!(residency.leave(LeavingReason::Moved, NOW), Err(ResidencyError::State(ResidencyState::Left)));
        Ok(())
    }

    #[test]
    fn one_open_residency_at_a_time() -> Result<(), Box<dyn std::error::Error>> {
        let mut first = report(None)?;
        assert_eq!(report(Some(&first)), Err(ReportError::AlreadyOpen(ResidencyState::Submitted)));
        first.withdraw(NOW)?;
        assert!(report(Some(&first)).is_ok());
        Ok(())
    }

    #[test]
    fn a_refusal_keeps_its_reason_and_opens_the_way() -> Result<(), Box<dyn std::error::Error>> {
        let mut first = report(None)?;
        first.confirm(official(), NOW)?;
        let by_unit = first.refuse(Side::Unit, official(), "查无此人".into(), NOW);
        assert_eq!(by_unit, Err(ResidencyError::State(ResidencyState::UnitConfirmed)));
        first.refuse(Side::Community, official(), "不在本小区居住".into(), NOW)?;
        assert_eq!(first.closed.as_ref().and_then(|closing| closing.reason.as_deref()), Some("不在本小区居住"));
        assert!(report(Some(&first)).is_ok());
        Ok(())
    }

    #[test]
    fn nobody_decides_about_their_own_report() -> Result<(), Box<dyn std::error::Error>> {
        let mut residency = report(None)?;
        let own = Official { member: Some(residency.member), ..official() };
        assert_eq!(residency.confirm(own, NOW), Err(ResidencyError::SamePerson));
        residency.confirm(official(), NOW)?;
        assert_eq!(residency.accept(own, NOW), Err(ResidencyError::SamePerson));
        assert_eq!(residency.refuse(Side::Community, own, "x".into(), NOW), Err(ResidencyError::SamePerson));
        assert_eq!(residency.state, ResidencyState::UnitConfirmed);
        Ok(())
    }

    #[test]
    fn only_in_service_members_report_and_only_to_estates() {
        let declaration = Declaration { building: "3号楼".into(), skills: Vec::new(), wishes: Vec::new() };
        let id = ResidencyId::new(Uuid::from_u128(4));
        let gone = Member { state: MemberState::Left, ..member() };
        let retired = Member { category: MemberCategory::Retired, ..member() };
        for member in [gone, retired] {
            let refused = Residency::report(id, &member, &estate(), declaration.clone(), None, NOW);
            assert_eq!(refused, Err(ReportError::NotInService));
        }
        let community = Node { kind: NodeKind::Community, ..estate() };
        let refused = Residency::report(id, &member(), &community, declaration, None, NOW);
        assert_eq!(refused, Err(ReportError::NotAnEstate));
    }
}
