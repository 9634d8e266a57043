//! Another person decides about an event on record.

use actix_web::{post, web};
use domain::id::RewardId;
use domain::official::Step;
use domain::organisation::NodePath;
use domain::residency::ResidencyState;
use domain::reward::Reward;
use domain::role::Permission;
use serde::{Deserialize, Serialize};
use storage::{organisations, purses, residencies, rewards, rulebooks};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ManagedRewardView;
use crate::auth::caller::{Authorized, needs};
use crate::crediting;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

type Decider = Authorized<needs::DecideReward>;

/// 核准单项奖励
///
/// 由登记人和党员本人以外的人核准，核准后立即入账；见义勇为由区级核准。超出当日次数或积分上限的，超出部分不计分。须先再次验证动态码。
#[utoipa::path(tag = "单项奖励", params(
    ("id" = Uuid, Path, description = "奖励编号"),
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已核准并入账", body = ManagedRewardView),
    (status = 403, description = "没有权限，或须再次验证动态码", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这项奖励", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不能核准，原因见 code", body = Problem, content_type = "application/problem+json"),
))]
#[post("/rewards/{id}/approval")]
pub(super) async fn approve_reward(
    caller: Decider,
    id: web::Path<Uuid>,
    key: IdempotencyKey,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let id = RewardId::new(*id);
    use_case.once("approve_reward", key, &id, move |work| Box::pin(approve(work, caller, id))).await
}

/// 不通过单项奖励
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefuseRewardRequest {
    /// 原因，最多 200 字
    #[schema(example = "心愿人表示尚未完成")]
    reason: String,
}

/// 不通过单项奖励
///
/// 由登记人和党员本人以外的人办理；更正后可以重新登记。
#[utoipa::path(tag = "单项奖励", params(("id" = Uuid, Path, description = "奖励编号")), responses(
    (status = 200, description = "未通过", body = ManagedRewardView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这项奖励", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已办理，或登记人、党员与您是同一人", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写原因", body = Problem, content_type = "application/problem+json"),
))]
#[post("/rewards/{id}/refusal")]
pub(super) async fn refuse_reward(
    caller: Decider,
    id: web::Path<Uuid>,
    request: Json<RefuseRewardRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ManagedRewardView>> {
    let id = RewardId::new(*id);
    let reason = input::text("reason", &request.0.reason, 200)?;
    let story = use_case.write("refuse_reward", move |work| {
        Box::pin(async move {
            let (mut reward, step) = lock(work, &caller, id).await?;
            work.because(reason.clone());
            reward.refuse(step, reason)?;
            keep(work, &caller, &reward).await
        })
    });
    story.await.map(web::Json)
}

async fn approve(work: &mut Work, caller: Decider, id: RewardId) -> ApiResult<ManagedRewardView> {
    let (mut reward, step) = lock(work, &caller, id).await?;
    caller.admin.stepped_up(work.wall)?;
    let residency = residencies::find_open(&work.tx, reward.member).await?;
    let residency = residency.filter(|residency| residency.state == ResidencyState::Active);
    let estate = residency.ok_or_else(|| ApiError::new(ErrorCode::NotResident, "该党员尚未完成小区报到"))?.estate;
    let rulebook = rulebooks::in_force_at(&work.tx, estate, reward.happened_at).await?;
    // Two approvals for one member must see each other.
    let purse = purses::lock_accounts(&mut work.tx, reward.member).await?;
    let nearest = rewards::nearest(&work.tx, reward.member, reward.event, reward.happened_at).await?;
    let excluded = crediting::earning_stopped(work, reward.member, reward.happened_at).await?;
    let for_the_district = caller.scope.contains(&NodePath::root());
    reward.approve(step, for_the_district, excluded, nearest, &rulebook.rules.events)?;
    crediting::credit_reward(work, purse, &rulebook, &reward, step).await?;
    keep(work, &caller, &reward).await
}

/// The reward, and the step of an admin in the name of the nearest organisation with authority over the proposer.
async fn lock(work: &mut Work, caller: &Decider, id: RewardId) -> ApiResult<(Reward, Step)> {
    let reward = rewards::lock_within(&mut work.tx, &caller.scope, id).await?.ok_or_else(ApiError::not_found)?;
    work.about("reward", id);
    let proposer = organisations::find(&work.tx, reward.proposed.node).await?.ok_or_else(ApiError::not_found)?;
    let grants = caller.admin.grants_for(Permission::DecideReward);
    let grant = grants.into_iter().find(|grant| grant.path.covers(&proposer.path)).ok_or_else(ApiError::not_found)?;
    Ok((reward, Step { by: caller.admin.official(), node: grant.node, at: work.now }))
}

async fn keep(work: &mut Work, caller: &Decider, reward: &Reward) -> ApiResult<ManagedRewardView> {
    rewards::decide(&mut work.tx, reward).await?;
    let shown = rewards::find_within(&work.tx, &caller.scope, reward.id).await?;
    Ok(ManagedRewardView::from(shown.ok_or_else(ApiError::not_found)?))
}
