//! Credits service whose publicity is over, one enrolment at a time, each in a transaction of its own.

use domain::enrolment::AttendanceError;
use domain::id::EnrolmentId;
use storage::{activities, activity_sessions, enrolments};

use crate::crediting;
use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::state::App;
use crate::use_case::{UseCase, Work};

const BATCH: u64 = 100;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let (mut credited, mut after) = (0, None);
    loop {
        let due = enrolments::publicity_ended(&app.database.read(), app.clock.business(), after, BATCH).await?;
        let Some(last) = due.last() else { return Ok(credited) };
        after = Some(*last);
        for id in due {
            let story = UseCase::internal(app.clone()).write("credit_service", move |work| Box::pin(settle(work, id)));
            match story.await {
                Ok(()) => credited += 1,
                // Another replica was faster.
                Err(error) if error.code == ErrorCode::StateConflict => {}
                Err(error) => tracing::error!(enrolment = %id, %error, "service could not be credited"),
            }
        }
    }
}

async fn settle(work: &mut Work, id: EnrolmentId) -> ApiResult<()> {
    let mut enrolment = enrolments::lock_any(&mut work.tx, id).await?.ok_or_else(ApiError::not_found)?;
    work.about("enrolment", id);
    enrolment
        .credit(work.now)
        .map_err(|error: AttendanceError| ApiError::new(ErrorCode::StateConflict, error.to_string()))?;
    let activity = activities::find_any(&work.tx, enrolment.activity).await?.ok_or_else(ApiError::not_found)?;
    let session = activity_sessions::find(&work.tx, enrolment.session).await?.ok_or_else(ApiError::not_found)?;
    crediting::credit_enrolment(work, &enrolment, &activity, &session).await?;
    Ok(enrolments::update(&mut work.tx, &enrolment).await?)
}
