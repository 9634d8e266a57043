//! Adjustments (积分调整): points put right by hand, proposed by one person and decided by another.

mod decide;
mod list;
mod propose;
mod view;

use domain::adjustment::AdjustmentError;
use domain::points::{AdjustError, HoldError};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::ApiError;
use crate::error_code::ErrorCode;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_own_adjustments);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(propose::propose_adjustment)
        .service(list::list_adjustments)
        .service(list::show_adjustment)
        .service(decide::approve_adjustment)
        .service(decide::refuse_adjustment);
}

impl From<AdjustmentError> for ApiError {
    fn from(error: AdjustmentError) -> Self {
        let code = match error {
            AdjustmentError::Zero => ErrorCode::AmountInvalid,
            AdjustmentError::TooLarge => ErrorCode::AmountTooLarge,
            AdjustmentError::SamePerson => ErrorCode::SamePerson,
            AdjustmentError::Decided(_) | AdjustmentError::Hold(HoldError::Ended(_)) => ErrorCode::StateConflict,
            AdjustmentError::Lapsed(_) | AdjustmentError::Hold(HoldError::Overdue(_)) => ErrorCode::AdjustmentLapsed,
            AdjustmentError::Hold(HoldError::Insufficient { .. }) => ErrorCode::InsufficientPoints,
            AdjustmentError::Adjust(AdjustError::TooMuch) => ErrorCode::BalanceTooLarge,
            AdjustmentError::NotDue(_) | AdjustmentError::Hold(_) | AdjustmentError::Adjust(_) => {
                return Self::internal(error);
            }
        };
        Self::new(code, error.to_string())
    }
}
