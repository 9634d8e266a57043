//! Enrolments (报名): signing up, arriving and leaving by the lead's code, and the review of attendance.

mod cancel;
mod check_in;
mod check_out;
mod enrol;
mod list;
mod review;
mod view;

use domain::attendance_code::AttendanceCodeError;
use domain::enrolment::{CancelError, CheckInError, CheckOutError, EnrolError};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::ApiError;
use crate::error_code::ErrorCode;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes
        .service(enrol::enrol_activity)
        .service(cancel::cancel_enrolment)
        .service(check_in::check_in)
        .service(check_out::check_out)
        .service(list::list_own_enrolments);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_attendances).service(review::review_attendance);
}

/// The member has no place in that session.
fn not_enrolled() -> ApiError {
    ApiError::new(ErrorCode::NotEnrolled, "您没有报名这一场活动")
}

impl From<EnrolError> for ApiError {
    fn from(error: EnrolError) -> Self {
        let code = match error {
            EnrolError::NotOpen(_) => ErrorCode::ActivityNotOpen,
            EnrolError::Closed(_) => ErrorCode::EnrolmentClosed,
            EnrolError::NotResident => ErrorCode::NotResident,
            EnrolError::Already(_) => ErrorCode::AlreadyEnrolled,
            EnrolError::Clash { .. } => ErrorCode::TimeClash,
            EnrolError::Paused(_) => ErrorCode::EnrolmentPaused,
        };
        Self::new(code, error.to_string())
    }
}

impl From<CancelError> for ApiError {
    fn from(error: CancelError) -> Self {
        let code = match error {
            CancelError::State(_) => ErrorCode::StateConflict,
            CancelError::Started => ErrorCode::ActivityBegun,
        };
        Self::new(code, error.to_string())
    }
}

impl From<AttendanceCodeError> for ApiError {
    fn from(error: AttendanceCodeError) -> Self {
        let code = match error {
            AttendanceCodeError::Foreign => ErrorCode::AttendanceCodeForeign,
            AttendanceCodeError::Edited => ErrorCode::AttendanceCodeEdited,
            AttendanceCodeError::Stale => ErrorCode::AttendanceCodeStale,
            AttendanceCodeError::WrongDirection(_) => ErrorCode::AttendanceCodeDirection,
        };
        Self::new(code, error.to_string())
    }
}

impl From<CheckInError> for ApiError {
    fn from(error: CheckInError) -> Self {
        let code = match error {
            CheckInError::State(_) => ErrorCode::NotEnrolled,
            CheckInError::Already(_) => ErrorCode::AlreadyCheckedIn,
            CheckInError::TooEarly(_) => ErrorCode::CheckInTooEarly,
            CheckInError::Over(_) => ErrorCode::SessionOver,
            CheckInError::TooOften(_) => ErrorCode::CheckInLimitReached,
        };
        Self::new(code, error.to_string())
    }
}

impl From<CheckOutError> for ApiError {
    fn from(error: CheckOutError) -> Self {
        let code = match error {
            CheckOutError::NotCheckedIn(_) => ErrorCode::NotCheckedIn,
            CheckOutError::Already(_) => ErrorCode::AlreadyCheckedOut,
            CheckOutError::Over(_) => ErrorCode::SessionOver,
        };
        Self::new(code, error.to_string())
    }
}
