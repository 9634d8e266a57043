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

codes! {
    /// One thing that an operation of the admin API needs; the table below is the whole of who may do what.
    Permission {
        ReadOrganisation = "read_organisation", "查看组织";
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
        ReadPoints = "read_points", "查看积分";
        AnswerComplaints = "answer_complaints", "答复投诉建议";
    }
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
