//! Lets members spend again whose time is over, each in a transaction of its own.

use domain::id::MemberId;
use storage::{accounts, purses};

use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// Members who are looked for at once.
const AT_ONCE: u64 = 200;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let mut lifted = 0;
    loop {
        let due = accounts::list_thawing(&app.database.read(), app.clock.business(), AT_ONCE).await?;
        let mut done = 0;
        for member in due {
            let use_case = UseCase::internal(app.clone());
            match use_case.write("lift_freeze", move |work| Box::pin(lift(work, member))).await {
                Ok(()) => done += 1,
                Err(error) => tracing::error!(%member, %error, "a freeze could not be lifted"),
            }
        }
        if done == 0 {
            break;
        }
        lifted += done;
    }
    Ok(lifted)
}

async fn lift(work: &mut Work, member: MemberId) -> ApiResult<()> {
    work.about("member", member);
    purses::lock_accounts(&mut work.tx, member).await?;
    if accounts::lift_freeze(&mut work.tx, member, work.now).await? {
        return Ok(());
    }
    Err(ApiError::from(ErrorCode::StateConflict))
}
