//! A row of the trail on the wire: no reasons in people's own words, no addresses, no names but masked ones.

use domain::audit::{AuditActor, AuditOutcome};
use domain::personal::masked_name;
use serde::Serialize;
use storage::audit::AuditLine;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type AuditActorCode = Coded<AuditActor>;
pub(super) type AuditOutcomeCode = Coded<AuditOutcome>;

/// 一条审计记录
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditRecordView {
    /// 记录编号
    id: Uuid,
    /// 时间
    at: BeijingTime,
    /// 以什么身份
    actor_kind: AuditActorCode,
    /// 何人；系统任务、运维人员和未登录者没有
    actor_id: Option<Uuid>,
    /// 管理员的账号
    #[schema(example = "community")]
    account: Option<String>,
    /// 姓名；党员和店员的已遮盖
    #[schema(example = "段秀梅")]
    name: Option<String>,
    /// 操作：接口名称；没有权限而被拒绝的为 authorize，系统任务为任务名
    #[schema(example = "approve_adjustment")]
    action: String,
    /// 所涉事项的种类，没有的为 none
    #[schema(example = "adjustment")]
    object_kind: String,
    /// 所涉事项的编号
    object_id: Option<Uuid>,
    /// 结果
    outcome: AuditOutcomeCode,
    /// 未获准的原因，即当时答复的 code
    #[schema(example = "same_person")]
    code: Option<String>,
    /// 请求编号，与答复和日志中的相同
    #[schema(example = "019ab6f0-6c1e-7a31-9a56-0d8f4f0f2b11")]
    request_id: String,
}

impl From<AuditLine> for AuditRecordView {
    fn from(line: AuditLine) -> Self {
        let name = line.name.map(|name| if line.account.is_some() { name } else { masked_name(&name) });
        Self {
            id: line.id,
            at: line.at.into(),
            actor_kind: Coded(line.actor_kind),
            actor_id: line.actor,
            account: line.account,
            name,
            action: line.action,
            object_kind: line.object_kind,
            object_id: line.object,
            outcome: Coded(line.outcome),
            code: line.code,
            request_id: line.request_id,
        }
    }
}
