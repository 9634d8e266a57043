//! The member takes a report back, or leaves the estate.

use actix_web::{post, web};
use domain::id::{MemberId, ResidencyId};
use domain::residency::LeavingReason;
use serde::Deserialize;
use storage::residencies;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ResidencyView;
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::coded::Coded;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

type LeavingReasonCode = Coded<LeavingReason>;

/// 离开小区
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LeaveRequest {
    /// 原因
    reason: LeavingReasonCode,
}

/// 撤回报到
///
/// 社区接收之前可以撤回，撤回后可以重新报到。
#[utoipa::path(tag = "报到", params(("id" = Uuid, Path, description = "报到编号")), responses(
    (status = 200, description = "已撤回", body = ResidencyView),
    (status = 404, description = "没有这份报到", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "当前状态不能撤回", body = Problem, content_type = "application/problem+json"),
))]
#[post("/residencies/{id}/withdrawal")]
pub(super) async fn withdraw_residency(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    use_case: UseCase,
) -> ApiResult<web::Json<ResidencyView>> {
    let id = ResidencyId::new(*id);
    let story = use_case.write("withdraw_residency", move |work| Box::pin(close(work, caller.member, id, None)));
    story.await.map(web::Json)
}

/// 离开小区
///
/// 结束已被接收的报到，之后可以到别的小区报到。
#[utoipa::path(tag = "报到", params(("id" = Uuid, Path, description = "报到编号")), responses(
    (status = 200, description = "已离开", body = ResidencyView),
    (status = 404, description = "没有这份报到", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "当前状态不能离开", body = Problem, content_type = "application/problem+json"),
))]
#[post("/residencies/{id}/leaving")]
pub(super) async fn leave_residency(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    request: Json<LeaveRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ResidencyView>> {
    let (id, reason) = (ResidencyId::new(*id), request.0.reason.0);
    let story = use_case.write("leave_residency", move |work| Box::pin(close(work, caller.member, id, Some(reason))));
    story.await.map(web::Json)
}

async fn close(
    work: &mut Work,
    member: MemberId,
    id: ResidencyId,
    leaving: Option<LeavingReason>,
) -> ApiResult<ResidencyView> {
    let mut residency = residencies::lock_own(&mut work.tx, member, id).await?.ok_or_else(ApiError::not_found)?;
    work.about("residency", id);
    match leaving {
        Some(reason) => residency.leave(reason, work.now)?,
        None => residency.withdraw(work.now)?,
    }
    residencies::update(&mut work.tx, &residency).await?;
    let own = residencies::find_own(&work.tx, member, id).await?.ok_or_else(ApiError::not_found)?;
    Ok(own.into())
}
