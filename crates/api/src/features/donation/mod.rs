//! Donations (捐赠): points given for good to a community's pool.

mod donate;
mod list;
mod view;

use domain::donation::DonationError;
use domain::points::SpendError;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::ApiError;
use crate::error_code::ErrorCode;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes.service(donate::donate_points).service(list::list_own_donations);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_donation_pools).service(list::list_donations);
}

impl From<DonationError> for ApiError {
    fn from(error: DonationError) -> Self {
        let code = match error {
            DonationError::Closed => ErrorCode::StateConflict,
            DonationError::TooSmall(_) => ErrorCode::AmountInvalid,
            DonationError::TooLarge => ErrorCode::AmountTooLarge,
            DonationError::Excluded => ErrorCode::SpendingStopped,
            DonationError::NotResident => ErrorCode::NotResident,
            DonationError::YearLimit(_) | DonationError::DayLimit { .. } => ErrorCode::DonationLimitReached,
            DonationError::Spend(SpendError::Frozen) => ErrorCode::PointsFrozen,
            DonationError::Spend(SpendError::Insufficient { .. }) => ErrorCode::InsufficientPoints,
            DonationError::Spend(SpendError::InvalidAmount) => return Self::internal(error),
        };
        Self::new(code, error.to_string())
    }
}
