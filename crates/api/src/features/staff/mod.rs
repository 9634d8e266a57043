//! Shop staff (店员): who I am and which shop I work for.

mod accept_invitation;
mod show_own;

use utoipa_actix_web::service_config::ServiceConfig;

/// What shop staff use.
pub fn merchant_routes(routes: &mut ServiceConfig) {
    routes.service(show_own::show_own_staff).service(accept_invitation::accept_invitation);
}
