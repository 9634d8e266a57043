//! Who I am on the shop's side.

use actix_web::{get, web};
use serde::Serialize;
use storage::staff::Staff;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::caller::CurrentIdentity;
use crate::error::ApiResult;

/// 我的店员身份
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnStaffView {
    /// 是否已是店员；为假时请先接受商家邀请
    bound: bool,
    /// 姓名
    #[schema(example = "王店长")]
    name: Option<String>,
    /// 商家编号
    merchant_id: Option<Uuid>,
    /// 门店编号
    store_id: Option<Uuid>,
}

impl From<Option<Staff>> for OwnStaffView {
    fn from(staff: Option<Staff>) -> Self {
        Self {
            bound: staff.is_some(),
            merchant_id: staff.as_ref().map(|staff| staff.merchant.uuid()),
            store_id: staff.as_ref().map(|staff| staff.store.uuid()),
            name: staff.map(|staff| staff.name),
        }
    }
}

/// 查看我的店员身份
///
/// 尚未成为店员的用户也可以调用。
#[utoipa::path(tag = "店员", responses((status = 200, description = "我的身份", body = OwnStaffView)))]
#[get("/me")]
pub(super) async fn show_own_staff(caller: CurrentIdentity) -> ApiResult<web::Json<OwnStaffView>> {
    Ok(web::Json(caller.staff.into()))
}
