//! Redeeming an offer: points, stock and quota in one transaction.

use actix_web::post;
use domain::id::{OfferId, RedemptionId, TransferId};
use domain::offer::OfferState;
use domain::redemption::{Wish, available, redeem};
use domain::voucher;
use serde::{Deserialize, Serialize};
use storage::{StorageError, members, offers, purses, redemptions, rulebooks, transfers};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::{RedemptionBalanceView, RedemptionView};
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// 兑换优惠
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RedeemRequest {
    /// 优惠编号
    offer_id: Uuid,
}

/// 兑换优惠
///
/// 扣减积分和库存，得到一张兑换券；券码和二维码另行查看。使用前可以取消，积分退回。
#[utoipa::path(tag = "兑换", params(
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已兑换", body = RedemptionBalanceView),
    (status = 404, description = "没有这个优惠", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不能兑换，原因见 code", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误，或幂等键已用于另一请求", body = Problem, content_type = "application/problem+json"),
))]
#[post("/redemptions")]
pub(super) async fn redeem_offer(
    caller: CurrentMember,
    key: IdempotencyKey,
    request: Json<RedeemRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<Answer> {
    let offer = OfferId::new(request.0.offer_id);
    let permit = app.offer_gates.enter(offer.uuid()).await?;
    use_case.behind(permit).once("redeem_offer", key, &request.0, move |work| Box::pin(take(work, caller, offer))).await
}

async fn take(work: &mut Work, caller: CurrentMember, offer: OfferId) -> ApiResult<RedemptionBalanceView> {
    let member = caller.member;
    let scope = work.scope.as_ref().ok_or_else(|| ApiError::from(ErrorCode::IdempotencyKeyMissing))?;
    let transfer = TransferId::of_key(scope.person, scope.operation, &scope.key);
    let shown = |state| matches!(state, OfferState::Listed | OfferState::Paused | OfferState::Ended);
    let found = offers::find_any(&work.tx, offer).await?.filter(|(offer, _)| shown(offer.state));
    let (offer, merchant) = found.ok_or_else(ApiError::not_found)?;
    available(&offer, &merchant, work.now)?;
    let rules = rulebooks::in_force(&work.tx, work.now).await?.rules;
    let unit = members::find(&work.tx, member).await?.ok_or_else(ApiError::not_found)?.unit;

    let mut purse = purses::lock(&mut work.tx, member).await?;
    let usage = redemptions::usage(&work.tx, member, offer.id, work.now).await?;
    let id = RedemptionId::new(Uuid::now_v7());
    work.about("redemption", id);
    let (now, posted_at) = (work.now, work.wall);
    let wish = Wish { id, transfer, unit, offer: &offer, merchant: &merchant, usage, rules: &rules, now, posted_at };
    let (redemption, posting) = redeem(&mut purse, wish)?;

    transfers::post(&mut work.tx, &posting).await.map_err(spent_before)?;
    let key = work.app.voucher_key;
    let code_hash = voucher::lookup_hash(&key, &voucher::code(&key, id));
    redemptions::insert(&mut work.tx, &redemption, code_hash).await?;
    let (id, price) = (offer.id, offer.promise.price);
    work.at_last(move |work| Box::pin(take_piece(work, id, price)));
    let view = RedemptionView::of(redemption, merchant.name, None, work.now);
    Ok(RedemptionBalanceView::new(view, posting.balance_after()))
}

/// The offer was only looked at so far; whoever was quicker, or paused it, is noticed here.
async fn take_piece(work: &mut Work, id: OfferId, price: i64) -> ApiResult<()> {
    if offers::take_one(&mut work.tx, id, price).await? {
        return Ok(());
    }
    let (offer, merchant) = offers::find_any(&work.tx, id).await?.ok_or_else(ApiError::not_found)?;
    available(&offer, &merchant, work.now)?;
    Err(ApiError::new(ErrorCode::StillRunning, "兑换的人太多，请再试一次"))
}

/// The key's row is forgotten after some days, its transfer never.
fn spent_before(error: StorageError) -> ApiError {
    if transfers::posted_before(&error) {
        return ApiError::new(ErrorCode::IdempotencyKeyReused, "这个幂等键早已用于一次兑换，请换一个新的幂等键");
    }
    error.into()
}
