//! Answering a complaint, once.

use actix_web::{post, web};
use domain::complaint;
use domain::id::ComplaintId;
use serde::Deserialize;
use storage::complaints;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ReceivedComplaintView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::UseCase;

/// 答复投诉建议
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerComplaintRequest {
    /// 答复，提出人会看到，最多 1000 字
    #[schema(example = "已核实并补记，感谢您的反馈")]
    answer: String,
}

/// 答复投诉建议
///
/// 只能答复一次。
#[utoipa::path(tag = "投诉建议", params(("id" = Uuid, Path, description = "投诉建议编号")), responses(
    (status = 200, description = "已答复", body = ReceivedComplaintView),
    (status = 404, description = "没有这条投诉建议", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已答复过", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/complaints/{id}/answer")]
pub(super) async fn answer_complaint(
    caller: Authorized<needs::AnswerComplaints>,
    id: web::Path<Uuid>,
    request: Json<AnswerComplaintRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ReceivedComplaintView>> {
    let id = ComplaintId::new(*id);
    let answer = input::text("answer", &request.0.answer, 1000)?;
    let story = use_case.write("answer_complaint", move |work| {
        Box::pin(async move {
            let found = complaints::lock_within(&mut work.tx, &caller.scope, id).await?;
            let mut complaint = found.ok_or_else(ApiError::not_found)?;
            work.about("complaint", id);
            complaint::answer(&mut complaint, answer, work.now)?;
            complaints::answer(&mut work.tx, &complaint, caller.admin.id).await?;
            let shown = complaints::find_within(&work.tx, &caller.scope, id).await?;
            Ok(ReceivedComplaintView::from(shown.ok_or_else(ApiError::not_found)?))
        })
    });
    story.await.map(web::Json)
}
