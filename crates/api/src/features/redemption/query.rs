//! What lists of redemptions are asked for.

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::RedemptionStateCode;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RedemptionQuery {
    /// 只看这个状态
    pub state: Option<RedemptionStateCode>,
    /// 每页条数，1 到 100，默认 20
    pub limit: Option<u64>,
    /// 上一页给出的游标
    pub cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct VerificationQuery {
    /// 为真时只看本门店的
    #[serde(default)]
    pub own_store: bool,
    /// 每页条数，1 到 100，默认 20
    pub limit: Option<u64>,
    /// 上一页给出的游标
    pub cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ManagedRedemptionQuery {
    /// 只看这个状态
    pub state: Option<RedemptionStateCode>,
    /// 只看这个商家的
    pub merchant_id: Option<Uuid>,
    /// 只看这个优惠的
    pub offer_id: Option<Uuid>,
    /// 每页条数，1 到 100，默认 20
    pub limit: Option<u64>,
    /// 上一页给出的游标
    pub cursor: Option<String>,
}
