//! Proposing to put a member's points right.

use actix_web::post;
use domain::adjustment::{Adjustment, Proposal};
use domain::id::{AdjustmentId, HoldId, MemberId, NodeId};
use domain::official::Step;
use domain::role::Permission;
use serde::{Deserialize, Serialize};
use storage::{adjustments, holds, members, purses};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ManagedAdjustmentView;
use crate::auth::caller::{Admin, Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 提出积分调整
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdjustmentRequest {
    /// 党员编号
    member_id: Uuid,
    /// 调整的积分，增加为正，扣减为负，不能为 0，一次最多 10000
    #[schema(example = -5)]
    amount: i64,
    /// 原因，党员会看到，最多 200 字
    #[schema(example = "重复入账，予以更正")]
    reason: String,
}

/// 提出积分调整
///
/// 由另一人核准后生效，十四天内未核准的作废。扣减的积分立即冻结，核准后扣除，未通过或作废的解冻。
/// 只能调整本级及下级单位的党员，以及在辖区报到的党员。须先再次验证动态码。
#[utoipa::path(tag = "积分调整", params(
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已提出，待核准", body = ManagedAdjustmentView),
    (status = 403, description = "没有权限，或须再次验证动态码", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "辖区内没有这名党员", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "积分不足，或调整的是本人的积分", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "积分数额或原因有误，或幂等键已用于另一请求", body = Problem, content_type = "application/problem+json"),
))]
#[post("/adjustments")]
pub(super) async fn propose_adjustment(
    caller: Authorized<needs::ProposeAdjustment>,
    key: IdempotencyKey,
    request: Json<AdjustmentRequest>,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let reason = input::text("reason", &request.0.reason, 200)?;
    let proposal = Proposal { member: MemberId::new(request.0.member_id), amount: request.0.amount, reason };
    use_case.once("propose_adjustment", key, &request.0, move |work| Box::pin(propose(work, caller, proposal))).await
}

async fn propose(
    work: &mut Work,
    caller: Authorized<needs::ProposeAdjustment>,
    proposal: Proposal,
) -> ApiResult<ManagedAdjustmentView> {
    let node = authority(work, &caller.admin, proposal.member).await?;
    caller.admin.stepped_up(work.wall)?;
    let id = AdjustmentId::new(Uuid::now_v7());
    work.about("adjustment", id);
    work.because(proposal.reason.clone());
    let step = Step { by: caller.admin.official(), node, at: work.now };
    let mut adjustment = Adjustment::propose(id, proposal, step)?;
    let mut purse = purses::lock(&mut work.tx, adjustment.member).await?;
    if let Some(hold) = adjustment.reserve(&mut purse, HoldId::new(Uuid::now_v7()))? {
        holds::place(&mut work.tx, &hold).await?;
    }
    adjustments::insert(&mut work.tx, &adjustment).await?;
    let shown = adjustments::find_within(&work.tx, &caller.scope, id).await?.ok_or_else(ApiError::not_found)?;
    Ok(ManagedAdjustmentView::new(shown, work.now))
}

/// The organisation whose authority reaches the member, the nearest of the admin's; for others the member does not exist.
async fn authority(work: &Work, admin: &Admin, member: MemberId) -> ApiResult<NodeId> {
    for grant in admin.grants_for(Permission::ProposeAdjustment) {
        let within = std::slice::from_ref(&grant.path);
        if members::find_answered_for(&work.tx, within, member).await?.is_some() {
            return Ok(grant.node);
        }
    }
    Err(ApiError::not_found())
}
