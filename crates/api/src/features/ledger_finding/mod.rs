//! Ledger findings (账目差异): what reconciliation found wrong, explained by the district and closed by the auditor.

mod close;
mod explain;
mod list;
mod show;
mod view;

use domain::id::FindingId;
use domain::ledger_finding::{Finding, FindingError};
use storage::ledger_findings;
use utoipa_actix_web::service_config::ServiceConfig;

use self::view::LedgerFindingView;
use crate::auth::caller::{Authorized, Needs};
use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::use_case::Work;

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(list::list_ledger_findings)
        .service(show::show_ledger_finding)
        .service(explain::explain_ledger_finding)
        .service(close::close_ledger_finding);
}

/// Locks a finding in the caller's subtrees.
async fn lock<P: Needs>(work: &mut Work, caller: &Authorized<P>, id: FindingId) -> ApiResult<Finding> {
    work.about("ledger_finding", id);
    let found = ledger_findings::lock_within(&mut work.tx, &caller.scope, id).await?;
    found.ok_or_else(ApiError::not_found)
}

/// What became of a finding that was locked.
async fn show_again<P: Needs>(work: &Work, caller: &Authorized<P>, id: FindingId) -> ApiResult<LedgerFindingView> {
    let found = ledger_findings::find_within(&work.tx, &caller.scope, id).await?;
    Ok(found.ok_or_else(ApiError::not_found)?.into())
}

impl From<FindingError> for ApiError {
    fn from(error: FindingError) -> Self {
        let code = match error {
            FindingError::Closed | FindingError::NotExplained => ErrorCode::StateConflict,
            FindingError::SamePerson => ErrorCode::SamePerson,
            FindingError::StillWrong => ErrorCode::FindingStands,
        };
        Self::new(code, error.to_string())
    }
}
