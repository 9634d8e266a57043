//! Speaking up.

use actix_web::{HttpResponse, post};
use domain::complaint::{self, ComplaintCategory};
use domain::id::{ComplaintId, NodeId};
use domain::session::Audience;
use serde::Deserialize;
use storage::{complaints, identities, members, organisations, residencies};
use utoipa::ToSchema;
use uuid::Uuid;

use super::persons;
use super::view::{ComplaintCategoryCode, ComplaintView};
use crate::auth::caller::CurrentIdentity;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::coded::Coded;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 提交投诉建议
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ComplaintRequest {
    /// 类别
    category: ComplaintCategoryCode,
    /// 内容，最多 1000 字
    #[schema(example = "上周六的活动少记了一小时")]
    content: String,
}

/// 提交投诉建议
///
/// 由报到小区的上级组织答复，未报到的由单位的上级组织答复。最多可有十条待答复。尚未绑定的用户也可以提交。
#[utoipa::path(tag = "投诉建议", responses(
    (status = 201, description = "已受理", body = ComplaintView),
    (status = 409, description = "待答复的已达上限", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/complaints")]
pub(super) async fn submit_complaint(
    caller: CurrentIdentity,
    request: Json<ComplaintRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let (category, content) = read(request)?;
    let story = use_case
        .write("submit_complaint", move |work| Box::pin(submit(work, caller, Audience::Member, category, content)));
    Ok(HttpResponse::Created().json(story.await?))
}

/// 提交投诉建议（商家）
///
/// 由区级管理员答复。最多可有十条待答复。尚未成为店员的用户也可以提交。
#[utoipa::path(tag = "投诉建议", responses(
    (status = 201, description = "已受理", body = ComplaintView),
    (status = 409, description = "待答复的已达上限", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/complaints")]
pub(super) async fn submit_merchant_complaint(
    caller: CurrentIdentity,
    request: Json<ComplaintRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let (category, content) = read(request)?;
    let story = use_case.write("submit_merchant_complaint", move |work| {
        Box::pin(submit(work, caller, Audience::Merchant, category, content))
    });
    Ok(HttpResponse::Created().json(story.await?))
}

fn read(request: Json<ComplaintRequest>) -> ApiResult<(ComplaintCategory, String)> {
    let Json(ComplaintRequest { category: Coded(category), content }) = request;
    let content = complaint::content(&content).map_err(|error| ApiError::field("content", error))?;
    Ok((category, content))
}

async fn submit(
    work: &mut Work,
    caller: CurrentIdentity,
    audience: Audience,
    category: ComplaintCategory,
    content: String,
) -> ApiResult<ComplaintView> {
    // Ten complaints at the same moment are counted one after the other.
    identities::lock(&mut work.tx, caller.identity).await?.ok_or_else(ApiError::not_found)?;
    let persons = persons(&caller);
    let open = complaints::count_open(&work.tx, &persons).await?;
    let id = ComplaintId::new(Uuid::now_v7());
    let complaint = complaint::submit(id, category, content, open, work.now)?;
    work.about("complaint", id);
    let node = responsible(work, &caller).await?;
    let person = persons.first().copied().unwrap_or_else(|| caller.identity.into());
    complaints::insert(&mut work.tx, &complaint, audience, person, node).await?;
    Ok(complaint.into())
}

/// Where it is answered; those who belong nowhere are answered at the root.
async fn responsible(work: &Work, caller: &CurrentIdentity) -> ApiResult<NodeId> {
    if let Some(id) = caller.member {
        let member = members::find(&work.tx, id).await?.ok_or_else(ApiError::not_found)?;
        let open = residencies::find_open(&work.tx, id).await?;
        return Ok(complaint::responsible(open.map(|residency| residency.estate), member.unit));
    }
    Ok(organisations::root(&work.tx).await?.ok_or_else(ApiError::not_found)?.id)
}
