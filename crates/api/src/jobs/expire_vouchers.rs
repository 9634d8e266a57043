//! Lets vouchers expire whose days are over: everything they took goes back, each in a transaction of its own.

use domain::id::RedemptionId;
use domain::points::Actor;
use storage::redemptions;

use crate::error::{ApiError, ApiResult};
use crate::refunding::give_back;
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// Vouchers that are looked for at once.
const AT_ONCE: u64 = 200;

/// After so many vouchers the round ends, so that the lease is renewed before it runs out.
const IN_A_ROUND: u64 = 5_000;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let (mut expired, mut after) = (0, None);
    while expired < IN_A_ROUND {
        let due = redemptions::list_overdue(&app.database.read(), app.clock.business(), after, AT_ONCE).await?;
        let Some(last) = due.last() else { break };
        after = Some(*last);
        for (_, id) in due {
            let use_case = UseCase::internal(app.clone());
            match use_case.write("expire_voucher", move |work| Box::pin(expire(work, id))).await {
                Ok(()) => expired += 1,
                Err(error) => tracing::error!(redemption = %id, %error, "a voucher could not expire"),
            }
        }
    }
    Ok(expired)
}

async fn expire(work: &mut Work, id: RedemptionId) -> ApiResult<()> {
    work.about("redemption", id);
    let mut redemption = redemptions::lock_any(&mut work.tx, id).await?.ok_or_else(ApiError::not_found)?;
    redemption.expire(work.now)?;
    give_back(work, &redemption, Actor::Job).await?;
    Ok(())
}
