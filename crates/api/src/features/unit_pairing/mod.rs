//! Pairings (结队): a home unit enters a community as a block.

mod create;
mod list;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_unit_pairings).service(create::create_unit_pairing);
}
