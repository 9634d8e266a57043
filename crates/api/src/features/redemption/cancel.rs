//! Giving a voucher back before it is used.

use actix_web::{post, web};
use domain::id::{MemberId, RedemptionId};
use domain::points::Actor;
use storage::redemptions;
use uuid::Uuid;

use super::view::{RedemptionBalanceView, RedemptionView};
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::refunding::give_back;
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
    let balance = give_back(work, &redemption, Actor::Member(member)).await?;
    let detail = redemptions::find_own(&work.tx, member, id).await?.ok_or_else(ApiError::not_found)?;
    Ok(RedemptionBalanceView::new(RedemptionView::new(detail, work.now), balance))
}
