//! Complaints and suggestions (投诉建议): handed in by members and shops, answered once where they belong.

mod answer;
mod list;
mod submit;
mod view;

use domain::complaint::ComplaintError;
use domain::id::PersonId;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::caller::CurrentIdentity;
use crate::error::ApiError;
use crate::error_code::ErrorCode;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes.service(submit::submit_complaint).service(list::list_own_complaints);
}

/// What shop staff use.
pub fn merchant_routes(routes: &mut ServiceConfig) {
    routes.service(submit::submit_merchant_complaint).service(list::list_own_merchant_complaints);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_complaints).service(answer::answer_complaint);
}

/// The person who speaks up first, then the WeChat user as whom they may have spoken before they were known.
fn persons(caller: &CurrentIdentity) -> Vec<PersonId> {
    let known = caller.member.map(PersonId::from).or_else(|| caller.staff.as_ref().map(|staff| staff.id.into()));
    known.into_iter().chain([caller.identity.into()]).collect()
}

impl From<ComplaintError> for ApiError {
    fn from(error: ComplaintError) -> Self {
        Self::new(ErrorCode::StateConflict, error.to_string())
    }
}
