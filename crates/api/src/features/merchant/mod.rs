//! Merchants (商家): who they are, where their stores are, and who confirms vouchers there.

mod create;
mod create_store;
mod invite_staff;
mod list;
mod list_staff;
mod query;
mod show;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_merchants).service(show::show_merchant);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(create::create_merchant)
        .service(list::list_managed_merchants)
        .service(show::show_managed_merchant)
        .service(create_store::create_store)
        .service(invite_staff::invite_staff)
        .service(list_staff::list_staff)
        .service(list_staff::end_staff);
}
