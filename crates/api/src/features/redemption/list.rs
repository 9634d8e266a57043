//! Lists of redemptions.

use actix_web::{get, web};
use domain::id::{MerchantId, OfferId, RedemptionId};
use storage::redemptions::{self, Filter};

use super::query::{ManagedRedemptionQuery, RedemptionQuery, VerificationQuery};
use super::view::{ManagedRedemptionView, RedemptionView, VoucherView};
use crate::auth::caller::{Authorized, CurrentMember, CurrentStaff, needs};
use crate::error::{ApiResult, Problem};
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::state::App;

/// 我的兑换
///
/// 最近的在前。
#[utoipa::path(tag = "兑换", params(RedemptionQuery), responses(
    (status = 200, description = "兑换列表", body = Listed<RedemptionView>),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/redemptions")]
pub(super) async fn list_redemptions(
    caller: CurrentMember,
    query: Query<RedemptionQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<RedemptionView>>> {
    let page = page_request::<RedemptionId>(query.limit, query.cursor.as_deref())?;
    let (read, now) = (app.database.read(), app.clock.business());
    let found = redemptions::list_own(&read, caller.member, query.state.map(|state| (state.0, now)), &page).await?;
    Ok(web::Json(Listed::of(found, |detail| RedemptionView::new(detail, now))))
}

/// 核销记录
///
/// 本商家的核销，最近的在前。
#[utoipa::path(tag = "核销", params(VerificationQuery), responses(
    (status = 200, description = "核销记录", body = Listed<VoucherView>),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/verifications")]
pub(super) async fn list_verifications(
    caller: CurrentStaff,
    query: Query<VerificationQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<VoucherView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let (read, now) = (app.database.read(), app.clock.business());
    let store = query.own_store.then_some(caller.staff.store);
    let found = redemptions::list_verified(&read, caller.staff.merchant, store, &page).await?;
    Ok(web::Json(Listed::of(found, |detail| VoucherView::new(detail, now))))
}

/// 辖区内的兑换
///
/// 与辖区内的商家有关的兑换，最近的在前。
#[utoipa::path(tag = "优惠", params(ManagedRedemptionQuery), responses(
    (status = 200, description = "兑换列表", body = Listed<ManagedRedemptionView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/redemptions")]
pub(super) async fn list_managed_redemptions(
    caller: Authorized<needs::ReadMall>,
    query: Query<ManagedRedemptionQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ManagedRedemptionView>>> {
    let page = page_request::<RedemptionId>(query.limit, query.cursor.as_deref())?;
    let (read, now) = (app.database.read(), app.clock.business());
    let filter = Filter {
        state: query.state.map(|state| (state.0, now)),
        merchant: query.merchant_id.map(MerchantId::new),
        offer: query.offer_id.map(OfferId::new),
    };
    let found = redemptions::list(&read, &caller.scope, &filter, &page).await?;
    Ok(web::Json(Listed::of(found, |detail| ManagedRedemptionView::new(detail, now))))
}
