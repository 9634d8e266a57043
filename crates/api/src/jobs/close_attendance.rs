//! Settles at the planned end what nobody scanned: forgotten check-outs leave then, those who never came stayed away.

use domain::id::{ActivitySessionId, EnrolmentId};
use storage::{activity_sessions, enrolments};

use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::state::App;
use crate::use_case::{UseCase, Work};

const BATCH: u64 = 200;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let (mut closed, mut after) = (0, None);
    loop {
        let due = enrolments::unclosed(&app.database.read(), app.clock.business(), after, BATCH).await?;
        let Some((last, _)) = due.last() else { return Ok(closed) };
        after = Some(*last);
        for (id, session) in due {
            let use_case = UseCase::internal(app.clone());
            match use_case.write("close_attendance", move |work| Box::pin(close(work, id, session))).await {
                Ok(()) => closed += 1,
                // The member scanned just now, or another replica was faster.
                Err(error) if error.code == ErrorCode::StateConflict => {}
                Err(error) => tracing::error!(enrolment = %id, %error, "attendance could not be closed"),
            }
        }
    }
}

async fn close(work: &mut Work, id: EnrolmentId, session: ActivitySessionId) -> ApiResult<()> {
    let mut enrolment = enrolments::lock_any(&mut work.tx, id).await?.ok_or_else(ApiError::not_found)?;
    work.about("enrolment", id);
    let session = activity_sessions::find(&work.tx, session).await?.ok_or_else(ApiError::not_found)?;
    if !enrolment.close(&session, work.now) {
        return Err(ErrorCode::StateConflict.into());
    }
    Ok(enrolments::update(&mut work.tx, &enrolment).await?)
}
