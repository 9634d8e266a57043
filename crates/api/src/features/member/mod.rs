//! The member (党员): who I am, my consent, my phone number, my place on the roster.

mod show_own;

use utoipa_actix_web::service_config::ServiceConfig;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes.service(show_own::show_own_member);
}
