//! The audit trail (审计): how it names who acted, and how it ended.

use crate::code::codes;

codes! {
    /// What kind of caller acted.
    AuditActor {
        Member = "member", "党员";
        Merchant = "merchant", "店员";
        Admin = "admin", "管理员";
        Job = "job", "系统任务";
        Operator = "operator", "运维人员";
        Anonymous = "anonymous", "未登录者";
    }
}

codes! {
    /// How it ended.
    AuditOutcome {
        Done = "done", "已办理";
        Refused = "refused", "未获准";
    }
}
