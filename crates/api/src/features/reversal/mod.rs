//! Reversals (核销撤销): a confirmation that a shop made by mistake is undone by an admin, and everything goes back.

mod decide;
mod list;
mod request;
mod view;

use domain::reversal::ReversalError;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::ApiError;
use crate::error_code::ErrorCode;

/// What shop staff use.
pub fn merchant_routes(routes: &mut ServiceConfig) {
    routes.service(request::request_reversal).service(list::list_own_reversals);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(list::list_reversals)
        .service(list::show_reversal)
        .service(decide::approve_reversal)
        .service(decide::refuse_reversal);
}

impl From<ReversalError> for ApiError {
    fn from(error: ReversalError) -> Self {
        let code = match error {
            ReversalError::SamePerson => ErrorCode::SamePerson,
            ReversalError::Never | ReversalError::TooLate { .. } | ReversalError::Lapsed(_) => {
                ErrorCode::ReversalTooLate
            }
            ReversalError::NotVerified(_) | ReversalError::Decided(_) => ErrorCode::StateConflict,
            ReversalError::Close(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}
