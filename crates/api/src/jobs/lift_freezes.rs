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
    let (mut lifted, mut after) = (0, None);
    loop {
        let due = accounts::list_thawing(&app.database.read(), app.clock.business(), after, AT_ONCE).await?;
        let Some(last) = due.last() else { break };
        after = Some(*last);
        for member in due {
            let use_case = UseCase::internal(app.clone());
            match use_case.write("lift_freeze", move |work| Box::pin(lift(work, member))).await {
                Ok(()) => lifted += 1,
                Err(error) => tracing::error!(%member, %error, "a freeze could not be lifted"),
            }
        }
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
