//! Who I am on the shop's side.

use actix_web::{get, web};
use serde::Serialize;
use storage::ReadTx;
use storage::staff::{self, Staff};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::caller::CurrentIdentity;
use crate::error::{ApiError, ApiResult};
use crate::state::App;

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
    /// 商家名称
    #[schema(example = "德胜面馆")]
    merchant_name: Option<String>,
    /// 门店编号
    store_id: Option<Uuid>,
    /// 门店名称
    #[schema(example = "德胜面馆（迎宾街店）")]
    store_name: Option<String>,
}

impl OwnStaffView {
    const UNBOUND: Self =
        Self { bound: false, name: None, merchant_id: None, merchant_name: None, store_id: None, store_name: None };

    /// What one who works for a shop sees.
    pub(super) async fn find(tx: &ReadTx, staff: Staff) -> ApiResult<Self> {
        let workplace = staff::find_workplace(tx, staff.id).await?.ok_or_else(ApiError::not_found)?;
        Ok(Self {
            bound: true,
            name: Some(staff.name),
            merchant_id: Some(staff.merchant.uuid()),
            merchant_name: Some(workplace.merchant_name),
            store_id: Some(staff.store.uuid()),
            store_name: Some(workplace.store_name),
        })
    }
}

/// 查看我的店员身份
///
/// 尚未成为店员的用户也可以调用。
#[utoipa::path(tag = "店员", responses((status = 200, description = "我的身份", body = OwnStaffView)))]
#[get("/me")]
pub(super) async fn show_own_staff(caller: CurrentIdentity, app: App) -> ApiResult<web::Json<OwnStaffView>> {
    let Some(staff) = caller.staff else { return Ok(web::Json(OwnStaffView::UNBOUND)) };
    OwnStaffView::find(&app.database.read(), staff).await.map(web::Json)
}
