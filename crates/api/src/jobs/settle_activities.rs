//! Marks activities as settled once they have ended and nobody's service waits for anything any more. Whose absence can be
//! made up under any rules waits too.

use chrono::Duration;
use domain::points::rulebook::Record;
use storage::activities;

use crate::error::ApiResult;
use crate::error_code::ErrorCode;
use crate::state::App;
use crate::use_case::UseCase;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let story = UseCase::internal(app.clone()).write("settle_activities", |work| {
        Box::pin(async move {
            let made_up_for = Duration::days(Record::MADE_UP_WITHIN_DAYS_AT_MOST);
            let settled = activities::settle_ended(&mut work.tx, work.now, made_up_for).await?;
            // Nothing done leaves nothing in the audit trail.
            if settled == 0 { Err(ErrorCode::StateConflict.into()) } else { Ok(settled) }
        })
    });
    match story.await {
        Err(nothing) if nothing.code == ErrorCode::StateConflict => Ok(0),
        other => other,
    }
}
