//! Hanging a new node into the tree.

use actix_web::{HttpResponse, post};
use domain::id::NodeId;
use domain::organisation::{PlaceError, hang};
use serde::Deserialize;
use storage::{StorageError, organisations};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::{NodeKindCode, OrganisationView};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::UseCase;

/// 新建组织
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "parent_id": "01940000-0003-7000-8000-000000000001",
    "kind": "estate",
    "name": "文瀛苑小区",
    "party_organisation": "文瀛苑小区党支部",
}))]
pub(super) struct CreateOrganisationRequest {
    /// 上级组织编号
    parent_id: Uuid,
    /// 类型
    kind: NodeKindCode,
    /// 名称，最多 60 字
    #[schema(example = "文瀛苑小区")]
    name: String,
    /// 党组织，最多 60 字
    #[schema(example = "文瀛苑小区党支部")]
    party_organisation: Option<String>,
}

/// 新建组织
///
/// 区下设街道和原单位，街道下设社区，社区下设小区，小区下设楼栋党小组，楼栋党小组下设党员中心户。同一上级下名称不能重复。
#[utoipa::path(tag = "组织", responses(
    (status = 201, description = "已新建", body = OrganisationView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这个上级组织", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已有同名组织", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/organisations")]
pub(super) async fn create_organisation(
    caller: Authorized<needs::ManageOrganisation>,
    request: Json<CreateOrganisationRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let CreateOrganisationRequest { parent_id, kind, name, party_organisation } = request.0;
    let name = input::line("name", &name, 60)?;
    let party_organisation = input::optional_line("party_organisation", party_organisation.as_deref(), 60)?;
    let story = use_case.write("create_organisation", move |work| {
        Box::pin(async move {
            let parent = organisations::find_within(&work.tx, &caller.scope, NodeId::new(parent_id)).await?;
            let parent = parent.ok_or_else(ApiError::not_found)?;
            hang(parent.kind, kind.0)?;
            let id = NodeId::new(Uuid::now_v7());
            work.about("organisation", id);
            let (tx, now) = (&mut work.tx, work.now);
            let node = organisations::insert_below(tx, parent.id, id, kind.0, &name, party_organisation, now).await;
            Ok(OrganisationView::from(node.map_err(same_name)?))
        })
    });
    Ok(HttpResponse::Created().json(story.await?))
}

fn same_name(error: StorageError) -> ApiError {
    if error.breaks("name") {
        return ApiError::new(ErrorCode::StateConflict, "同一上级下已有同名组织");
    }
    error.into()
}

impl From<PlaceError> for ApiError {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::WrongPlace(..) => Self::field("kind", error),
            PlaceError::WrongPair => Self::field("unit_id", error),
            PlaceError::AlreadyPaired => Self::new(ErrorCode::StateConflict, error.to_string()),
        }
    }
}
