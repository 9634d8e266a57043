//! One merchant with its stores.

use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::id::MerchantId;
use domain::merchant::StoreState;
use storage::{merchants, stores};
use uuid::Uuid;

use super::view::{ManagedMerchantView, MerchantView};
use crate::auth::caller::{Authorized, CurrentMember, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::tagged::Tagged;
use crate::state::App;

/// 查看商家
///
/// 含营业中的门店。带 ETag；请求头 If-None-Match 与之相同时答复 304，没有内容。
#[utoipa::path(tag = "积分商城", params(("id" = Uuid, Path, description = "商家编号")), responses(
    (status = 200, description = "商家", body = MerchantView),
    (status = 304, description = "与 If-None-Match 相同，没有内容"),
    (status = 404, description = "没有这个商家", body = Problem, content_type = "application/problem+json"),
))]
#[get("/merchants/{id}")]
pub(super) async fn show_merchant(
    _: CurrentMember,
    id: web::Path<Uuid>,
    app: App,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let read = app.database.read();
    let merchant = merchants::find_active(&read, MerchantId::new(*id)).await?.ok_or_else(ApiError::not_found)?;
    let stores = stores::list_of(&read, merchant.id, Some(StoreState::Open)).await?;
    Ok(Tagged::of(&MerchantView::new(merchant, stores))?.answer(&request))
}

/// 查看辖区内的商家
#[utoipa::path(tag = "商家", params(("id" = Uuid, Path, description = "商家编号")), responses(
    (status = 200, description = "商家", body = ManagedMerchantView),
    (status = 404, description = "没有这个商家", body = Problem, content_type = "application/problem+json"),
))]
#[get("/merchants/{id}")]
pub(super) async fn show_managed_merchant(
    caller: Authorized<needs::ReadMall>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<ManagedMerchantView>> {
    let read = app.database.read();
    let found = merchants::find_within(&read, &caller.scope, MerchantId::new(*id)).await?;
    let merchant = found.ok_or_else(ApiError::not_found)?;
    let stores = stores::list_of(&read, merchant.id, None).await?;
    Ok(web::Json(ManagedMerchantView::new(merchant, stores)))
}
