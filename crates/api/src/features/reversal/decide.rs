//! An admin decides whether a confirmation is undone.

use actix_web::{post, web};
use domain::id::ReversalId;
use domain::points::Actor;
use domain::redemption::Redemption;
use domain::reversal::{Concerned, Reversal};
use serde::{Deserialize, Serialize};
use storage::{redemptions, reversals};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ReversalView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::input;
use crate::http::json::Json;
use crate::refunding::give_back;
use crate::use_case::{UseCase, Work};

type Decider = Authorized<needs::DecideReversal>;

/// 核准撤销核销
///
/// 由申请人、邀请该店员的人和持有人以外的人核准，核准后积分立即退回原来的批次，名额和库存恢复，券作废。须先再次验证动态码。
#[utoipa::path(tag = "核销", params(
    ("id" = Uuid, Path, description = "申请编号"),
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已撤销核销，积分已退回", body = ReversalView),
    (status = 403, description = "没有权限，或须再次验证动态码", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "辖区内没有这项申请", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已办理、已逾期，或您是申请人、邀请该店员的人或持有人", body = Problem, content_type = "application/problem+json"),
))]
#[post("/reversals/{id}/approval")]
pub(super) async fn approve_reversal(
    caller: Decider,
    id: web::Path<Uuid>,
    key: IdempotencyKey,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let id = ReversalId::new(*id);
    use_case.once("approve_reversal", key, &id, move |work| Box::pin(approve(work, caller, id))).await
}

/// 不通过撤销核销的申请
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefuseReversalRequest {
    /// 原因，最多 200 字
    #[schema(example = "顾客已取餐")]
    reason: String,
}

/// 不通过撤销核销的申请
///
/// 由申请人、邀请该店员的人和持有人以外的人办理，原核销不变。
#[utoipa::path(tag = "核销", params(("id" = Uuid, Path, description = "申请编号")), responses(
    (status = 200, description = "未通过", body = ReversalView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "辖区内没有这项申请", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已办理、已逾期，或您是申请人、邀请该店员的人或持有人", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写原因", body = Problem, content_type = "application/problem+json"),
))]
#[post("/reversals/{id}/refusal")]
pub(super) async fn refuse_reversal(
    caller: Decider,
    id: web::Path<Uuid>,
    request: Json<RefuseReversalRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ReversalView>> {
    let id = ReversalId::new(*id);
    let reason = input::text("reason", &request.0.reason, 200)?;
    let story = use_case.write("refuse_reversal", move |work| {
        Box::pin(async move {
            let (mut reversal, _, concerned) = lock(work, &caller, id).await?;
            work.because(reason.clone());
            reversal.refuse(caller.admin.official(), concerned, reason, work.now)?;
            keep(work, &caller, &reversal).await
        })
    });
    story.await.map(web::Json)
}

async fn approve(work: &mut Work, caller: Decider, id: ReversalId) -> ApiResult<ReversalView> {
    let (mut reversal, mut redemption, concerned) = lock(work, &caller, id).await?;
    caller.admin.stepped_up(work.wall)?;
    work.because(reversal.reason.clone());
    reversal.approve(&mut redemption, caller.admin.official(), concerned, work.now)?;
    give_back(work, &redemption, Actor::Admin(caller.admin.id)).await?;
    keep(work, &caller, &reversal).await
}

/// The request and its redemption; the redemption is locked first, as by whoever asks.
async fn lock(work: &mut Work, caller: &Decider, id: ReversalId) -> ApiResult<(Reversal, Redemption, Concerned)> {
    let found = reversals::find_within(&work.tx, &caller.scope, id).await?.ok_or_else(ApiError::not_found)?;
    work.about("reversal", id);
    let redemption = redemptions::lock_any(&mut work.tx, found.reversal.redemption).await?;
    let reversal = reversals::lock(&mut work.tx, id).await?.ok_or_else(ApiError::not_found)?;
    Ok((reversal, redemption.ok_or_else(ApiError::not_found)?, found.concerned))
}

async fn keep(work: &mut Work, caller: &Decider, reversal: &Reversal) -> ApiResult<ReversalView> {
    reversals::decide(&mut work.tx, reversal).await?;
    let shown = reversals::find_within(&work.tx, &caller.scope, reversal.id).await?;
    Ok(ReversalView::new(shown.ok_or_else(ApiError::not_found)?, work.now))
}
