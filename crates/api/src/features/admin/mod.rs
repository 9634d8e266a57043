//! Administrators (管理员): who I am, and the accounts and roles of the others.

mod create;
mod disable;
mod grant_role;
mod list;
mod revoke_role;
mod show_own;
mod unlock;

use domain::code::Code;
use domain::id::AdminId;
use domain::role::{GrantError, Role};
use storage::role_grants;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::use_case::Work;

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

/// Refuses if nobody else could fill a role that the service cannot be without. Two who are sent away at once queue for
/// the role's grants, so neither leaves the other as the last.
async fn must_leave_another(work: &mut Work, admin: AdminId, role: Role) -> ApiResult<()> {
    if !role.is_indispensable() {
        return Ok(());
    }
    let holders = role_grants::lock_holders(&mut work.tx, role).await?;
    if holders.iter().any(|holder| *holder != admin) {
        return Ok(());
    }
    let detail = format!("这是最后一名{}，请先授予另一人", role.label());
    Err(ApiError::new(ErrorCode::LastAdmin, detail))
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
