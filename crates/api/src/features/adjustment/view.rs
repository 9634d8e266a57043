//! Adjustments as the member and the admins see them.

use domain::adjustment::AdjustmentState;
use domain::time::Instant;
use serde::Serialize;
use storage::adjustments::AdjustmentDetail;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type AdjustmentStateCode = Coded<AdjustmentState>;

/// 积分调整
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AdjustmentView {
    /// 调整编号
    id: Uuid,
    /// 调整的积分，增加为正，扣减为负
    #[schema(example = -5)]
    amount: i64,
    /// 原因
    #[schema(example = "重复入账，予以更正")]
    reason: String,
    /// 状态
    state: AdjustmentStateCode,
    /// 由哪个组织提出
    #[schema(example = "文源社区")]
    proposed_by: String,
    /// 提出时间
    proposed_at: BeijingTime,
    /// 到这一时间仍未核准的作废
    lapses_at: BeijingTime,
    /// 由哪个组织核准
    #[schema(example = "水泊寺街道")]
    decided_by: Option<String>,
    /// 核准时间
    decided_at: Option<BeijingTime>,
    /// 未通过的原因
    #[schema(example = "经核实没有重复入账")]
    refusal: Option<String>,
    /// 记账编号，入账后才有
    transfer_id: Option<Uuid>,
}

/// 积分调整（办理用）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ManagedAdjustmentView {
    /// 积分调整
    #[serde(flatten)]
    adjustment: AdjustmentView,
    /// 党员编号
    member_id: Uuid,
    /// 党员姓名
    #[schema(example = "张建国")]
    member_name: String,
    /// 党员号
    #[schema(example = "PC00000001")]
    member_number: String,
}

impl AdjustmentView {
    pub(super) fn new(detail: AdjustmentDetail, now: Instant) -> Self {
        let AdjustmentDetail { adjustment, proposed_by, decided_by, .. } = detail;
        Self {
            id: adjustment.id.uuid(),
            amount: adjustment.amount,
            state: Coded(adjustment.state_at(now)),
            reason: adjustment.reason,
            proposed_by,
            proposed_at: adjustment.proposed.at.into(),
            lapses_at: adjustment.lapses_at.into(),
            decided_by,
            decided_at: adjustment.decided.map(|step| step.at.into()),
            refusal: adjustment.refusal,
            transfer_id: adjustment.transfer.map(Uuid::from),
        }
    }
}

impl ManagedAdjustmentView {
    pub(super) fn new(detail: AdjustmentDetail, now: Instant) -> Self {
        Self {
            member_id: detail.adjustment.member.uuid(),
            member_name: detail.member_name.clone(),
            member_number: detail.member_number.clone(),
            adjustment: AdjustmentView::new(detail, now),
        }
    }
}
