//! Into the mall and out of it.

use actix_web::{post, web};
use domain::id::OfferId;
use domain::offer::{Offer, OfferError};
use domain::time::Instant;
use storage::offers;
use uuid::Uuid;

use super::view::ManagedOfferView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::state::App;
use crate::use_case::UseCase;

type Keeper = Authorized<needs::ManageMall>;

/// 上架优惠
///
/// 已批准或已暂停的优惠可以上架。
#[utoipa::path(tag = "优惠", params(("id" = Uuid, Path, description = "优惠编号")), responses(
    (status = 200, description = "已上架", body = ManagedOfferView),
    (status = 404, description = "没有这个优惠", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "尚未批准，或结束时间已过", body = Problem, content_type = "application/problem+json"),
))]
#[post("/offers/{id}/listing")]
pub(super) async fn publish_offer(
    caller: Keeper,
    id: web::Path<Uuid>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<ManagedOfferView>> {
    step(caller, OfferId::new(*id), use_case, app, "publish_offer", Offer::list).await
}

/// 暂停优惠
///
/// 暂停后不能兑换，已兑换的仍可使用。
#[utoipa::path(tag = "优惠", params(("id" = Uuid, Path, description = "优惠编号")), responses(
    (status = 200, description = "已暂停", body = ManagedOfferView),
    (status = 404, description = "没有这个优惠", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不在上架中", body = Problem, content_type = "application/problem+json"),
))]
#[post("/offers/{id}/pause")]
pub(super) async fn pause_offer(
    caller: Keeper,
    id: web::Path<Uuid>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<ManagedOfferView>> {
    step(caller, OfferId::new(*id), use_case, app, "pause_offer", |offer, _| offer.pause()).await
}

/// 结束优惠
///
/// 结束后不能再上架，已兑换的仍可使用。
#[utoipa::path(tag = "优惠", params(("id" = Uuid, Path, description = "优惠编号")), responses(
    (status = 200, description = "已结束", body = ManagedOfferView),
    (status = 404, description = "没有这个优惠", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已经结束", body = Problem, content_type = "application/problem+json"),
))]
#[post("/offers/{id}/end")]
pub(super) async fn end_offer(
    caller: Keeper,
    id: web::Path<Uuid>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<ManagedOfferView>> {
    step(caller, OfferId::new(*id), use_case, app, "end_offer", |offer, _| offer.end()).await
}

async fn step(
    caller: Keeper,
    id: OfferId,
    use_case: UseCase,
    app: App,
    operation: &'static str,
    step: fn(&mut Offer, Instant) -> Result<(), OfferError>,
) -> ApiResult<web::Json<ManagedOfferView>> {
    let story = use_case.write(operation, move |work| {
        Box::pin(async move {
            let mut offer = super::lock(work, &caller, id).await?;
            step(&mut offer, work.now)?;
            offers::save_state(&mut work.tx, &offer, work.now).await?;
            super::shown(work, &caller, id).await
        })
    });
    let view = story.await?;
    app.offer_pages.clear();
    Ok(web::Json(view))
}
