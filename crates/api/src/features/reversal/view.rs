//! Reversals as the shop and the admins see them.

use domain::personal::masked_name;
use domain::reversal::ReversalState;
use domain::time::Instant;
use serde::Serialize;
use storage::reversals::ReversalDetail;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type ReversalStateCode = Coded<ReversalState>;

/// 撤销核销的申请
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReversalView {
    /// 申请编号
    id: Uuid,
    /// 兑换券编号
    redemption_id: Uuid,
    /// 优惠标题
    #[schema(example = "刀削面一碗")]
    title: String,
    /// 核准后退回的积分
    #[schema(example = 80)]
    points: i64,
    /// 商家名称
    #[schema(example = "德胜面馆")]
    merchant_name: String,
    /// 持有人，只显示姓氏
    #[schema(example = "张**")]
    holder: String,
    /// 状态
    state: ReversalStateCode,
    /// 申请的原因
    #[schema(example = "扫错了券，顾客没有取餐")]
    reason: String,
    /// 申请的店员
    #[schema(example = "王芳")]
    requested_by: String,
    /// 核销时间
    verified_at: Option<BeijingTime>,
    /// 申请时间
    requested_at: BeijingTime,
    /// 到这一时间仍未核准的作废
    lapses_at: BeijingTime,
    /// 办理时间
    decided_at: Option<BeijingTime>,
    /// 未通过的原因
    #[schema(example = "顾客已取餐")]
    refusal: Option<String>,
}

impl ReversalView {
    pub(super) fn new(detail: ReversalDetail, now: Instant) -> Self {
        let reversal = detail.reversal;
        Self {
            id: reversal.id.uuid(),
            redemption_id: reversal.redemption.uuid(),
            title: detail.title,
            points: detail.points,
            merchant_name: detail.merchant_name,
            holder: masked_name(&detail.member_name),
            state: Coded(reversal.state_at(now)),
            reason: reversal.reason,
            requested_by: detail.requester_name,
            verified_at: detail.verified_at.map(BeijingTime),
            requested_at: reversal.requested_at.into(),
            lapses_at: reversal.lapses_at.into(),
            decided_at: reversal.decided.map(|(_, at)| at.into()),
            refusal: reversal.refusal,
        }
    }
}
