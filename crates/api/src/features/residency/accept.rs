//! The community accepts a member, who may serve from then on. The first time earns points, once in a life.

use actix_web::{post, web};
use domain::id::ResidencyId;
use domain::points::Actor;
use domain::residency::Side;
use storage::residencies;
use uuid::Uuid;

use super::view::ReportedResidencyView;
use crate::auth::caller::{Authorized, needs};
use crate::crediting;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::use_case::UseCase;

/// 社区接收报到
///
/// 接收后党员可以报名参加活动；第一次被接收时按规则记积分。
#[utoipa::path(tag = "报到", params(
    ("id" = Uuid, Path, description = "报到编号"),
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已接收", body = ReportedResidencyView),
    (status = 404, description = "没有这份报到", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "当前状态不能接收，或办理的是本人的报到", body = Problem, content_type = "application/problem+json"),
))]
#[post("/residencies/{id}/acceptance")]
pub(super) async fn accept_residency(
    caller: Authorized<needs::AcceptResidency>,
    id: web::Path<Uuid>,
    key: IdempotencyKey,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let id = ResidencyId::new(*id);
    let story = use_case.once("accept_residency", key, &id, move |work| {
        Box::pin(async move {
            let found = residencies::lock_within(&mut work.tx, Side::Community, &caller.scope, id).await?;
            let mut residency = found.ok_or_else(ApiError::not_found)?;
            work.about("residency", id);
            let first = !residencies::was_ever_accepted(&work.tx, residency.member).await?;
            residency.accept(caller.admin.official(), work.now)?;
            residencies::update(&mut work.tx, &residency).await?;
            if first {
                let actor = Actor::Admin(caller.admin.id);
                crediting::credit_first_residency(work, &residency, actor).await?;
            }
            let shown = residencies::find_within(&work.tx, &caller.scope, id).await?;
            Ok(ReportedResidencyView::from(shown.ok_or_else(ApiError::not_found)?))
        })
    });
    story.await
}
