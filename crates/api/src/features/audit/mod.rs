//! The audit trail (审计), as those read it who watch over the others.

mod list;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_audit_records);
}
