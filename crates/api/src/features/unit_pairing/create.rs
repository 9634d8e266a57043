//! Pairing a unit with a community.

use actix_web::{HttpResponse, post};
use domain::id::NodeId;
use domain::organisation::{PlaceError, pair};
use serde::Deserialize;
use storage::{organisations, unit_pairings};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::UnitPairingView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 新建结队
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateUnitPairingRequest {
    /// 原单位编号
    unit_id: Uuid,
    /// 社区编号
    #[schema(example = "01940000-0003-7000-8000-000000000000")]
    community_id: Uuid,
}

/// 新建结队
///
/// 原单位整建制到社区报到。一个单位可以与多个社区结队，与同一社区只能结队一次。
#[utoipa::path(tag = "组织", responses(
    (status = 201, description = "已结队", body = UnitPairingView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这个单位或社区", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已经结队", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "不是原单位与社区", body = Problem, content_type = "application/problem+json"),
))]
#[post("/unit-pairings")]
pub(super) async fn create_unit_pairing(
    caller: Authorized<needs::ManageOrganisation>,
    request: Json<CreateUnitPairingRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let (unit, community) = (NodeId::new(request.0.unit_id), NodeId::new(request.0.community_id));
    let story = use_case.write("create_unit_pairing", move |work| {
        Box::pin(async move { create(work, &caller, unit, community).await })
    });
    Ok(HttpResponse::Created().json(story.await?))
}

async fn create(
    work: &mut Work,
    caller: &Authorized<needs::ManageOrganisation>,
    unit: NodeId,
    community: NodeId,
) -> ApiResult<UnitPairingView> {
    let one = organisations::find_within(&work.tx, &caller.scope, unit).await?.ok_or_else(ApiError::not_found)?;
    let other =
        organisations::find_within(&work.tx, &caller.scope, community).await?.ok_or_else(ApiError::not_found)?;
    let paired = unit_pairings::exists(&work.tx, unit, community).await?;
    pair(one.kind, other.kind, paired)?;
    let id = Uuid::now_v7();
    work.about("unit_pairing", id);
    let kept = unit_pairings::insert(&mut work.tx, id, unit, community, work.now).await;
    kept.map_err(|error| {
        // Two clerks at the same moment both find the two unpaired; the schema lets one in.
        if unit_pairings::is_open_conflict(&error) { PlaceError::AlreadyPaired.into() } else { ApiError::from(error) }
    })?;
    let pairing = unit_pairings::find_any(&work.tx, id).await?;
    Ok(pairing.ok_or_else(ApiError::not_found)?.into())
}
