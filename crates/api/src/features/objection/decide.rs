//! Somebody who had no part in it decides an objection.

use actix_web::{post, web};
use domain::enrolment::Enrolment;
use domain::id::ObjectionId;
use domain::objection::{Decision, Objection, ObjectionError};
use domain::official::{Official, Step};
use domain::role::Permission;
use serde::Deserialize;
use storage::{activities, admins, enrolments, objections, organisations};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ManagedObjectionView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

type Handler = Authorized<needs::ReviewAttendance>;

/// 处理异议
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectionDecisionRequest {
    /// 答复，提出人会看到；异议成立的，也是该党员看到的未通过原因，其中不要写明提出人。最多 500 字
    #[schema(example = "经向负责人和同组人员核实，情况属实")]
    answer: String,
}

/// 异议成立
///
/// 该次服务不再入账，党员看到审核未通过和答复。由负责人、审核人、提出人和党员本人以外的人处理。
#[utoipa::path(tag = "公示和异议", params(("id" = Uuid, Path, description = "异议编号")), responses(
    (status = 200, description = "异议成立", body = ManagedObjectionView),
    (status = 404, description = "辖区内没有这条异议", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已处理，或您是当事人、已参与确认或审核", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写答复", body = Problem, content_type = "application/problem+json"),
))]
#[post("/objections/{id}/upholding")]
pub(super) async fn uphold_objection(
    caller: Handler,
    id: web::Path<Uuid>,
    request: Json<ObjectionDecisionRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ManagedObjectionView>> {
    let (id, answer) = read(*id, &request)?;
    let story =
        use_case.write("uphold_objection", move |work| Box::pin(decide(work, caller, id, answer, Objection::uphold)));
    story.await.map(web::Json)
}

/// 异议不成立
///
/// 该次服务恢复公示，截止时间不变；已过截止时间的随即入账。由负责人、审核人、提出人和党员本人以外的人处理。
#[utoipa::path(tag = "公示和异议", params(("id" = Uuid, Path, description = "异议编号")), responses(
    (status = 200, description = "异议不成立", body = ManagedObjectionView),
    (status = 404, description = "辖区内没有这条异议", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已处理，或您是当事人、已参与确认或审核", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写答复", body = Problem, content_type = "application/problem+json"),
))]
#[post("/objections/{id}/dismissal")]
pub(super) async fn dismiss_objection(
    caller: Handler,
    id: web::Path<Uuid>,
    request: Json<ObjectionDecisionRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ManagedObjectionView>> {
    let (id, answer) = read(*id, &request)?;
    let story =
        use_case.write("dismiss_objection", move |work| Box::pin(decide(work, caller, id, answer, Objection::dismiss)));
    story.await.map(web::Json)
}

fn read(id: Uuid, request: &Json<ObjectionDecisionRequest>) -> ApiResult<(ObjectionId, String)> {
    Ok((ObjectionId::new(id), input::text("answer", &request.0.answer, 500)?))
}

type Verdict = fn(&mut Objection, &mut Enrolment, Official, Decision) -> Result<(), ObjectionError>;

async fn decide(
    work: &mut Work,
    caller: Handler,
    id: ObjectionId,
    answer: String,
    verdict: Verdict,
) -> ApiResult<ManagedObjectionView> {
    let (mut objection, mut service) = lock(work, &caller, id).await?;
    work.about("objection", id);
    work.because(answer.clone());
    let step = step(work, &caller, &service).await?;
    let review = service.review.as_ref().ok_or_else(|| ApiError::internal("disputed service has no review"))?;
    let reviewer = admins::official(&work.tx, review.by).await?;
    verdict(&mut objection, &mut service, reviewer, Decision { step, answer })?;
    enrolments::update(&mut work.tx, &service).await?;
    objections::decide(&mut work.tx, &objection).await?;
    let shown = objections::find_within(&work.tx, &caller.scope, id).await?;
    Ok(ManagedObjectionView::seen_by(caller.admin.official(), shown.ok_or_else(ApiError::not_found)?))
}

/// The service first, as whoever objects locks it; its id is found unlocked and never changes.
async fn lock(work: &mut Work, caller: &Handler, id: ObjectionId) -> ApiResult<(Objection, Enrolment)> {
    let found = objections::find_within(&work.tx, &caller.scope, id).await?.ok_or_else(ApiError::not_found)?;
    let services = enrolments::lock_within(&mut work.tx, &caller.scope, &[found.objection.enrolment]).await?;
    let service = services.into_iter().next().ok_or_else(ApiError::not_found)?;
    let objection = objections::lock_to(&mut work.tx, service.id, id).await?.ok_or_else(ApiError::not_found)?;
    Ok((objection, service))
}

/// A step in the name of the admin's nearest organisation that has authority over who published the activity.
async fn step(work: &Work, caller: &Handler, service: &Enrolment) -> ApiResult<Step> {
    let activity = activities::find_any(&work.tx, service.activity).await?.ok_or_else(ApiError::not_found)?;
    let publisher = organisations::find(&work.tx, activity.node).await?.ok_or_else(ApiError::not_found)?;
    let grants = caller.admin.grants_for(Permission::ReviewAttendance);
    let grant = grants.into_iter().find(|grant| grant.path.covers(&publisher.path)).ok_or_else(ApiError::not_found)?;
    Ok(Step { by: caller.admin.official(), node: grant.node, at: work.now })
}
