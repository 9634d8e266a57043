//! The shop asks that its confirmation be undone.

use actix_web::{HttpResponse, post, web};
use domain::id::{RedemptionId, ReversalId};
use domain::merchant::Staff;
use domain::reversal::Reversal;
use serde::Deserialize;
use storage::{StorageError, redemptions, reversals, rulebooks};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ReversalView;
use crate::auth::caller::CurrentStaff;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 申请撤销核销
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReversalRequest {
    /// 原因，最多 200 字
    #[schema(example = "扫错了券，顾客没有取餐")]
    reason: String,
}

/// 申请撤销核销
///
/// 核销有误时申请，核销后多久之内可以申请由积分规则规定，一般为 24 小时。经管理员核准后积分退回顾客，券作废。
#[utoipa::path(tag = "核销", params(("id" = Uuid, Path, description = "兑换券编号")), responses(
    (status = 201, description = "已申请，待核准", body = ReversalView),
    (status = 404, description = "没有这张券，或不是本商家的", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "没有核销、已过时限，或已经申请过", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写原因", body = Problem, content_type = "application/problem+json"),
))]
#[post("/vouchers/{id}/reversal")]
pub(super) async fn request_reversal(
    caller: CurrentStaff,
    id: web::Path<Uuid>,
    request: Json<ReversalRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let id = RedemptionId::new(*id);
    let reason = input::text("reason", &request.0.reason, 200)?;
    let story = use_case.write("request_reversal", move |work| Box::pin(ask(work, caller.staff, id, reason)));
    Ok(HttpResponse::Created().json(story.await?))
}

async fn ask(work: &mut Work, staff: Staff, id: RedemptionId, reason: String) -> ApiResult<ReversalView> {
    redemptions::find_of_merchant(&work.tx, staff.merchant, id).await?.ok_or_else(ApiError::not_found)?;
    let redemption = redemptions::lock_any(&mut work.tx, id).await?.ok_or_else(ApiError::not_found)?;
    work.about("redemption", id);
    work.because(reason.clone());
    let rules = rulebooks::in_force(&work.tx, work.now).await?.rules.voucher;
    let reversal = Reversal::request(ReversalId::new(Uuid::now_v7()), &redemption, &staff, reason, &rules, work.now)?;
    reversals::insert(&mut work.tx, &reversal).await.map_err(asked_before)?;
    let shown = reversals::find_of_merchant(&work.tx, staff.merchant, reversal.id).await?;
    Ok(ReversalView::new(shown.ok_or_else(ApiError::not_found)?, work.now))
}

fn asked_before(error: StorageError) -> ApiError {
    if reversals::is_repeated(&error) {
        return ApiError::new(ErrorCode::StateConflict, "这张券已经申请过撤销核销，请等待核准");
    }
    error.into()
}
