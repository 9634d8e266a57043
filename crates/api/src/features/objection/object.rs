//! A member objects to somebody's service while it is public.

use actix_web::{HttpResponse, post, web};
use domain::id::{EnrolmentId, ObjectionId};
use domain::objection::Objection;
use serde::Deserialize;
use storage::{StorageError, enrolments, identities, objections, residencies};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::OwnObjectionView;
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 提出异议
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectionRequest {
    /// 理由，最多 500 字；由处理的组织核实，不告诉被提出异议的党员是谁提出的
    #[schema(example = "当天九点到十一点我一直在三号楼，没有见到这位同志")]
    reason: String,
}

/// 提出异议
///
/// 看得到的公示都可以在截止前提出，本人的除外。提出后该次服务暂不入账，由没有参与确认和审核的人处理。同一次服务同时只有一条待处理
/// 的异议；每人最多可有十条待处理。
#[utoipa::path(tag = "公示和异议", params(("id" = Uuid, Path, description = "报名编号，见公示列表")), responses(
    (status = 201, description = "已受理", body = OwnObjectionView),
    (status = 404, description = "本社区没有这次服务", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不在公示中，公示期已满，已有异议，待处理的已达上限，或是本人的服务", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写理由", body = Problem, content_type = "application/problem+json"),
))]
#[post("/publicity/{id}/objection")]
pub(super) async fn object_to_service(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    request: Json<ObjectionRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let service = EnrolmentId::new(*id);
    let reason = input::text("reason", &request.0.reason, 500)?;
    let story = use_case.write("object_to_service", move |work| Box::pin(object(work, caller, service, reason)));
    Ok(HttpResponse::Created().json(story.await?))
}

async fn object(
    work: &mut Work,
    caller: CurrentMember,
    service: EnrolmentId,
    reason: String,
) -> ApiResult<OwnObjectionView> {
    let member = caller.member;
    // Ten objections at the same moment are counted one after the other.
    identities::lock(&mut work.tx, caller.identity).await?.ok_or_else(ApiError::not_found)?;
    let community = residencies::community_of(&work.tx, member).await?;
    let visible = enrolments::lock_visible(&mut work.tx, member, community.as_ref(), service).await?;
    let mut service = visible.ok_or_else(ApiError::not_found)?;
    let open = objections::count_open(&work.tx, member).await?;
    let id = ObjectionId::new(Uuid::now_v7());
    work.about("objection", id);
    let objection = Objection::object(id, &mut service, member, reason, open, work.now)?;
    enrolments::update(&mut work.tx, &service).await?;
    objections::insert(&mut work.tx, &objection).await.map_err(repeated)?;
    let shown = objections::find_own(&work.tx, member, id).await?;
    Ok(OwnObjectionView::from(shown.ok_or_else(ApiError::not_found)?))
}

fn repeated(error: StorageError) -> ApiError {
    if objections::is_repeated(&error) {
        return ApiError::new(ErrorCode::AlreadyDisputed, "该次服务已有异议待处理，不必重复提出");
    }
    error.into()
}
