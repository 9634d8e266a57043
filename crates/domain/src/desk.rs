//! The desk (待办): what waits for an administrator's decision.

use crate::code::codes;
use crate::role::Permission;

codes! {
    /// A kind of thing that waits for a decision.
    Waiting {
        ResidencyToConfirm = "residency_to_confirm", "待单位确认的报到";
        ResidencyToAccept = "residency_to_accept", "待社区接收的报到";
        Application = "application", "待确认的入册申请";
        Activity = "activity", "待审核的活动";
        BarredLead = "barred_lead", "须更换负责人的活动";
        Attendance = "attendance", "待审核的考勤";
        Objection = "objection", "待处理的异议";
        Offer = "offer", "待审批的优惠";
        Reversal = "reversal", "待核准的撤销核销";
        Complaint = "complaint", "待答复的投诉建议";
        Rulebook = "rulebook", "待批准的积分规则";
        Adjustment = "adjustment", "待核准的积分调整";
        Reward = "reward", "待核准的单项奖励";
        Misconduct = "misconduct", "待认定的违规处理";
        Appeal = "appeal", "待裁定的申诉";
        OpenFinding = "open_finding", "待说明的账目差异";
        ExplainedFinding = "explained_finding", "待确认的账目差异";
    }
}

/// No more than so many of a kind are counted: a long queue is a long queue.
pub const MOST_COUNTED: u64 = 100;

impl Waiting {
    /// What it takes to decide it.
    pub fn permission(self) -> Permission {
        match self {
            Self::ResidencyToConfirm => Permission::ConfirmResidency,
            Self::ResidencyToAccept => Permission::AcceptResidency,
            Self::Application => Permission::ManageRoster,
            Self::Activity | Self::BarredLead => Permission::ReviewActivity,
            Self::Attendance | Self::Objection => Permission::ReviewAttendance,
            Self::Offer => Permission::ApproveOffer,
            Self::Reversal => Permission::DecideReversal,
            Self::Complaint => Permission::AnswerComplaints,
            Self::Rulebook => Permission::ApproveRulebook,
            Self::Adjustment => Permission::DecideAdjustment,
            Self::Reward => Permission::DecideReward,
            Self::Misconduct => Permission::HandleMisconduct,
            Self::Appeal => Permission::RuleAppeal,
            Self::OpenFinding => Permission::ExplainFinding,
            Self::ExplainedFinding => Permission::CloseFinding,
        }
    }
}
