//! Refunding (退还): what a redemption took goes back, whoever closed it: the member, the clock, or an undone confirmation.
//! Whatever comes back, from a redemption or from a case of misconduct, pays what its member owes.

use domain::id::{LotId, MemberId};
use domain::points::{self, Actor, Grace, Posting};
use domain::redemption::Redemption;
use storage::{offers, purses, redemptions, rulebooks, transfers};
use uuid::Uuid;

use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::use_case::Work;

/// Gives points, piece and quota of a redemption back that was locked and has just been closed. Answers the balance after it.
pub async fn give_back(work: &mut Work, redemption: &Redemption, actor: Actor) -> ApiResult<i64> {
    let days = rulebooks::in_force(&work.tx, work.now).await?.rules.refund.grace_days;
    let spent = purses::lock_spent(&mut work.tx, redemption.member, redemption.transfer).await?;
    let (mut purse, spent) = spent.ok_or_else(|| ApiError::from(ErrorCode::Internal))?;
    let grace = Grace { days, lot: LotId::new(Uuid::now_v7()) };
    let posting = redemption.refund(&mut purse, &spent, grace, actor, work.wall).map_err(ApiError::internal)?;
    transfers::post(&mut work.tx, &posting).await?;
    if !redemptions::close(&mut work.tx, redemption).await? {
        return Err(ApiError::from(ErrorCode::StateConflict));
    }
    let offer = redemption.offer;
    work.at_last(move |work| Box::pin(async move { Ok(offers::give_one_back(&mut work.tx, offer).await?) }));
    let paid = if purse.debt() > 0 { pay_debt(work, redemption.member, &posting, actor).await? } else { None };
    Ok(paid.unwrap_or(posting).balance_after())
}

/// Pays what a member owes out of what just came back.
pub async fn pay_debt(work: &mut Work, member: MemberId, refund: &Posting, actor: Actor) -> ApiResult<Option<Posting>> {
    let mut purse = purses::lock(&mut work.tx, member).await?;
    let paid = points::pay_debt(&mut purse, refund, actor, work.now, work.wall);
    if let Some(paid) = &paid {
        transfers::post(&mut work.tx, paid).await?;
    }
    Ok(paid)
}
