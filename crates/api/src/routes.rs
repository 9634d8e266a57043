//! The table of contents: every feature under `/api/v1`, and the door each audience passes: who it is, then what is asked.

use actix_web::middleware::from_fn;
use domain::session::Audience;
use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::identify::identify;
use crate::features;
use crate::http::unasked::refuse_unasked;

/// Where the API lives.
pub const BASE: &str = "/api/v1";

/// Signing in by WeChat, refreshing, signing out.
pub fn auth(routes: &mut ServiceConfig) {
    routes.configure(features::session::wechat_routes).configure(features::session::shared_routes);
}

/// Signing in as an admin, refreshing, signing out.
pub fn admin_auth(routes: &mut ServiceConfig) {
    routes.configure(features::session::admin_routes).configure(features::session::shared_routes);
}

/// What members use; what most of them ask for is looked for first.
pub fn member(routes: &mut ServiceConfig) {
    routes
        .configure(features::offer::member_routes)
        .configure(features::member::member_routes)
        .configure(features::points::member_routes)
        .configure(features::notice::member_routes)
        .configure(features::seal::member_routes)
        .configure(features::adjustment::member_routes)
        .configure(features::misconduct::member_routes)
        .configure(features::reward::member_routes)
        .configure(features::donation::member_routes)
        .configure(features::organisation::member_routes)
        .configure(features::residency::member_routes)
        .configure(features::activity::member_routes)
        .configure(features::enrolment::member_routes)
        .configure(features::objection::member_routes)
        .configure(features::merchant::member_routes)
        .configure(features::redemption::member_routes)
        .configure(features::complaint::member_routes);
}

/// What shop staff use.
pub fn merchant(routes: &mut ServiceConfig) {
    routes
        .configure(features::staff::merchant_routes)
        .configure(features::redemption::merchant_routes)
        .configure(features::reversal::merchant_routes)
        .configure(features::complaint::merchant_routes);
}

/// What admins use.
pub fn admin(routes: &mut ServiceConfig) {
    routes
        .configure(features::session::own_admin_routes)
        .configure(features::admin::admin_routes)
        .configure(features::audit::admin_routes)
        .configure(features::organisation::admin_routes)
        .configure(features::unit_pairing::admin_routes)
        .configure(features::roster::admin_routes)
        .configure(features::points::admin_routes)
        .configure(features::budget::admin_routes)
        .configure(features::liability::admin_routes)
        .configure(features::seal::admin_routes)
        .configure(features::ledger_finding::admin_routes)
        .configure(features::rulebook::admin_routes)
        .configure(features::adjustment::admin_routes)
        .configure(features::misconduct::admin_routes)
        .configure(features::reward::admin_routes)
        .configure(features::exclusion::admin_routes)
        .configure(features::donation::admin_routes)
        .configure(features::residency::admin_routes)
        .configure(features::activity::admin_routes)
        .configure(features::enrolment::admin_routes)
        .configure(features::objection::admin_routes)
        .configure(features::merchant::admin_routes)
        .configure(features::offer::admin_routes)
        .configure(features::redemption::admin_routes)
        .configure(features::reversal::admin_routes)
        .configure(features::member::admin_routes)
        .configure(features::complaint::admin_routes);
}

/// Mounts what the public listener serves; `/auth` is mounted by the caller, who knows which sign-ins it takes.
pub fn public(routes: &mut ServiceConfig) {
    let (member_door, merchant_door) = (
        scope("/member").wrap(from_fn(refuse_unasked)).wrap(from_fn(|r, n| identify(Some(Audience::Member), r, n))),
        scope("/merchant").wrap(from_fn(refuse_unasked)).wrap(from_fn(|r, n| identify(Some(Audience::Merchant), r, n))),
    );
    routes.service(member_door.configure(member)).service(merchant_door.configure(merchant));
}

/// Mounts what the management listener serves beside `/auth`.
pub fn management(routes: &mut ServiceConfig) {
    let door =
        scope("/admin").wrap(from_fn(refuse_unasked)).wrap(from_fn(|r, n| identify(Some(Audience::Admin), r, n)));
    routes.service(door.configure(admin));
}
