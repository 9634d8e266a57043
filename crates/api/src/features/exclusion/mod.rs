//! Exclusions (不参与名单): a unit stops what a member earns or spends, and lets them go on again. Nobody is asked why.

mod exclude;
mod lift;
mod list;
mod view;

use domain::exclusion::ExclusionError;
use domain::id::MemberId;
use domain::official::Step;
use domain::role::Permission;
use storage::members;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::caller::Admin;
use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::use_case::Work;

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(exclude::exclude_member)
        .service(list::list_exclusions)
        .service(list::show_exclusion)
        .service(lift::lift_exclusion);
}

/// A step in the name of the admin's nearest organisation to which the member's home unit belongs; for others the member
/// does not exist.
async fn step(work: &Work, admin: &Admin, member: MemberId) -> ApiResult<Step> {
    for grant in admin.grants_for(Permission::ManageExclusions) {
        let within = std::slice::from_ref(&grant.path);
        if members::find_in_subtree(&work.tx, within, member).await?.is_some() {
            return Ok(Step { by: admin.official(), node: grant.node, at: work.now });
        }
    }
    Err(ApiError::not_found())
}

impl From<ExclusionError> for ApiError {
    fn from(error: ExclusionError) -> Self {
        let code = match error {
            ExclusionError::AlreadyExcluded => ErrorCode::AlreadyExcluded,
            ExclusionError::AlreadyLifted => ErrorCode::StateConflict,
            ExclusionError::SamePerson => ErrorCode::SamePerson,
        };
        Self::new(code, error.to_string())
    }
}
