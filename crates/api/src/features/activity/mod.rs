//! Service activities (志愿服务活动): proposed, reviewed by the level above, shown to members, run by their lead.

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
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::ApiError;
use crate::error_code::ErrorCode;

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
        .service(cancel::cancel_activity);
}

impl From<ActivityError> for ApiError {
    fn from(error: ActivityError) -> Self {
        let code = match error {
            ActivityError::State(_) => ErrorCode::StateConflict,
            ActivityError::SamePerson => ErrorCode::SamePerson,
            ActivityError::TooLate => ErrorCode::ActivityBegun,
        };
        Self::new(code, error.to_string())
    }
}
