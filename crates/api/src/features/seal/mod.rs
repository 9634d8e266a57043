//! Seals (账本封存) as they are published, without anybody's data: what a receipt is checked against.

mod list;
mod list_keys;
mod show;

use utoipa_actix_web::service_config::ServiceConfig;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_seals).service(show::show_seal).service(list_keys::list_seal_keys);
}

/// What admins use, auditors among them.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(list::list_managed_seals)
        .service(show::show_managed_seal)
        .service(list_keys::list_managed_seal_keys);
}
