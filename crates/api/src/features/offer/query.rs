//! What lists of offers are asked for.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{CategoryCode, OfferSortCode, OfferStateCode};

#[derive(Clone, Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfferQuery {
    /// 标题或商家名称中的文字
    #[param(example = "面")]
    pub text: Option<String>,
    /// 类别
    pub category: Option<CategoryCode>,
    /// 只看这个商家
    pub merchant_id: Option<Uuid>,
    /// 最低积分
    #[param(example = 1)]
    pub price_from: Option<i64>,
    /// 最高积分
    #[param(example = 100)]
    pub price_to: Option<i64>,
    /// 为真时只看我的积分够兑换的
    #[serde(default)]
    pub affordable: bool,
    /// 为真时只看还有剩余的
    #[serde(default)]
    pub in_stock: bool,
    /// 排序，默认最新在前
    #[param(inline)]
    pub sort: Option<OfferSortCode>,
    /// 每页条数，1 到 100，默认 20
    pub limit: Option<u64>,
    /// 上一页给出的游标；翻页时其他条件须保持不变
    pub cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ManagedOfferQuery {
    /// 只看这个状态；state=submitted 即待审批的
    pub state: Option<OfferStateCode>,
    /// 只看这个商家
    pub merchant_id: Option<Uuid>,
    /// 标题或商家名称中的文字
    #[param(example = "面")]
    pub text: Option<String>,
    /// 每页条数，1 到 100，默认 20
    pub limit: Option<u64>,
    /// 上一页给出的游标
    pub cursor: Option<String>,
}
