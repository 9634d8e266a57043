//! What lists of merchants are asked for.

use serde::Deserialize;
use utoipa::IntoParams;

use super::view::{CategoryCode, MerchantStateCode};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MerchantQuery {
    /// 名称中的文字
    #[param(example = "面馆")]
    pub text: Option<String>,
    /// 类别
    pub category: Option<CategoryCode>,
    /// 每页条数，1 到 100，默认 20
    pub limit: Option<u64>,
    /// 上一页给出的游标
    pub cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ManagedMerchantQuery {
    /// 名称中的文字
    #[param(example = "面馆")]
    pub text: Option<String>,
    /// 类别
    pub category: Option<CategoryCode>,
    /// 只看这个状态
    pub state: Option<MerchantStateCode>,
    /// 每页条数，1 到 100，默认 20
    pub limit: Option<u64>,
    /// 上一页给出的游标
    pub cursor: Option<String>,
}
