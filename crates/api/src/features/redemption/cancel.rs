//! Giving a voucher back before it is used.

use actix_web::{post, web};
use domain::id::{LotId, MemberId, RedemptionId};
use domain::points::{Actor, Grace, Posting};
use domain::redemption::Redemption;
use storage::{offers, purses, redemptions, rulebooks, transfers};
use uuid::Uuid;

use super::view::{RedemptionBalanceView, RedemptionView};
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::use_case::{UseCase, Work};

/// 取消兑换
///
/// 使用前可以取消，积分退回原来的批次，原批次已到期的按积分规则延期。
#[utoipa::path(tag = "兑换", params(
    ("id" = Uuid, Path, description = "兑换编号"),
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已取消，积分已退回", body = RedemptionBalanceView),
    (status = 404, description = "没有这次兑换", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已核销、已取消或已过期", body = Problem, content_type = "application/problem+json"),
))]
#[post("/redemptions/{id}/cancellation")]
pub(super) async fn cancel_redemption(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    key: IdempotencyKey,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let id = RedemptionId::new(*id);
    use_case.once("cancel_redemption", key, &id, move |work| Box::pin(cancel(work, caller.member, id))).await
}

async fn cancel(work: &mut Work, member: MemberId, id: RedemptionId) -> ApiResult<RedemptionBalanceView> {
    let locked = redemptions::lock_own(&mut work.tx, member, id).await?;
    let mut redemption = locked.ok_or_else(ApiError::not_found)?;
    work.about("redemption", id);
    redemption.cancel(work.now)?;
    let posting = give_back(work, &redemption, Actor::Member(member)).await?;
    let detail = redemptions::find_own(&work.tx, member, id).await?.ok_or_else(ApiError::not_found)?;
    Ok(RedemptionBalanceView::new(RedemptionView::new(detail, work.now), posting.balance_after()))
}

/// Gives points, piece and quota of a redemption back that was locked and has just been closed.
pub(crate) async fn give_back(work: &mut Work, redemption: &Redemption, actor: Actor) -> ApiResult<Posting> {
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
    Ok(posting)
}
