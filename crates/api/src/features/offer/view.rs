//! Offers as members and as their keepers see them.

use domain::merchant::{Merchant, MerchantCategory};
use domain::offer::{FundingSource, Offer, OfferSort, OfferState};
use serde::Serialize;
use storage::offers::{OfferDetail, OfferSummary};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type CategoryCode = Coded<MerchantCategory>;
pub(super) type FundingCode = Coded<FundingSource>;
pub(super) type OfferStateCode = Coded<OfferState>;
pub(super) type OfferSortCode = Coded<OfferSort>;

/// 优惠摘要
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OfferSummaryView {
    /// 优惠编号
    id: Uuid,
    /// 标题
    #[schema(example = "刀削面一碗")]
    title: String,
    /// 类别
    category: CategoryCode,
    /// 商家编号
    merchant_id: Uuid,
    /// 商家名称
    #[schema(example = "德胜面馆")]
    merchant_name: String,
    /// 所需积分
    #[schema(example = 80)]
    price: i64,
    /// 面值，单位为分
    #[schema(example = 1500)]
    face_value_fen: i64,
    /// 剩余份数；列表中的可能晚一秒
    #[schema(example = 7)]
    stock_left: i64,
    /// 结束时间；没有则长期有效
    ends_at: Option<BeijingTime>,
}

impl From<OfferSummary> for OfferSummaryView {
    fn from(offer: OfferSummary) -> Self {
        Self {
            id: offer.id.uuid(),
            title: offer.title,
            category: Coded(offer.category),
            merchant_id: offer.merchant.uuid(),
            merchant_name: offer.merchant_name,
            price: offer.price,
            face_value_fen: offer.face_value_fen,
            stock_left: offer.stock_left,
            ends_at: offer.ends_at.map(BeijingTime),
        }
    }
}

/// 优惠摘要（管理端）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ManagedOfferSummaryView {
    /// 优惠
    #[serde(flatten)]
    offer: OfferSummaryView,
    /// 状态
    state: OfferStateCode,
    /// 总份数
    #[schema(example = 30)]
    stock_total: i64,
}

impl From<OfferSummary> for ManagedOfferSummaryView {
    fn from(offer: OfferSummary) -> Self {
        Self { state: Coded(offer.state), stock_total: offer.stock_total, offer: offer.into() }
    }
}

/// 优惠
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OfferView {
    /// 优惠编号
    id: Uuid,
    /// 标题
    #[schema(example = "刀削面一碗")]
    title: String,
    /// 类别
    category: CategoryCode,
    /// 商家编号
    merchant_id: Uuid,
    /// 商家名称
    #[schema(example = "德胜面馆")]
    merchant_name: String,
    /// 内容
    #[schema(example = "传统刀削面一碗，含一份小菜")]
    description: String,
    /// 使用规则；兑换后以兑换时的为准
    #[schema(example = "仅限堂食，每桌限用一张")]
    terms: String,
    /// 所需积分
    #[schema(example = 80)]
    price: i64,
    /// 面值，单位为分
    #[schema(example = 1500)]
    face_value_fen: i64,
    /// 资金来源
    funding_source: FundingCode,
    /// 每人每季度限兑份数；没有则按积分规则
    #[schema(example = 2)]
    limit_per_member: Option<i32>,
    /// 兑换券有效天数，从兑换次日起算
    #[schema(example = 30)]
    voucher_days: i32,
    /// 剩余份数
    #[schema(example = 7)]
    stock_left: i64,
    /// 状态
    state: OfferStateCode,
    /// 结束时间；没有则长期有效
    ends_at: Option<BeijingTime>,
}

impl OfferView {
    pub(super) fn new(offer: Offer, merchant: Merchant) -> Self {
        let promise = offer.promise;
        Self {
            id: offer.id.uuid(),
            title: promise.title,
            category: Coded(promise.category),
            merchant_id: merchant.id.uuid(),
            merchant_name: merchant.name,
            description: promise.description,
            terms: promise.terms,
            price: promise.price,
            face_value_fen: promise.face_value_fen,
            funding_source: Coded(promise.funding),
            limit_per_member: promise.limit_per_member,
            voucher_days: promise.voucher_days,
            stock_left: offer.stock_left,
            state: Coded(offer.state),
            ends_at: promise.ends_at.map(BeijingTime),
        }
    }
}

/// 优惠（管理端）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ManagedOfferView {
    /// 优惠
    #[serde(flatten)]
    offer: OfferView,
    /// 总份数
    #[schema(example = 30)]
    stock_total: i64,
    /// 起草人账号编号
    drafted_by: Uuid,
    /// 起草人；不能由本人审批
    #[schema(example = "商家管理员")]
    drafter: Option<String>,
    /// 审批人账号编号
    approved_by: Option<Uuid>,
    /// 审批人
    #[schema(example = "区级管理员")]
    approver: Option<String>,
    /// 未通过的原因
    #[schema(example = "请写明适用门店")]
    review_comment: Option<String>,
}

impl From<OfferDetail> for ManagedOfferView {
    fn from(detail: OfferDetail) -> Self {
        let OfferDetail { offer, merchant, drafter_name, approver_name } = detail;
        Self {
            drafter: drafter_name,
            approver: approver_name,
            stock_total: offer.promise.stock,
            drafted_by: offer.drafted_by.uuid(),
            approved_by: offer.approved_by.map(domain::id::AdminId::uuid),
            review_comment: offer.review_comment.clone(),
            offer: OfferView::new(offer, merchant),
        }
    }
}
