//! Misconduct (违规处理): credited service voided by two persons, and the member's appeal to the level above.

mod appeal;
mod decide;
mod letter;
mod list;
mod propose;
mod rule;
mod view;

use domain::enrolment::AttendanceError;
use domain::misconduct::MisconductError;
use domain::official::Step;
use domain::organisation::Node;
use domain::role::Permission;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::caller::Admin;
use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::use_case::Work;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_own_misconduct_cases).service(appeal::appeal_misconduct_case);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(propose::propose_misconduct_case)
        .service(list::list_misconduct_cases)
        .service(list::show_misconduct_case)
        .service(decide::confirm_misconduct_case)
        .service(decide::dismiss_misconduct_case)
        .service(rule::rule_misconduct_appeal)
        .service(letter::list_fraud_letters);
}

/// A step in the name of the admin's nearest organisation that has authority over the node.
fn step(work: &Work, admin: &Admin, node: &Node) -> ApiResult<Step> {
    let grants = admin.grants_for(Permission::HandleMisconduct);
    let grant = grants.into_iter().find(|grant| grant.path.covers(&node.path)).ok_or_else(ApiError::not_found)?;
    Ok(Step { by: admin.official(), node: grant.node, at: work.now })
}

impl From<MisconductError> for ApiError {
    fn from(error: MisconductError) -> Self {
        let code = match error {
            MisconductError::Undecided(_) | MisconductError::State(_) => ErrorCode::StateConflict,
            MisconductError::SamePerson => ErrorCode::SamePerson,
            MisconductError::AppealOver(_) => ErrorCode::AppealOver,
            MisconductError::LeadWithoutFraud => return Self::field("lead_at_fault", error),
        };
        Self::new(code, error.to_string())
    }
}

/// The enrolment was changed by something else meanwhile.
fn not_credited(error: AttendanceError) -> ApiError {
    ApiError::new(ErrorCode::StateConflict, error.to_string())
}
