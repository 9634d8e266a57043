//! Donations as the member and the admins see them.

use domain::donation::Donation;
use domain::personal::masked_name;
use serde::Serialize;
use storage::donations::{DonationDetail, Pool};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::time::BeijingTime;

/// 捐赠
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DonationView {
    /// 捐赠编号
    id: Uuid,
    /// 捐赠的积分
    #[schema(example = 20)]
    points: i64,
    /// 社区编号
    community_id: Uuid,
    /// 社区名称
    #[schema(example = "文源社区")]
    community: String,
    /// 记账编号
    transfer_id: Uuid,
    /// 捐赠时间
    donated_at: BeijingTime,
}

/// 捐赠结果
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DonationBalanceView {
    /// 捐赠
    #[serde(flatten)]
    donation: DonationView,
    /// 变动后的积分余额，含冻结积分
    #[schema(example = 76)]
    balance_after: i64,
}

/// 社区收到的捐赠
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReceivedDonationView {
    /// 捐赠编号
    id: Uuid,
    /// 捐赠人姓名，已脱敏
    #[schema(example = "张**")]
    member_name: String,
    /// 捐赠的积分
    #[schema(example = 20)]
    points: i64,
    /// 社区编号
    community_id: Uuid,
    /// 社区名称
    #[schema(example = "文源社区")]
    community: String,
    /// 捐赠时间
    donated_at: BeijingTime,
}

/// 社区积分池
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DonationPoolView {
    /// 社区编号
    community_id: Uuid,
    /// 社区名称
    #[schema(example = "文源社区")]
    community: String,
    /// 收到的积分合计
    #[schema(example = 320)]
    points: i64,
    /// 捐赠次数
    #[schema(example = 16)]
    donations: i64,
    /// 捐赠人数
    #[schema(example = 12)]
    donors: i64,
}

impl DonationView {
    pub(super) fn new(donation: Donation, community: String) -> Self {
        Self {
            id: donation.id.uuid(),
            points: donation.points,
            community_id: donation.node.uuid(),
            community,
            transfer_id: donation.transfer.uuid(),
            donated_at: donation.donated_at.into(),
        }
    }
}

impl DonationBalanceView {
    pub(super) fn new(donation: DonationView, balance_after: i64) -> Self {
        Self { donation, balance_after }
    }
}

impl From<DonationDetail> for ReceivedDonationView {
    fn from(detail: DonationDetail) -> Self {
        Self {
            id: detail.donation.id.uuid(),
            member_name: masked_name(&detail.member_name),
            points: detail.donation.points,
            community_id: detail.donation.node.uuid(),
            community: detail.community,
            donated_at: detail.donation.donated_at.into(),
        }
    }
}

impl From<Pool> for DonationPoolView {
    fn from(pool: Pool) -> Self {
        let Pool { node_id, name, points, donations, donors, .. } = pool;
        Self { community_id: node_id, community: name, points, donations, donors }
    }
}
