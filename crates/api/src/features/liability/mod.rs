//! The liability report (积分负债表): what was issued, what became of it, and what members may still spend.

mod show;
mod view;
mod workbook;

use utoipa_actix_web::service_config::ServiceConfig;

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes.service(show::show_liability);
}
