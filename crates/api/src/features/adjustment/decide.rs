//! Another person decides about a proposed adjustment.

use actix_web::{post, web};
use domain::adjustment::Adjustment;
use domain::id::{AdjustmentId, LotId};
use domain::official::Step;
use domain::points::{Actor, Hold, Purse};
use domain::role::Permission;
use serde::{Deserialize, Serialize};
use storage::{adjustments, holds, organisations, purses, rulebooks, transfers};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ManagedAdjustmentView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

type Decider = Authorized<needs::DecideAdjustment>;

/// 核准积分调整
///
/// 由提出人以外的人核准，核准后立即入账。须先再次验证动态码。
#[utoipa::path(tag = "积分调整", params(
    ("id" = Uuid, Path, description = "调整编号"),
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已核准并入账", body = ManagedAdjustmentView),
    (status = 403, description = "没有权限，或须再次验证动态码", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这项调整", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已办理或已逾期，或提出人、党员与您是同一人", body = Problem, content_type = "application/problem+json"),
))]
#[post("/adjustments/{id}/approval")]
pub(super) async fn approve_adjustment(
    caller: Decider,
    id: web::Path<Uuid>,
    key: IdempotencyKey,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let id = AdjustmentId::new(*id);
    use_case.once("approve_adjustment", key, &id, move |work| Box::pin(approve(work, caller, id))).await
}

/// 不通过积分调整
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefuseAdjustmentRequest {
    /// 原因，最多 200 字
    #[schema(example = "经核实没有重复入账")]
    reason: String,
}

/// 不通过积分调整
///
/// 由提出人以外的人办理，冻结的积分立即解冻。须先再次验证动态码。
#[utoipa::path(tag = "积分调整", params(
    ("id" = Uuid, Path, description = "调整编号"),
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "未通过", body = ManagedAdjustmentView),
    (status = 403, description = "没有权限，或须再次验证动态码", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这项调整", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已办理或已逾期，或提出人、党员与您是同一人", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写原因", body = Problem, content_type = "application/problem+json"),
))]
#[post("/adjustments/{id}/refusal")]
pub(super) async fn refuse_adjustment(
    caller: Decider,
    id: web::Path<Uuid>,
    key: IdempotencyKey,
    request: Json<RefuseAdjustmentRequest>,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let id = AdjustmentId::new(*id);
    let reason = input::text("reason", &request.0.reason, 200)?;
    use_case
        .once("refuse_adjustment", key, &(id, &request.0), move |work| Box::pin(refuse(work, caller, id, reason)))
        .await
}

async fn approve(work: &mut Work, caller: Decider, id: AdjustmentId) -> ApiResult<ManagedAdjustmentView> {
    let (mut adjustment, step) = lock(work, &caller, id).await?;
    let (mut purse, mut hold) = lock_points(work, &adjustment).await?;
    let rules = rulebooks::in_force(&work.tx, work.now).await?.rules;
    let grant = (&rules, LotId::new(Uuid::now_v7()));
    let posting = adjustment.approve(&mut purse, hold.as_mut(), grant, step, work.wall)?;
    match &hold {
        Some(hold) => holds::post(&mut work.tx, hold, &posting).await?,
        None => transfers::post(&mut work.tx, &posting).await?,
    }
    keep(work, &caller, &adjustment).await
}

async fn refuse(
    work: &mut Work,
    caller: Decider,
    id: AdjustmentId,
    reason: String,
) -> ApiResult<ManagedAdjustmentView> {
    let (mut adjustment, step) = lock(work, &caller, id).await?;
    work.because(reason.clone());
    let (mut purse, mut hold) = lock_points(work, &adjustment).await?;
    adjustment.refuse(&mut purse, hold.as_mut(), step, reason)?;
    if let Some(hold) = &hold {
        let paid = hold.pay_debt(&mut purse, Actor::Admin(caller.admin.id), work.now, work.wall);
        holds::free(&mut work.tx, hold, paid.as_ref()).await?;
    }
    keep(work, &caller, &adjustment).await
}

/// The adjustment, and the step of an admin in the name of the nearest organisation with authority over the proposer.
async fn lock(work: &mut Work, caller: &Decider, id: AdjustmentId) -> ApiResult<(Adjustment, Step)> {
    let found = adjustments::lock_within(&mut work.tx, &caller.scope, id).await?;
    let adjustment = found.ok_or_else(ApiError::not_found)?;
    caller.admin.stepped_up(work.wall)?;
    work.about("adjustment", id);
    let proposer = organisations::find(&work.tx, adjustment.proposed.node).await?.ok_or_else(ApiError::not_found)?;
    let grants = caller.admin.grants_for(Permission::DecideAdjustment);
    let grant = grants.into_iter().find(|grant| grant.path.covers(&proposer.path)).ok_or_else(ApiError::not_found)?;
    Ok((adjustment, Step { by: caller.admin.official(), node: grant.node, at: work.now }))
}

async fn lock_points(work: &mut Work, adjustment: &Adjustment) -> ApiResult<(Purse, Option<Hold>)> {
    let purse = purses::lock(&mut work.tx, adjustment.member).await?;
    let hold = match adjustment.hold {
        Some(id) => Some(holds::find(&work.tx, id).await?.ok_or_else(ApiError::not_found)?),
        None => None,
    };
    Ok((purse, hold))
}

async fn keep(work: &mut Work, caller: &Decider, adjustment: &Adjustment) -> ApiResult<ManagedAdjustmentView> {
    adjustments::update(&mut work.tx, adjustment).await?;
    let shown = adjustments::find_within(&work.tx, &caller.scope, adjustment.id).await?;
    Ok(ManagedAdjustmentView::new(shown.ok_or_else(ApiError::not_found)?, work.now))
}
