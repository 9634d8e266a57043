//! Service (志愿服务) as the rulebook weighs it: what kind it was, on whose account, and how well it was done.

use crate::code::codes;
use crate::exclusion::UNPAID_NOTICE;

codes! {
    /// What kind of service an activity is.
    ServiceKind {
        General = "general", "一般服务";
        Training = "training", "培训学习";
        Professional = "professional", "专业服务";
        Emergency = "emergency", "应急服务";
    }
}

codes! {
    /// Whether members come as volunteers or on party duty.
    ServiceNature {
        Voluntary = "voluntary", "志愿服务";
        PartyDuty = "party_duty", "组织任务";
    }
}

/// What members are told about the points of service that gives none: of their own duty before they sign up and ever after,
/// and of what they served while earning was stopped.
pub fn points_notice(own_duty: bool, excluded: bool) -> Option<&'static str> {
    if own_duty {
        return Some("只记时长，不计积分");
    }
    excluded.then_some(UNPAID_NOTICE)
}

codes! {
    /// How the activity's lead judged a member's service.
    Evaluation {
        A = "a", "优秀";
        B = "b", "良好";
        C = "c", "一般";
        D = "d", "不合格";
    }
}

codes! {
    /// Which way a reversal of verified service goes.
    ReversalKind {
        Void = "void", "作废";
        Reinstate = "reinstate", "恢复";
    }
}
