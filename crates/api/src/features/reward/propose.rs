//! Putting an event on record that the rules reward.

use actix_web::post;
use domain::id::{MemberId, NodeId, RewardId};
use domain::official::Step;
use domain::reward::{Occurrence, Reward};
use domain::role::Permission;
use serde::{Deserialize, Serialize};
use storage::{StorageError, members, rewards};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::{ManagedRewardView, RewardedEventCode};
use crate::auth::caller::{Admin, Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::input;
use crate::http::json::Json;
use crate::http::time::BeijingTime;
use crate::use_case::{UseCase, Work};

/// 登记单项奖励
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RewardRequest {
    /// 党员编号
    member_id: Uuid,
    /// 奖励事项；首次报到奖励自动入账，不能登记
    #[schema(example = "wish_done")]
    event: RewardedEventCode,
    /// 发生时间，没有则为现在；不晚于现在，不早于 60 天前；按这一天计入每日上限
    #[schema(value_type = Option<String>, format = DateTime, example = json!(null))]
    happened_at: Option<BeijingTime>,
    /// 是哪一件，如微心愿、随手拍的编号，最多 40 字；同一件只奖励一次。设岗定责按月，以发生的月份为准
    #[schema(example = "微心愿 2026-018")]
    reference: String,
    /// 依据，最多 500 字
    #[schema(example = "心愿人已确认")]
    evidence: String,
}

/// 登记单项奖励
///
/// 由另一人核准后入账，分值、每日次数和积分上限按党员报到小区适用的积分规则。只能登记本级及下级单位的党员，以及在辖区报到的党员。
#[utoipa::path(tag = "单项奖励", params(
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已登记，待核准", body = ManagedRewardView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "辖区内没有这名党员", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已经登记过、该党员当时暂不计积分，或登记的是本人", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误，或幂等键已用于另一请求", body = Problem, content_type = "application/problem+json"),
))]
#[post("/rewards")]
pub(super) async fn propose_reward(
    caller: Authorized<needs::ProposeReward>,
    key: IdempotencyKey,
    request: Json<RewardRequest>,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let RewardRequest { member_id, event, happened_at, reference, evidence } = &request.0;
    let (member, event, happened_at) = (MemberId::new(*member_id), event.0, happened_at.map(|time| time.0));
    let (reference, evidence) = (input::line("reference", reference, 40)?, input::text("evidence", evidence, 500)?);
    let occurrence =
        move |now| Occurrence { member, event, happened_at: happened_at.unwrap_or(now), reference, evidence };
    use_case
        .once("propose_reward", key, &request.0, move |work| {
            let occurrence = occurrence(work.now);
            Box::pin(propose(work, caller, occurrence))
        })
        .await
}

async fn propose(
    work: &mut Work,
    caller: Authorized<needs::ProposeReward>,
    occurrence: Occurrence,
) -> ApiResult<ManagedRewardView> {
    let node = authority(work, &caller.admin, occurrence.member).await?;
    let id = RewardId::new(Uuid::now_v7());
    work.about("reward", id);
    work.because(occurrence.evidence.clone());
    let step = Step { by: caller.admin.official(), node, at: work.now };
    let reward = Reward::propose(id, occurrence, step)?;
    rewards::insert(&mut work.tx, &reward).await.map_err(on_record)?;
    let shown = rewards::find_within(&work.tx, &caller.scope, id).await?;
    Ok(ManagedRewardView::from(shown.ok_or_else(ApiError::not_found)?))
}

/// The organisation whose authority reaches the member, the nearest of the admin's; for others the member does not exist.
async fn authority(work: &Work, admin: &Admin, member: MemberId) -> ApiResult<NodeId> {
    for grant in admin.grants_for(Permission::ProposeReward) {
        let within = std::slice::from_ref(&grant.path);
        if members::find_answered_for(&work.tx, within, member).await?.is_some() {
            return Ok(grant.node);
        }
    }
    Err(ApiError::not_found())
}

fn on_record(error: StorageError) -> ApiError {
    if rewards::is_repeated(&error) {
        return ApiError::new(ErrorCode::AlreadyRewarded, "这件事已经登记过，同一件只奖励一次");
    }
    error.into()
}
