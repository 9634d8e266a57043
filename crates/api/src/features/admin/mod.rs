//! Administrators (管理员): who I am, and the accounts and roles of the others.

mod create;
mod disable;
mod grant_role;
mod list;
mod revoke_role;
mod show_own;
mod unlock;

use domain::role::GrantError;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::ApiError;
use crate::error_code::ErrorCode;

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(show_own::show_own_admin)
        .service(list::list_admins)
        .service(create::create_admin)
        .service(disable::disable_admin)
        .service(unlock::unlock_admin)
        .service(grant_role::grant_role)
        .service(revoke_role::revoke_role);
}

impl From<GrantError> for ApiError {
    fn from(error: GrantError) -> Self {
        let code = match error {
            GrantError::ToOneself => ErrorCode::SamePerson,
            GrantError::WrongNode | GrantError::Separation => ErrorCode::RoleNotGrantable,
        };
        Self::new(code, error.to_string())
    }
}
