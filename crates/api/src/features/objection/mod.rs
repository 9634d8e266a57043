//! Objections (异议): what is public before it is credited, and what members say against it, decided once by somebody who had
//! no part in it.

mod decide;
mod list;
mod object;
mod publicity;
mod view;

use domain::enrolment::DisputeError;
use domain::objection::ObjectionError;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::ApiError;
use crate::error_code::ErrorCode;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes.service(publicity::list_publicity).service(object::object_to_service).service(list::list_own_objections);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(list::list_objections)
        .service(list::show_objection)
        .service(decide::uphold_objection)
        .service(decide::dismiss_objection);
}

impl From<ObjectionError> for ApiError {
    fn from(error: ObjectionError) -> Self {
        let code = match error {
            ObjectionError::OwnService | ObjectionError::SamePerson => ErrorCode::SamePerson,
            ObjectionError::Dispute(DisputeError::Already) => ErrorCode::AlreadyDisputed,
            ObjectionError::Dispute(DisputeError::Over(_)) => ErrorCode::PublicityOver,
            ObjectionError::Dispute(DisputeError::NotInPublicity)
            | ObjectionError::TooManyOpen
            | ObjectionError::Decided(_)
            | ObjectionError::Service(_) => ErrorCode::StateConflict,
        };
        Self::new(code, error.to_string())
    }
}
