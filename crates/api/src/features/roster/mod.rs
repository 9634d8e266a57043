//! The roster (名册): who is on it, and files that bring it up to date.

mod import;
mod list_imports;
mod list_members;
mod template;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(import::import_roster)
        .service(template::show_roster_template)
        .service(list_imports::list_roster_imports)
        .service(list_imports::show_roster_import)
        .service(list_members::list_members)
        .service(list_members::show_member);
}
