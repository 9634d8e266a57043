//! Confirming a voucher: of all who try, one succeeds, and the others learn who, when and where.

use actix_web::{post, web};
use domain::id::RedemptionId;
use domain::merchant::Staff;
use storage::redemptions::{self, RedemptionDetail};
use uuid::Uuid;

use super::not_verified;
use super::view::VoucherView;
use crate::auth::caller::CurrentStaff;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::use_case::{UseCase, Work};

/// 核销兑换券
///
/// 只能核销本商家的，每张一次。已被核销时答复 already_verified，facts 中有核销的时间、店员和门店。
#[utoipa::path(tag = "核销", params(
    ("id" = Uuid, Path, description = "兑换券编号"),
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已核销", body = VoucherView),
    (status = 404, description = "没有这张券，或不是本商家的", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已核销、已取消或已过期", body = Problem, content_type = "application/problem+json"),
))]
#[post("/vouchers/{id}/verification")]
pub(super) async fn verify_voucher(
    caller: CurrentStaff,
    id: web::Path<Uuid>,
    key: IdempotencyKey,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let id = RedemptionId::new(*id);
    use_case.once("verify_voucher", key, &id, move |work| Box::pin(verify(work, caller.staff, id))).await
}

async fn verify(work: &mut Work, staff: Staff, id: RedemptionId) -> ApiResult<VoucherView> {
    let found = find(work, &staff, id).await?;
    work.about("redemption", id);
    let decided = found.redemption.clone().verify(&staff, work.now);
    let verification = decided.map_err(|error| not_verified(error, &found))?;
    let won = redemptions::verify(&mut work.tx, id, verification).await?;
    let found = find(work, &staff, id).await?;
    if won {
        return Ok(VoucherView::new(found, work.now));
    }
    let refusal = found.redemption.clone().verify(&staff, work.now).err();
    Err(refusal.map_or_else(|| ApiError::from(crate::ErrorCode::StillRunning), |error| not_verified(error, &found)))
}

async fn find(work: &Work, staff: &Staff, id: RedemptionId) -> ApiResult<RedemptionDetail> {
    redemptions::find_of_merchant(&work.tx, staff.merchant, id).await?.ok_or_else(ApiError::not_found)
}
