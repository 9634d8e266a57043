//! Marks activities as settled once they have ended and nobody's service waits for anything any more.

use chrono::Duration;
use storage::{activities, rulebooks};

use crate::error::ApiResult;
use crate::error_code::ErrorCode;
use crate::state::App;
use crate::use_case::UseCase;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let story = UseCase::internal(app.clone()).write("settle_activities", |work| {
        Box::pin(async move {
            let days = rulebooks::in_force(&work.tx, work.now).await?.rules.record.made_up_within_days;
            let settled = activities::settle_ended(&mut work.tx, work.now, Duration::days(days.into())).await?;
            // Nothing done leaves nothing in the audit trail.
            if settled == 0 { Err(ErrorCode::StateConflict.into()) } else { Ok(settled) }
        })
    });
    match story.await {
        Err(nothing) if nothing.code == ErrorCode::StateConflict => Ok(0),
        other => other,
    }
}
