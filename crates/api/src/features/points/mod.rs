//! Points (积分): what I have, how it came and went, and why it was that much.

mod explain_entry;
mod list_entries;
mod pending;
mod show_balance;
mod show_member_points;
mod show_receipt;

use domain::points::TransferKind;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::coded::Coded;

type TransferKindCode = Coded<TransferKind>;

/// What members use.
pub fn member_routes(routes: &mut ServiceConfig) {
    routes
        .service(show_balance::show_balance)
        .service(pending::show_pending_points)
        .service(list_entries::list_entries)
        .service(explain_entry::explain_entry)
        .service(show_receipt::show_receipt);
}

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes.service(show_member_points::show_member_points);
}
