//! Redemptions as the member, the shop and the admins see them.

use domain::personal::masked_name;
use domain::redemption::{Redemption, RedemptionState};
use domain::time::Instant;
use serde::Serialize;
use storage::redemptions::RedemptionDetail;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type RedemptionStateCode = Coded<RedemptionState>;

/// 兑换
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RedemptionView {
    /// 兑换编号
    id: Uuid,
    /// 优惠编号
    offer_id: Uuid,
    /// 商家编号
    merchant_id: Uuid,
    /// 商家名称
    #[schema(example = "德胜面馆")]
    merchant_name: String,
    /// 优惠标题
    #[schema(example = "刀削面一碗")]
    title: String,
    /// 兑换时的使用规则
    #[schema(example = "仅限堂食，每桌限用一张")]
    terms: String,
    /// 所用积分
    #[schema(example = 80)]
    points: i64,
    /// 面值，单位为分
    #[schema(example = 1500)]
    face_value_fen: i64,
    /// 状态
    state: RedemptionStateCode,
    /// 兑换时间
    issued_at: BeijingTime,
    /// 到这一时间为止有效
    expires_at: BeijingTime,
    /// 取消、过期或撤销的时间
    closed_at: Option<BeijingTime>,
    /// 核销时间
    verified_at: Option<BeijingTime>,
    /// 核销门店
    #[schema(example = "德胜面馆（迎宾街店）")]
    verified_store: Option<String>,
}

impl RedemptionView {
    pub(super) fn new(detail: RedemptionDetail, now: Instant) -> Self {
        Self::of(detail.redemption, detail.merchant_name, detail.store_name, now)
    }

    pub(super) fn of(redemption: Redemption, merchant: String, store: Option<String>, now: Instant) -> Self {
        Self {
            id: redemption.id.uuid(),
            offer_id: redemption.offer.uuid(),
            merchant_id: redemption.merchant.uuid(),
            merchant_name: merchant,
            state: Coded(redemption.state_at(now)),
            title: redemption.title,
            terms: redemption.terms,
            points: redemption.points,
            face_value_fen: redemption.face_value_fen,
            issued_at: redemption.issued_at.into(),
            expires_at: redemption.expires_at.into(),
            closed_at: redemption.closed_at.map(BeijingTime),
            verified_at: redemption.verification.map(|verification| verification.at.into()),
            verified_store: store,
        }
    }
}

/// 兑换结果
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RedemptionBalanceView {
    /// 兑换
    #[serde(flatten)]
    redemption: RedemptionView,
    /// 变动后的积分余额，含冻结积分
    #[schema(example = 20)]
    balance_after: i64,
}

impl RedemptionBalanceView {
    pub(super) fn new(redemption: RedemptionView, balance_after: i64) -> Self {
        Self { redemption, balance_after }
    }
}

/// 兑换券（店员所见）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VoucherView {
    /// 兑换券编号，核销时使用
    id: Uuid,
    /// 优惠标题
    #[schema(example = "刀削面一碗")]
    title: String,
    /// 使用规则
    #[schema(example = "仅限堂食，每桌限用一张")]
    terms: String,
    /// 面值，单位为分
    #[schema(example = 1500)]
    face_value_fen: i64,
    /// 持有人，只显示姓氏
    #[schema(example = "张**")]
    holder: String,
    /// 状态；issued 才能核销
    state: RedemptionStateCode,
    /// 到这一时间为止有效
    expires_at: BeijingTime,
    /// 核销时间
    verified_at: Option<BeijingTime>,
    /// 核销人
    #[schema(example = "王芳")]
    verified_by: Option<String>,
    /// 核销门店
    #[schema(example = "德胜面馆（迎宾街店）")]
    verified_store: Option<String>,
}

impl VoucherView {
    pub(super) fn new(detail: RedemptionDetail, now: Instant) -> Self {
        let redemption = detail.redemption;
        Self {
            id: redemption.id.uuid(),
            state: Coded(redemption.state_at(now)),
            title: redemption.title,
            terms: redemption.terms,
            face_value_fen: redemption.face_value_fen,
            holder: masked_name(&detail.member_name),
            expires_at: redemption.expires_at.into(),
            verified_at: redemption.verification.map(|verification| verification.at.into()),
            verified_by: detail.verifier_name,
            verified_store: detail.store_name,
        }
    }
}

/// 兑换（管理端）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ManagedRedemptionView {
    /// 兑换
    #[serde(flatten)]
    redemption: RedemptionView,
    /// 党员，只显示姓氏
    #[schema(example = "张**")]
    member: String,
    /// 核销人
    #[schema(example = "王芳")]
    verified_by: Option<String>,
}

impl ManagedRedemptionView {
    pub(super) fn new(mut detail: RedemptionDetail, now: Instant) -> Self {
        Self {
            member: masked_name(&detail.member_name),
            verified_by: detail.verifier_name.take(),
            redemption: RedemptionView::new(detail, now),
        }
    }
}
