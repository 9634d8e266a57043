//! Roles and permissions (角色与权限): what each role may do, within the subtree of the node where it is held.

use thiserror::Error;

use crate::code::codes;
use crate::id::PersonId;
use crate::organisation::NodeKind;

codes! {
    /// A role that an admin holds at one node. System admin, security admin and auditor are three people.
    Role {
        SystemAdmin = "system_admin", "系统管理员";
        SecurityAdmin = "security_admin", "安全管理员";
        Auditor = "auditor", "审计管理员";
        District = "district", "区级管理员";
        Subdistrict = "subdistrict", "街道管理员";
        Community = "community", "社区管理员";
        Estate = "estate", "小区管理员";
        Unit = "unit", "单位管理员";
        MerchantRelations = "merchant_relations", "商家管理员";
    }
}

codes! {
    /// One thing that an operation of the admin API needs; the table below is the whole of who may do what.
    Permission {
        ReadOrganisation = "read_organisation", "查看组织";
        ReadAdmins = "read_admins", "查看管理员账号";
        ManageOrganisation = "manage_organisation", "维护组织";
        ManageAdmins = "manage_admins", "维护管理员账号";
        GrantRoles = "grant_roles", "授予角色";
        ReadAudit = "read_audit", "查看审计";
        ReadMembers = "read_members", "查看党员";
        ManageRoster = "manage_roster", "维护名册";
        ReadResidencies = "read_residencies", "查看报到";
        ConfirmResidency = "confirm_residency", "单位确认报到";
        AcceptResidency = "accept_residency", "社区接收报到";
        ReadActivities = "read_activities", "查看活动";
        ProposeActivity = "propose_activity", "发起活动";
        ReviewActivity = "review_activity", "审核活动";
        ReviewAttendance = "review_attendance", "审核考勤";
        ReadMall = "read_mall", "查看商城";
        ManageMall = "manage_mall", "维护商家和优惠";
        ApproveOffer = "approve_offer", "审批优惠";
        DecideReversal = "decide_reversal", "核准撤销核销";
        ReadPoints = "read_points", "查看积分";
        AnswerComplaints = "answer_complaints", "答复投诉建议";
        ReadReports = "read_reports", "查看报表";
        ManageBudget = "manage_budget", "管理积分发放预算";
        ReadFindings = "read_findings", "查看账目差异";
        ExplainFinding = "explain_finding", "说明账目差异";
        CloseFinding = "close_finding", "了结账目差异";
        DraftRulebook = "draft_rulebook", "起草积分规则";
        ApproveRulebook = "approve_rulebook", "批准积分规则";
        ProposeAdjustment = "propose_adjustment", "提出积分调整";
        DecideAdjustment = "decide_adjustment", "核准积分调整";
        ProposeReward = "propose_reward", "登记单项奖励";
        DecideReward = "decide_reward", "核准单项奖励";
        HandleMisconduct = "handle_misconduct", "违规处理";
        RuleAppeal = "rule_appeal", "裁定申诉";
        ReadFraudLetters = "read_fraud_letters", "查看告知函";
        ManageExclusions = "manage_exclusions", "维护不参与名单";
    }
}

impl Role {
    /// Whether somebody must always hold it, because nobody else could give it to anybody again.
    pub fn is_indispensable(self) -> bool {
        matches!(self, Self::SystemAdmin | Self::SecurityAdmin | Self::District)
    }
}

/// Whether the role holds the permission at its node and below.
pub fn may(role: Role, permission: Permission) -> bool {
    use Permission as P;
    let granted: &[Permission] = match role {
        Role::SystemAdmin => &[P::ReadOrganisation, P::ManageOrganisation, P::ReadAdmins, P::ManageAdmins],
        Role::SecurityAdmin => &[P::ReadOrganisation, P::ReadAdmins, P::GrantRoles],
        Role::Auditor => {
            &[P::ReadOrganisation, P::ReadAdmins, P::ReadAudit, P::ReadReports, P::ReadFindings, P::CloseFinding]
        }
        Role::District => &[
            P::ReadOrganisation,
            P::ManageOrganisation,
            P::ReadMembers,
            P::ManageRoster,
            P::ReadResidencies,
            P::ReadActivities,
            P::ProposeActivity,
            P::ReviewActivity,
            P::ReviewAttendance,
            P::ReadMall,
            P::ManageMall,
            P::ApproveOffer,
            P::DecideReversal,
            P::ReadPoints,
            P::AnswerComplaints,
            P::ReadReports,
            P::ManageBudget,
            P::ReadFindings,
            P::ExplainFinding,
            P::DraftRulebook,
            P::ApproveRulebook,
            P::ProposeAdjustment,
            P::DecideAdjustment,
            P::ProposeReward,
            P::DecideReward,
            P::HandleMisconduct,
            P::RuleAppeal,
            P::ReadFraudLetters,
            P::ManageExclusions,
        ],
        Role::Subdistrict => &[
            P::ReadOrganisation,
            P::ReadMembers,
            P::ReadResidencies,
            P::ReadActivities,
            P::ProposeActivity,
            P::ReviewActivity,
            P::ReviewAttendance,
            P::ReadMall,
            P::ReadPoints,
            P::AnswerComplaints,
            P::DraftRulebook,
            P::ApproveRulebook,
            P::ProposeAdjustment,
            P::DecideAdjustment,
            P::ProposeReward,
            P::DecideReward,
            P::HandleMisconduct,
            P::RuleAppeal,
        ],
        Role::Community => &[
            P::ReadOrganisation,
            P::ReadMembers,
            P::ReadResidencies,
            P::AcceptResidency,
            P::ReadActivities,
            P::ProposeActivity,
            P::ReviewActivity,
            P::ReviewAttendance,
            P::ReadPoints,
            P::AnswerComplaints,
            P::DraftRulebook,
            P::ApproveRulebook,
            P::ProposeAdjustment,
            P::DecideAdjustment,
            P::ProposeReward,
            P::DecideReward,
            P::HandleMisconduct,
        ],
        Role::Estate => &[
            P::ReadOrganisation,
            P::ReadMembers,
            P::ReadResidencies,
            P::ReadActivities,
            P::ProposeActivity,
            P::ProposeReward,
        ],
        Role::Unit => &[
            P::ReadOrganisation,
            P::ReadMembers,
            P::ManageRoster,
            P::ReadResidencies,
            P::ConfirmResidency,
            P::ReadActivities,
            P::ProposeActivity,
            P::ReadPoints,
            P::ReadReports,
            P::ReadFraudLetters,
            P::ManageExclusions,
        ],
        Role::MerchantRelations => &[P::ReadOrganisation, P::ReadMall, P::ManageMall, P::DecideReversal],
    };
    granted.contains(&permission)
}

