//! Service activities (志愿服务活动): proposed, reviewed by the level above, shown to members, run by their lead.

mod appoint_lead;
mod cancel;
mod confirm;
mod lead;
mod list;
mod make_up;
mod propose;
mod review;
mod show;
mod show_code;
mod view;

use domain::activity::ActivityError;
use domain::id::MemberId;
use domain::misconduct;
use storage::misconduct_cases;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::use_case::Work;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes
        .service(list::list_activities)
        .service(show::show_activity)
        .service(lead::list_led_activities)
        .service(lead::show_led_activity)
        .service(lead::list_attendees)
        .service(show_code::show_attendance_code)
        .service(show_code::show_attendance_qr)
        .service(confirm::confirm_attendance)
        .service(make_up::make_up_attendance);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(propose::propose_activity)
        .service(list::list_managed_activities)
        .service(show::show_managed_activity)
        .service(review::publish_activity)
        .service(review::refuse_activity)
        .service(appoint_lead::appoint_activity_lead)
        .service(cancel::cancel_activity);
}

/// Refuses a lead whose word does not count because of a fraud that stands.
async fn may_vouch(work: &Work, lead: MemberId) -> ApiResult<()> {
    let barred = misconduct_cases::lead_barred_until(&work.tx, lead).await?;
    misconduct::may_vouch(barred, work.now).map_err(|barred| ApiError::new(ErrorCode::LeadBarred, barred.to_string()))
}

/// Refuses such a member as the lead whom somebody names.
async fn may_lead(work: &Work, lead: MemberId) -> ApiResult<()> {
    let barred = misconduct_cases::lead_barred_until(&work.tx, lead).await?;
    misconduct::may_vouch(barred, work.now).map_err(|barred| ApiError::field("lead_member_id", barred))
}

impl From<ActivityError> for ApiError {
    fn from(error: ActivityError) -> Self {
        let code = match error {
            ActivityError::State(_) => ErrorCode::StateConflict,
            ActivityError::SamePerson | ActivityError::OwnLead => ErrorCode::SamePerson,
            ActivityError::TooLate => ErrorCode::ActivityBegun,
            ActivityError::Lead => return Self::field("lead_member_id", error),
        };
        Self::new(code, error.to_string())
    }
}
