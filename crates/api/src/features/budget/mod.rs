//! Issuance budgets (积分发放预算): what a year's points may cost, by funding source, and how much of it is gone.

mod list;
mod set;
mod view;

use domain::organisation::NodePath;
use utoipa_actix_web::service_config::ServiceConfig;

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes.service(list::list_budgets).service(set::set_budget);
}

/// Whether the scope reaches the district, whose budgets these are.
fn reaches_the_district(scope: &[NodePath]) -> bool {
    scope.iter().any(|path| path.covers(&NodePath::root()))
}
