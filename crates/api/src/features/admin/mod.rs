//! Administrators (管理员): who I am, and the accounts and roles of the others.

mod show_own;

use utoipa_actix_web::service_config::ServiceConfig;

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes.service(show_own::show_own_admin);
}
