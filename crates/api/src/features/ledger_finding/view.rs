//! A ledger finding on the wire.

use domain::ledger_finding::FindingState;
use domain::personal::masked_name;
use serde::Serialize;
use storage::ledger_findings::FindingDetail;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type FindingStateCode = Coded<FindingState>;

/// 账目差异
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LedgerFindingView {
    /// 编号
    id: Uuid,
    /// 不成立的恒等式
    #[schema(example = "balance")]
    invariant: String,
    /// 恒等式的含义
    #[schema(example = "账户余额等于全部流水之和")]
    meaning: &'static str,
    /// 涉及的党员，其积分账户已冻结；涉及总账的没有
    member_id: Option<Uuid>,
    /// 党员姓名，只显示姓氏
    #[schema(example = "张**")]
    member_name: Option<String>,
    /// 状态
    state: FindingStateCode,
    /// 发现时间
    found_at: BeijingTime,
    /// 最近一次看到的时间
    seen_at: BeijingTime,
    /// 原因和处理情况
    #[schema(example = "历史数据迁移时漏记一笔，已补记")]
    explanation: Option<String>,
    /// 说明的管理员
    explained_by: Option<Uuid>,
    /// 说明的管理员姓名
    #[schema(example = "区委组织部管理员")]
    explained_by_name: Option<String>,
    /// 说明时间
    explained_at: Option<BeijingTime>,
    /// 确认了结的管理员
    closed_by: Option<Uuid>,
    /// 确认了结的管理员姓名
    #[schema(example = "审计管理员")]
    closed_by_name: Option<String>,
    /// 了结时间
    closed_at: Option<BeijingTime>,
}

impl From<FindingDetail> for LedgerFindingView {
    fn from(detail: FindingDetail) -> Self {
        let FindingDetail { finding, member_name, explained_by, closed_by } = detail;
        let (explanation, explained) = match finding.explanation {
            Some(explanation) => (Some(explanation.text), Some((explanation.by, explanation.at))),
            None => (None, None),
        };
        Self {
            id: finding.id.uuid(),
            meaning: meaning(&finding.invariant),
            invariant: finding.invariant,
            member_id: finding.member.map(Uuid::from),
            member_name: member_name.as_deref().map(masked_name),
            state: Coded(finding.state),
            found_at: finding.found_at.into(),
            seen_at: finding.seen_at.into(),
            explanation,
            explained_by: explained.map(|(by, _)| by.uuid()),
            explained_by_name: explained_by,
            explained_at: explained.map(|(_, at)| at.into()),
            closed_by: finding.closed.map(|(by, _)| by.uuid()),
            closed_by_name: closed_by,
            closed_at: finding.closed.map(|(_, at)| at.into()),
        }
    }
}

/// What an invariant says, for people; one that was found by an earlier version of the service may have no name any more.
fn meaning(invariant: &str) -> &'static str {
    match invariant {
        "balance" => "账户余额等于全部流水之和",
        "running_balance" => "流水连续编号，每笔之后的余额正确且不为负",
        "chain_link" | "chain_hash" => "流水的哈希与内容相符、首尾相连",
        "checkpoint" => "核对过的流水没有变动",
        "kept_answer" => "已答复办理成功的都已记账",
        "account_owner" => "账户与其党员相符",
        "unchained" | "unchained_books" => "只有党员账户的流水编入哈希链",
        "seals" => "每次封存的签名有效，所封存的记账没有变动",
        "sealed" => "所有记账都已按时封存",
        "transfer_sum" | "ledger_sum" => "借贷相等，合计为零",
        "one_member" | "some_member" => "一笔记账涉及且只涉及一名党员",
        "reversal" => "冲销不超过原来的记账",
        "held" => "冻结的积分与未了结的冻结相符",
        "hold_overdue" => "到期的冻结已按时解冻",
        "issuance" => "已发放积分的统计与封存的记账相符",
        "adjustment_points" | "adjustment_exists" => "积分调整与其记账相符",
        "adjustment_hold" => "待扣减的积分已冻结，冻结与积分调整的结果相符",
        "freed_points" => "解冻的积分抵还欠分，不超过原来的冻结",
        "refunded_points" => "退回的积分抵还欠分，只抵一次，不超过退回的积分",
        "adjustment_overdue" => "逾期未核准的积分调整已按时作废",
        "misconduct_service" => "违规认定期间服务作废，撤销后恢复",
        "misconduct_points" | "misconduct_exists" => "违规处理追回、扣除和恢复的积分与记账相符",
        "misconduct_minutes" | "service_reversal" => "违规处理扣除和恢复的时长与服务记录相符",
        "reward_credit" => "核准的单项奖励都已按规则入账一次",
        "reversal_redemption" => "撤销核销与兑换券相符",
        "donation_points" | "donation_exists" => "捐赠的积分与其记账相符",
        "lots" | "lot_remaining" | "debit_covered" | "expired_lot" => "余额与各批积分的剩余相符",
        "lifetime_earned" | "verified_minutes" => "累计获得的积分和服务时长与明细相符",
        "earned_by_event" | "event_points" | "event_minutes" | "event_unpaid" => "获得的积分与核算记录相符",
        "redemption_price" | "redemption_exists" | "refund" => "兑换扣减和退还的积分与兑换券相符",
        "stock" | "seats" => "库存和名额与明细相符",
        "finding_frozen" => "有差异未了结的账户保持冻结",
        _ => "账目恒等式",
    }
}

#[cfg(test)]
mod tests {
    use storage::{answers, chains, invariants, owners, seals};

    use super::*;

    #[test]
    fn every_invariant_says_what_it_means() {
        let beside = [answers::RULE.0, chains::RULE.0, owners::RULE.0, seals::RULE.0];
        for name in invariants::all().map(|invariant| invariant.name).chain(beside) {
            assert_ne!(meaning(name), meaning("no such thing"), "{name}");
        }
    }
}
