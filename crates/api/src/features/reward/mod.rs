//! Rewards (单项奖励): single events that the rules reward, put on record by one person and credited when another agrees.

mod decide;
mod list;
mod propose;
mod view;

use domain::reward::RewardError;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::ApiError;
use crate::error_code::ErrorCode;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_own_rewards);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(propose::propose_reward)
        .service(list::list_rewards)
        .service(list::show_reward)
        .service(decide::approve_reward)
        .service(decide::refuse_reward);
}

impl From<RewardError> for ApiError {
    fn from(error: RewardError) -> Self {
        let code = match error {
            RewardError::Automatic => return Self::field("event", error),
            RewardError::Future | RewardError::TooLate => return Self::field("happened_at", error),
            RewardError::SamePerson => ErrorCode::SamePerson,
            RewardError::Excluded => ErrorCode::EarningStopped,
            RewardError::DistrictDecides => ErrorCode::DistrictDecides,
            RewardError::TooNear { .. } => ErrorCode::PatrolTooNear,
            RewardError::Decided(_) => ErrorCode::StateConflict,
        };
        Self::new(code, error.to_string())
    }
}
