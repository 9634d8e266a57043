//! Rewards as the member and the admins see them.

use domain::points::RewardedEvent;
use domain::reward::RewardState;
use serde::Serialize;
use storage::rewards::RewardDetail;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type RewardStateCode = Coded<RewardState>;
pub(super) type RewardedEventCode = Coded<RewardedEvent>;

/// 单项奖励
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RewardView {
    /// 奖励编号
    id: Uuid,
    /// 奖励事项
    event: RewardedEventCode,
    /// 发生时间
    happened_at: BeijingTime,
    /// 是哪一件
    #[schema(example = "微心愿 2026-018")]
    reference: String,
    /// 状态
    state: RewardStateCode,
    /// 由哪个组织登记
    #[schema(example = "文源社区")]
    proposed_by: String,
    /// 登记时间
    proposed_at: BeijingTime,
    /// 由哪个组织核准
    #[schema(example = "水泊寺街道")]
    decided_by: Option<String>,
    /// 核准时间
    decided_at: Option<BeijingTime>,
    /// 未通过的原因
    #[schema(example = "心愿人表示尚未完成")]
    refusal: Option<String>,
    /// 入账的积分，核准后才有；超出次数或上限的为 0
    #[schema(example = 20)]
    points: Option<i64>,
}

/// 单项奖励（办理用）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ManagedRewardView {
    /// 单项奖励
    #[serde(flatten)]
    reward: RewardView,
    /// 党员编号
    member_id: Uuid,
    /// 党员姓名
    #[schema(example = "张建国")]
    member_name: String,
    /// 党员号
    #[schema(example = "PC00000001")]
    member_number: String,
    /// 依据
    #[schema(example = "心愿人已确认")]
    evidence: String,
}

impl From<RewardDetail> for RewardView {
    fn from(detail: RewardDetail) -> Self {
        let RewardDetail { reward, proposed_by, decided_by, points, .. } = detail;
        Self {
            id: reward.id.uuid(),
            event: Coded(reward.event),
            happened_at: reward.happened_at.into(),
            reference: reward.reference,
            state: Coded(reward.state),
            proposed_by,
            proposed_at: reward.proposed.at.into(),
            decided_by,
            decided_at: reward.decided.map(|step| step.at.into()),
            refusal: reward.refusal,
            points,
        }
    }
}

impl From<RewardDetail> for ManagedRewardView {
    fn from(detail: RewardDetail) -> Self {
        Self {
            member_id: detail.reward.member.uuid(),
            member_name: detail.member_name.clone(),
            member_number: detail.member_number.clone(),
            evidence: detail.reward.evidence.clone(),
            reward: RewardView::from(detail),
        }
    }
}
