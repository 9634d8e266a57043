//! The organisation (组织): the tree as admins keep it, and as those who look for a place in it see it.

mod create;
mod list;
mod list_estates;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes.service(list_estates::list_estates);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_organisations).service(create::create_organisation);
}
