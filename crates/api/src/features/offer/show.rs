//! One offer, with the stock as it is.

use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::id::OfferId;
use storage::offers;
use uuid::Uuid;

use super::view::{ManagedOfferView, OfferView};
use crate::auth::caller::{Authorized, CurrentMember, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::tagged::Tagged;
use crate::state::App;

/// 查看优惠
///
/// 剩余份数为此刻的。带 ETag；请求头 If-None-Match 与之相同时答复 304，没有内容。
#[utoipa::path(tag = "积分商城", params(("id" = Uuid, Path, description = "优惠编号")), responses(
    (status = 200, description = "优惠", body = OfferView),
    (status = 304, description = "与 If-None-Match 相同，没有内容"),
    (status = 404, description = "没有这个优惠", body = Problem, content_type = "application/problem+json"),
))]
#[get("/offers/{id}")]
pub(super) async fn show_offer(
    _: CurrentMember,
    id: web::Path<Uuid>,
    app: App,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let (offer, merchant) = app.shown_offers.ask(OfferId::new(*id)).await?.ok_or_else(ApiError::not_found)?;
    Ok(Tagged::of(&OfferView::new(offer, merchant))?.answer(&request))
}

/// 查看辖区内的优惠
#[utoipa::path(tag = "优惠", params(("id" = Uuid, Path, description = "优惠编号")), responses(
    (status = 200, description = "优惠", body = ManagedOfferView),
    (status = 404, description = "没有这个优惠", body = Problem, content_type = "application/problem+json"),
))]
#[get("/offers/{id}")]
pub(super) async fn show_managed_offer(
    caller: Authorized<needs::ReadMall>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<ManagedOfferView>> {
    let found = offers::find_within(&app.database.read(), &caller.scope, OfferId::new(*id)).await?;
    Ok(web::Json(found.ok_or_else(ApiError::not_found)?.into()))
}
