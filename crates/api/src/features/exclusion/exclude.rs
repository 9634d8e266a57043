//! Stopping what a member earns or spends.

use actix_web::{HttpResponse, post};
use domain::exclusion::{Exclusion, ExclusionError, ExclusionKind};
use domain::id::{ExclusionId, MemberId};
use serde::Deserialize;
use storage::{StorageError, exclusions, purses};
use utoipa::ToSchema;
use uuid::Uuid;

use super::step;
use super::view::{ExclusionKindCode, ExclusionView};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 列入不参与名单
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExclusionRequest {
    /// 党员编号
    member_id: Uuid,
    /// 暂不计积分，还是暂不使用积分；两项分别办理
    #[schema(example = "spending")]
    kind: ExclusionKindCode,
}

/// 列入不参与名单
///
/// 立即生效，直至移出；系统不记录原因。暂不计积分的，此后开始的服务只记时长；暂不使用积分的，不能兑换和捐赠，已有的兑换券照常使用和取消。
/// 只能办理本单位的党员。
#[utoipa::path(tag = "不参与名单", responses(
    (status = 201, description = "已列入", body = ExclusionView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "本单位没有这名党员", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已在名单中，或办理的是本人", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/exclusions")]
pub(super) async fn exclude_member(
    caller: Authorized<needs::ManageExclusions>,
    request: Json<ExclusionRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let (member, kind) = (MemberId::new(request.0.member_id), request.0.kind.0);
    let story = use_case.write("exclude_member", move |work| Box::pin(exclude(work, caller, member, kind)));
    Ok(HttpResponse::Created().json(story.await?))
}

async fn exclude(
    work: &mut Work,
    caller: Authorized<needs::ManageExclusions>,
    member: MemberId,
    kind: ExclusionKind,
) -> ApiResult<ExclusionView> {
    let step = step(work, &caller.admin, member).await?;
    let id = ExclusionId::new(Uuid::now_v7());
    work.about("exclusion", id);
    // What is under way in the purse ends first, and whatever begins after the answer finds it stopped.
    purses::lock_accounts(&mut work.tx, member).await?;
    let open = exclusions::open_of(&work.tx, member).await?;
    let exclusion = Exclusion::exclude(id, member, kind, &open, step)?;
    exclusions::insert(&mut work.tx, &exclusion).await.map_err(repeated)?;
    let shown = exclusions::find_within(&work.tx, &caller.scope, id).await?;
    Ok(ExclusionView::from(shown.ok_or_else(ApiError::not_found)?))
}

/// The net below the lock.
fn repeated(error: StorageError) -> ApiError {
    if exclusions::is_repeated(&error) {
        return ExclusionError::AlreadyExcluded.into();
    }
    error.into()
}
