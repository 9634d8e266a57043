//! The rulebook (积分规则): drafted by one person, made effective by another, and tried on the past before.

mod draft;
mod list;
mod rules;
mod show;
mod simulate;
mod step;
mod view;

use domain::id::RulebookId;
use domain::points::Rulebook;
use domain::points::rulebook::{Edition, EditionError};
use domain::time::Instant;
use storage::rulebooks;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::caller::{Authorized, Needs};
use crate::error::{ApiError, ApiResult, FieldProblem};
use crate::error_code::ErrorCode;
use crate::use_case::Work;

/// What admins use.
pub fn admin_routes(routes: &mut ServiceConfig) {
    routes
        .service(draft::draft_rulebook)
        .service(list::list_rulebooks)
        .service(show::show_rulebook)
        .service(draft::change_rulebook)
        .service(step::check_rulebook)
        .service(step::approve_rulebook)
        .service(step::discard_rulebook)
        .service(simulate::simulate_rulebook)
        .service(simulate::show_rulebook_simulation);
}

/// Locks a version in the caller's subtrees, its scope first.
async fn lock<P: Needs>(work: &mut Work, caller: &Authorized<P>, id: RulebookId) -> ApiResult<Edition> {
    work.about("rulebook", id);
    let found = rulebooks::find_within(&work.tx, &caller.scope, id).await?.ok_or_else(ApiError::not_found)?;
    rulebooks::lock_scope(&mut work.tx, found.edition.scope).await?;
    rulebooks::lock(&mut work.tx, id).await?.ok_or_else(ApiError::not_found)
}

/// The district's rules when a version is to begin: what only they say, no version below them changes.
async fn district_rules(work: &Work, from: Instant) -> ApiResult<Rulebook> {
    Ok(rulebooks::in_force(&work.tx, from.max(work.now)).await?.rules)
}

/// Keeps the step that a locked version took, and shows it.
async fn kept<P: Needs>(work: &mut Work, caller: &Authorized<P>, edition: &Edition) -> ApiResult<view::RulebookView> {
    if !rulebooks::save(&mut work.tx, edition, work.now).await? {
        return Err(ErrorCode::StateConflict.into());
    }
    show::shown(&work.tx, &caller.scope, edition.id, work.now).await
}

impl From<EditionError> for ApiError {
    fn from(error: EditionError) -> Self {
        let code = match &error {
            EditionError::State(_) | EditionError::NotDrafter => ErrorCode::StateConflict,
            EditionError::SamePerson => ErrorCode::SamePerson,
            EditionError::TooLate => ErrorCode::RulebookTooLate,
            EditionError::Overlap(_) => ErrorCode::RulebookOverlap,
            EditionError::EndsBeforeStart | EditionError::DistrictWithEnd => return Self::field("last_day", error),
            EditionError::Faults(faults) => {
                let mut refusal = Self::from(ErrorCode::InvalidInput);
                let problem = |field: &str, message: &str| FieldProblem {
                    field: format!("rules.{field}"),
                    message: message.to_owned(),
                };
                refusal.errors = faults.iter().map(|fault| problem(fault.field, &fault.sentence)).collect();
                return refusal;
            }
        };
        Self::new(code, error.to_string())
    }
}
