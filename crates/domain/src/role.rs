//! Roles and permissions (角色与权限): what each role may do, within the subtree of the node where it is held.

use crate::code::codes;

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

/// One thing that an operation of the admin API needs; the table below is the whole of who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read the organisation tree.
    ReadOrganisation,
    /// Add and pair nodes.
    ManageOrganisation,
    /// Create, disable and unlock admin accounts.
    ManageAdmins,
    /// Grant and revoke roles.
    GrantRoles,
    /// Read the audit trail.
    ReadAudit,
    /// List members, masked.
    ReadMembers,
    /// Import a unit's roster and decide on applications to it.
    ManageRoster,
    /// List residencies.
    ReadResidencies,
    /// Confirm or refuse as the home unit.
    ConfirmResidency,
    /// Accept or refuse as the community.
    AcceptResidency,
    /// List activities and attendance.
    ReadActivities,
    /// Propose, change and cancel activities.
    ProposeActivity,
    /// Review a proposed activity; the level above the publisher.
    ReviewActivity,
    /// Review attendance that a lead confirmed.
    ReviewAttendance,
    /// Read merchants, offers and redemptions.
    ReadMall,
    /// Keep merchants, stores, invitations and offers.
    ManageMall,
    /// Approve an offer that somebody else submitted.
    ApproveOffer,
    /// Read members' balances and entries, and the rulebook.
    ReadPoints,
    /// Read and answer complaints.
    AnswerComplaints,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 19] = [
        Self::ReadOrganisation,
        Self::ManageOrganisation,
        Self::ManageAdmins,
        Self::GrantRoles,
        Self::ReadAudit,
        Self::ReadMembers,
        Self::ManageRoster,
        Self::ReadResidencies,
        Self::ConfirmResidency,
        Self::AcceptResidency,
        Self::ReadActivities,
        Self::ProposeActivity,
        Self::ReviewActivity,
        Self::ReviewAttendance,
        Self::ReadMall,
        Self::ManageMall,
        Self::ApproveOffer,
        Self::ReadPoints,
        Self::AnswerComplaints,
    ];
}

/// Whether the role holds the permission at its node and below.
pub fn may(role: Role, permission: Permission) -> bool {
    use Permission as P;
    let granted: &[Permission] = match role {
        Role::SystemAdmin => &[P::ReadOrganisation, P::ManageOrganisation, P::ManageAdmins],
        Role::SecurityAdmin => &[P::ReadOrganisation, P::GrantRoles],
        Role::Auditor => &[P::ReadOrganisation, P::ReadAudit],
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
            P::ReadPoints,
            P::AnswerComplaints,
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
        ],
        Role::Estate => {
            &[P::ReadOrganisation, P::ReadMembers, P::ReadResidencies, P::ReadActivities, P::ProposeActivity]
        }
        Role::Unit => &[
            P::ReadOrganisation,
            P::ReadMembers,
            P::ManageRoster,
            P::ReadResidencies,
            P::ConfirmResidency,
            P::ReadActivities,
            P::ProposeActivity,
            P::ReadPoints,
        ],
        Role::MerchantRelations => &[P::ReadOrganisation, P::ReadMall, P::ManageMall],
    };
    granted.contains(&permission)
}
