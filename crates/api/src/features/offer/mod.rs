//! Offers (优惠): the mall that members look at, and the way of an offer into it and out again.

mod change_stock;
mod draft;
mod list;
mod query;
mod review;
mod show;
mod step;
mod view;

use domain::id::OfferId;
use domain::offer::{Offer, OfferError};
use storage::offers;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::caller::{Authorized, Needs};
use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::use_case::Work;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_offers).service(show::show_offer);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(draft::create_offer)
        .service(list::list_managed_offers)
        .service(show::show_managed_offer)
        .service(draft::update_offer)
        .service(review::submit_offer)
        .service(review::approve_offer)
        .service(review::refuse_offer)
        .service(step::publish_offer)
        .service(step::pause_offer)
        .service(step::end_offer)
        .service(change_stock::change_offer_stock);
}

/// Locks an offer in the caller's subtrees.
async fn lock<P: Needs>(work: &mut Work, caller: &Authorized<P>, id: OfferId) -> ApiResult<Offer> {
    work.about("offer", id);
    let found = offers::find_within(&work.tx, &caller.scope, id).await?;
    let found = found.ok_or_else(ApiError::not_found)?;
    offers::lock(&mut work.tx, found.offer.id).await?.ok_or_else(ApiError::not_found)
}

/// The offer as its keepers see it after a step.
async fn shown<P: Needs>(work: &Work, caller: &Authorized<P>, id: OfferId) -> ApiResult<view::ManagedOfferView> {
    let found = offers::find_within(&work.tx, &caller.scope, id).await?;
    Ok(found.ok_or_else(ApiError::not_found)?.into())
}

impl From<OfferError> for ApiError {
    fn from(error: OfferError) -> Self {
        let code = match error {
            OfferError::State(_) => ErrorCode::StateConflict,
            OfferError::SamePerson => ErrorCode::SamePerson,
            OfferError::Over => ErrorCode::OfferEnded,
            OfferError::Stock { .. } => ErrorCode::StockTooLow,
            OfferError::Change => return Self::field("change", error),
        };
        Self::new(code, error.to_string())
    }
}
