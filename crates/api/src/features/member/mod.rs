//! The member (党员): who I am, my consent, my phone number, my place on the roster.

mod application_view;
mod apply;
mod bind_phone;
mod consent;
mod decide_application;
mod list_applications;
mod list_units;
mod show_own;
mod ticket;
mod unbind;

use domain::application::{ApplyError, DecisionError};
use domain::consent::ConsentError;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::ApiError;
use crate::error_code::ErrorCode;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes
        .service(show_own::show_own_member)
        .service(consent::show_privacy_policy)
        .service(consent::give_consent)
        .service(consent::withdraw_consent)
        .service(bind_phone::bind_phone)
        .service(list_units::list_units)
        .service(apply::apply_membership)
        .service(apply::show_own_application);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(list_applications::list_applications)
        .service(decide_application::confirm_application)
        .service(decide_application::refuse_application)
        .service(unbind::unbind_member);
}

impl From<ConsentError> for ApiError {
    fn from(error: ConsentError) -> Self {
        Self::new(ErrorCode::PolicyChanged, error.to_string())
    }
}

impl From<ApplyError> for ApiError {
    fn from(error: ApplyError) -> Self {
        let code = match error {
            ApplyError::AlreadyMember => ErrorCode::AlreadyBound,
            ApplyError::AlreadyApplied | ApplyError::OnRoster => ErrorCode::StateConflict,
        };
        Self::new(code, error.to_string())
    }
}

impl From<DecisionError> for ApiError {
    fn from(error: DecisionError) -> Self {
        let code = match error {
            DecisionError::AlreadyMember | DecisionError::MemberTaken => ErrorCode::AlreadyBound,
            DecisionError::Decided | DecisionError::OnOtherRoster => ErrorCode::StateConflict,
        };
        Self::new(code, error.to_string())
    }
}
