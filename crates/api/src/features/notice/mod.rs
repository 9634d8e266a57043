//! Notices (到期提醒): which of my points go, and when.

mod list;

use utoipa_actix_web::service_config::ServiceConfig;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_notices);
}
