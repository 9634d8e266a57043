//! Redemptions (兑换): points for a voucher, the code that shows it, its confirmation in the shop, and the way back.

mod cancel;
mod code;
mod list;
mod lookup;
mod query;
mod redeem;
mod show;
mod verify;
mod view;

use domain::points::SpendError;
use domain::redemption::{CloseError, RedeemError, VerifyError};
use serde_json::json;
use storage::redemptions::RedemptionDetail;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::ApiError;
use crate::error_code::ErrorCode;
use crate::http::time::BeijingTime;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes
        .service(redeem::redeem_offer)
        .service(list::list_redemptions)
        .service(show::show_redemption)
        .service(code::show_voucher_code)
        .service(code::show_voucher_qr)
        .service(cancel::cancel_redemption);
}

/// What shop staff use.
pub fn merchant_routes(routes: &mut ServiceConfig) {
    routes.service(lookup::lookup_voucher).service(verify::verify_voucher).service(list::list_verifications);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_managed_redemptions);
}

impl From<RedeemError> for ApiError {
    fn from(error: RedeemError) -> Self {
        let code = match error {
            RedeemError::NotListed => ErrorCode::OfferNotListed,
            RedeemError::Ended => ErrorCode::OfferEnded,
            RedeemError::SoldOut => ErrorCode::SoldOut,
            RedeemError::ConflictOfInterest => ErrorCode::ConflictOfInterest,
            RedeemError::Excluded => ErrorCode::SpendingStopped,
            RedeemError::NotEligible { .. } => ErrorCode::NotEligible,
            RedeemError::PerMemberLimit { .. } => ErrorCode::OfferLimitReached,
            RedeemError::MonthlyLimit { .. } => ErrorCode::MonthlyLimitReached,
            RedeemError::ValueCap { .. } => ErrorCode::ValueCapReached,
            RedeemError::Spend(SpendError::Frozen) => ErrorCode::PointsFrozen,
            RedeemError::Spend(SpendError::Insufficient { .. }) => ErrorCode::InsufficientPoints,
            RedeemError::Spend(SpendError::InvalidAmount) => return Self::internal(error),
        };
        Self::new(code, error.to_string())
    }
}

impl From<CloseError> for ApiError {
    fn from(error: CloseError) -> Self {
        let code = match error {
            CloseError::Verified => ErrorCode::AlreadyVerified,
            CloseError::Closed(_) => ErrorCode::RedemptionClosed,
            CloseError::NotDue | CloseError::NotVerified => ErrorCode::StateConflict,
        };
        Self::new(code, error.to_string())
    }
}

/// Why the voucher cannot be confirmed; who confirmed it before, when and where.
fn not_verified(error: VerifyError, found: &RedemptionDetail) -> ApiError {
    match error {
        VerifyError::AnotherMerchant => ApiError::not_found(),
        VerifyError::AlreadyVerified(verification) => {
            let by = found.verifier_name.as_deref().unwrap_or_default();
            let store = found.store_name.as_deref().unwrap_or_default();
            let at = domain::time::spoken(verification.at);
            let detail = format!("该兑换券已于 {at} 由 {by} 在 {store} 核销");
            let facts = json!({
                "verified_at": BeijingTime(verification.at),
                "verified_by": by,
                "store": store,
            });
            ApiError::new(ErrorCode::AlreadyVerified, detail).with_facts(facts)
        }
        VerifyError::Expired => ApiError::new(ErrorCode::VoucherExpired, error.to_string()),
        VerifyError::Cancelled => ApiError::new(ErrorCode::VoucherCancelled, error.to_string()),
        VerifyError::Reversed => ApiError::new(ErrorCode::VoucherReversed, error.to_string()),
    }
}
