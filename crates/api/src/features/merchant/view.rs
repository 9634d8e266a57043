//! Merchants and stores as members and as their keepers see them.

use domain::merchant::{Merchant, MerchantCategory, MerchantState, Store, StoreState};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;

pub(super) type CategoryCode = Coded<MerchantCategory>;
pub(super) type MerchantStateCode = Coded<MerchantState>;
type StoreStateCode = Coded<StoreState>;

/// 商家摘要
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MerchantSummaryView {
    /// 商家编号
    id: Uuid,
    /// 名称
    #[schema(example = "德胜面馆")]
    name: String,
    /// 类别
    category: CategoryCode,
    /// 介绍
    #[schema(example = "开了三十年的刀削面馆")]
    introduction: String,
}

impl From<Merchant> for MerchantSummaryView {
    fn from(merchant: Merchant) -> Self {
        Self {
            id: merchant.id.uuid(),
            name: merchant.name,
            category: Coded(merchant.category),
            introduction: merchant.introduction,
        }
    }
}

/// 商家
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MerchantView {
    /// 商家
    #[serde(flatten)]
    merchant: MerchantSummaryView,
    /// 门店
    stores: Vec<StoreView>,
}

impl MerchantView {
    pub(super) fn new(merchant: Merchant, stores: Vec<Store>) -> Self {
        Self { merchant: merchant.into(), stores: stores.into_iter().map(StoreView::from).collect() }
    }
}

/// 门店
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoreView {
    /// 门店编号
    id: Uuid,
    /// 名称
    #[schema(example = "德胜面馆（迎宾街店）")]
    name: String,
    /// 地址
    #[schema(example = "平城区迎宾街 12 号")]
    address: String,
    /// 电话
    #[schema(example = "0352-0000000")]
    phone: String,
    /// 营业时间
    #[schema(example = "每天 7:00 至 21:00")]
    opening_hours: String,
    /// 状态
    state: StoreStateCode,
}

impl From<Store> for StoreView {
    fn from(store: Store) -> Self {
        Self {
            id: store.id.uuid(),
            name: store.name,
            address: store.address,
            phone: store.phone,
            opening_hours: store.opening_hours,
            state: Coded(store.state),
        }
    }
}

/// 商家摘要（管理端）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ManagedMerchantSummaryView {
    /// 商家
    #[serde(flatten)]
    merchant: MerchantSummaryView,
    /// 状态
    state: MerchantStateCode,
    /// 负责联系的组织编号
    organisation_id: Uuid,
    /// 主管单位编号；该单位的党员不能兑换本商家的优惠
    regulator_unit_id: Option<Uuid>,
}

impl From<Merchant> for ManagedMerchantSummaryView {
    fn from(merchant: Merchant) -> Self {
        Self {
            state: Coded(merchant.state),
            organisation_id: merchant.node.uuid(),
            regulator_unit_id: merchant.regulator.map(domain::id::NodeId::uuid),
            merchant: merchant.into(),
        }
    }
}

/// 商家（管理端）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ManagedMerchantView {
    /// 商家
    #[serde(flatten)]
    merchant: ManagedMerchantSummaryView,
    /// 门店，含已停业的
    stores: Vec<StoreView>,
}

impl ManagedMerchantView {
    pub(super) fn new(merchant: Merchant, stores: Vec<Store>) -> Self {
        Self { merchant: merchant.into(), stores: stores.into_iter().map(StoreView::from).collect() }
    }
}
