//! Giving points to the community where one lives.

use actix_web::post;
use domain::donation::{self, Wish, donate, in_bounds};
use domain::exclusion::ExclusionKind;
use domain::id::{DonationId, MemberId, TransferId};
use domain::organisation::Node;
use serde::{Deserialize, Serialize};
use storage::{StorageError, donations, exclusions, organisations, purses, residencies, rulebooks, transfers};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::{DonationBalanceView, DonationView};
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 捐赠积分
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DonationRequest {
    /// 捐赠的积分，1 到 1000
    #[schema(example = 1)]
    amount: i64,
}

/// 捐赠积分
///
/// 捐给报到小区所在社区的积分池。捐赠后不能撤回，请确认后再提交。一次最多 1000 分，一年最多 3000 分，是否开放、起捐数额和每日上限按积分规则；不要求服务时长。
#[utoipa::path(tag = "捐赠", params(
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已捐赠，不能撤回", body = DonationBalanceView),
    (status = 409, description = "积分不足、账户冻结、暂不能使用积分、未完成报到或已达上限", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "积分数额有误，或幂等键已用于另一请求", body = Problem, content_type = "application/problem+json"),
))]
#[post("/donations")]
pub(super) async fn donate_points(
    caller: CurrentMember,
    key: IdempotencyKey,
    request: Json<DonationRequest>,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let points = request.0.amount;
    in_bounds(points)?;
    use_case.once("donate_points", key, &request.0, move |work| Box::pin(give(work, caller.member, points))).await
}

async fn give(work: &mut Work, member: MemberId, points: i64) -> ApiResult<DonationBalanceView> {
    let scope = work.scope.as_ref().ok_or_else(|| ApiError::from(ErrorCode::IdempotencyKeyMissing))?;
    let transfer = TransferId::of_key(scope.person, scope.operation, &scope.key);
    let community = community_of(work, member).await?;
    let mut purse = purses::lock(&mut work.tx, member).await?;
    let (this_year, today) = donations::given_this_year_and_today(&work.tx, member, work.now).await?;
    let excluded = exclusions::open_of(&work.tx, member).await?.contains(&ExclusionKind::Spending);
    let rules = rulebooks::in_force(&work.tx, work.now).await?.rules.donation;
    let id = DonationId::new(Uuid::now_v7());
    work.about("donation", id);
    let wish = Wish {
        id,
        transfer,
        points,
        community: (community.id, &community.name),
        this_year,
        today,
        excluded,
        rules: &rules,
        now: work.now,
        posted_at: work.wall,
    };
    let (donation, posting) = donate(&mut purse, wish)?;
    transfers::post(&mut work.tx, &posting).await.map_err(given_before)?;
    donations::insert(&mut work.tx, &donation).await?;
    Ok(DonationBalanceView::new(DonationView::new(donation, community.name), posting.balance_after()))
}

/// The community above the estate where the member is a resident, and stays one until this is done.
async fn community_of(work: &mut Work, member: MemberId) -> ApiResult<Node> {
    let open = residencies::lock_open(&mut work.tx, member).await?;
    let estate = donation::residence(open.as_ref())?;
    let estate = organisations::find(&work.tx, estate).await?.ok_or_else(ApiError::not_found)?;
    let parent = estate.parent.ok_or_else(ApiError::not_found)?;
    organisations::find(&work.tx, parent).await?.ok_or_else(ApiError::not_found)
}

/// The key's row is forgotten after some days, its transfer never.
fn given_before(error: StorageError) -> ApiError {
    if transfers::posted_before(&error) {
        return ApiError::new(ErrorCode::IdempotencyKeyReused, "这个幂等键早已用于一次捐赠，请换一个新的幂等键");
    }
    error.into()
}
