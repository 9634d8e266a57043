//! The organisation (组织), as those who look for a place in it see it.

mod list_estates;

use utoipa_actix_web::service_config::ServiceConfig;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes.service(list_estates::list_estates);
}
