//! The residency (报到): reported by the member, confirmed by the home unit, accepted by the community.

mod accept;
mod close;
mod confirm;
mod list;
mod refuse;
mod report;
mod view;

use domain::residency::{ReportError, ResidencyError};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::ApiError;
use crate::error_code::ErrorCode;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes
        .service(report::report_residency)
        .service(list::list_own_residencies)
        .service(close::withdraw_residency)
        .service(close::leave_residency);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(list::list_residencies)
        .service(list::show_residency)
        .service(confirm::confirm_residency)
        .service(accept::accept_residency)
        .service(refuse::refuse_residency);
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::AlreadyOpen(_) => Self::new(ErrorCode::ResidencyOpen, error.to_string()),
            ReportError::NotInService => Self::new(ErrorCode::NotInService, error.to_string()),
            ReportError::NotAnEstate => Self::field("estate_id", error),
        }
    }
}

impl From<ResidencyError> for ApiError {
    fn from(error: ResidencyError) -> Self {
        let code = match error {
            ResidencyError::State(_) => ErrorCode::StateConflict,
            ResidencyError::SamePerson => ErrorCode::SamePerson,
        };
        Self::new(code, error.to_string())
    }
}
