//! Lets holds expire whose time is over, each in a transaction of its own: what they reserved is free again.

use domain::id::{HoldId, MemberId};
use domain::points::{Actor, HoldError};
use storage::{holds, purses};

use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// Holds that are looked for at once.
const AT_ONCE: u64 = 200;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let (mut expired, mut after) = (0, None);
    loop {
        let due = holds::list_overdue(&app.database.read(), app.clock.business(), after, AT_ONCE).await?;
        let Some((last, _)) = due.last() else { break };
        after = Some(*last);
        for (id, member) in due {
            let use_case = UseCase::internal(app.clone());
            match use_case.write("expire_hold", move |work| Box::pin(expire(work, id, member))).await {
                Ok(()) => expired += 1,
                // Somebody was faster.
                Err(error) if error.code == ErrorCode::StateConflict => {}
                Err(error) => tracing::error!(hold = %id, %error, "a hold could not expire"),
            }
        }
    }
    Ok(expired)
}

async fn expire(work: &mut Work, id: HoldId, member: MemberId) -> ApiResult<()> {
    work.about("hold", id);
    let mut purse = purses::lock(&mut work.tx, member).await?;
    let mut hold = holds::find(&work.tx, id).await?.ok_or_else(ApiError::not_found)?;
    match hold.expire(&mut purse, work.now) {
        Ok(()) => {
            let paid = hold.pay_debt(&mut purse, Actor::Job, work.now, work.wall);
            Ok(holds::free(&mut work.tx, &hold, paid.as_ref()).await?)
        }
        Err(error @ HoldError::Ended(_)) => Err(ApiError::new(ErrorCode::StateConflict, error.to_string())),
        Err(error) => Err(ApiError::internal(error)),
    }
}
