//! Signing in and out (登录): WeChat for members and shops, password and TOTP for admins.

mod change_password;
mod log_in_admin;
mod log_in_wechat;
mod log_out;
mod refresh;
mod step_up;

use utoipa_actix_web::service_config::ServiceConfig;

/// What members and shop staff use.
pub fn wechat_routes(routes: &mut ServiceConfig) {
    routes.service(log_in_wechat::log_in_wechat);
}

/// What every audience uses, without an access token.
pub fn shared_routes(routes: &mut ServiceConfig) {
    routes.service(refresh::refresh_session).service(log_out::log_out_session);
}

/// What admins use, without an access token.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes.service(log_in_admin::log_in_admin);
}

/// What a signed-in admin does to their own session.
pub fn own_admin_routes(routes: &mut ServiceConfig) {
    routes.service(step_up::step_up_session).service(change_password::change_password);
}