/// Why a role is not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GrantError {
    /// Nobody grants to themselves.
    #[error("不能给自己授权")]
    ToOneself,
    /// A role is held at a node of its own kind.
    #[error("这个角色不能授予在这一级组织")]
    WrongNode,
    /// System admin, security admin and auditor are three people, and none of them does business.
    #[error("系统管理员、安全管理员、审计管理员须由三人分别担任，且不能兼任业务角色")]
    Separation,
}

impl Role {
    fn oversees(self) -> bool {
        matches!(self, Self::SystemAdmin | Self::SecurityAdmin | Self::Auditor)
    }

    /// Whether the role is held at nodes of this kind.
    pub fn fits(self, kind: NodeKind) -> bool {
        match self {
            Self::Subdistrict => kind == NodeKind::Subdistrict,
            Self::Community => kind == NodeKind::Community,
            Self::Estate => kind == NodeKind::Estate,
            Self::Unit => kind == NodeKind::Unit,
            Self::MerchantRelations => matches!(kind, NodeKind::District | NodeKind::Subdistrict),
            Self::SystemAdmin | Self::SecurityAdmin | Self::Auditor | Self::District => kind == NodeKind::District,
        }
    }
}

/// Decides whether the giver may give this role, at a node of this kind, to a person who holds these roles already.
pub fn grant(giver: PersonId, receiver: PersonId, held: &[Role], role: Role, node: NodeKind) -> Result<(), GrantError> {
    if giver == receiver {
        return Err(GrantError::ToOneself);
    }
    if !role.fits(node) {
        return Err(GrantError::WrongNode);
    }
    let separate = |other: &Role| *other != role && (role.oversees() || other.oversees());
    if held.iter().any(separate) {
        return Err(GrantError::Separation);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::code::Code;
    use crate::id::AdminId;

    fn person(number: u128) -> PersonId {
        AdminId::new(Uuid::from_u128(number)).into()
    }

    #[test]
    fn overseers_hold_one_role_and_nobody_serves_themselves() {
        let (ann, bob) = (person(1), person(2));
        let district = NodeKind::District;
        assert_eq!(grant(ann, ann, &[], Role::District, district), Err(GrantError::ToOneself));
        assert_eq!(grant(ann, bob, &[Role::SystemAdmin], Role::Auditor, district), Err(GrantError::Separation));
        assert_eq!(grant(ann, bob, &[Role::District], Role::SecurityAdmin, district), Err(GrantError::Separation));
        assert_eq!(grant(ann, bob, &[Role::Auditor], Role::District, district), Err(GrantError::Separation));
        assert_eq!(grant(ann, bob, &[Role::Unit], Role::Community, NodeKind::Community), Ok(()));
        assert_eq!(grant(ann, bob, &[], Role::Community, NodeKind::Estate), Err(GrantError::WrongNode));
    }

    #[test]
    fn overseers_do_no_business_and_every_permission_is_held_by_somebody() {
        for permission in Permission::ALL {
            assert!(Role::ALL.iter().any(|role| may(*role, *permission)), "{permission:?}");
        }
        for role in [Role::SystemAdmin, Role::SecurityAdmin, Role::Auditor] {
            for permission in [Permission::ReadMembers, Permission::ReadPoints, Permission::ManageRoster] {
                assert!(!may(role, permission), "{role:?} {permission:?}");
            }
        }
        assert!(!may(Role::SystemAdmin, Permission::GrantRoles) && !may(Role::SecurityAdmin, Permission::ManageAdmins));
    }
}
