//! Submitting a draft, and what somebody else makes of it.

use actix_web::{post, web};
use domain::id::OfferId;
use serde::Deserialize;
use storage::{admins, offers};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ManagedOfferView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::UseCase;

/// 不通过优惠
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefuseOfferRequest {
    /// 原因，最多 200 字
    #[schema(example = "请写明适用门店")]
    reason: String,
}

/// 提交审批
#[utoipa::path(tag = "优惠", params(("id" = Uuid, Path, description = "优惠编号")), responses(
    (status = 200, description = "待审批", body = ManagedOfferView),
    (status = 404, description = "没有这个优惠", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不是草稿", body = Problem, content_type = "application/problem+json"),
))]
#[post("/offers/{id}/submission")]
pub(super) async fn submit_offer(
    caller: Authorized<needs::ManageMall>,
    id: web::Path<Uuid>,
    use_case: UseCase,
) -> ApiResult<web::Json<ManagedOfferView>> {
    let id = OfferId::new(*id);
    let story = use_case.write("submit_offer", move |work| {
        Box::pin(async move {
            let mut offer = super::lock(work, &caller, id).await?;
            offer.submit()?;
            offers::save_state(&mut work.tx, &offer, work.now).await?;
            super::shown(work, &caller, id).await
        })
    });
    story.await.map(web::Json)
}

/// 批准优惠
///
/// 审批人不能是起草人。
#[utoipa::path(tag = "优惠", params(("id" = Uuid, Path, description = "优惠编号")), responses(
    (status = 200, description = "已批准，可以上架", body = ManagedOfferView),
    (status = 404, description = "没有这个优惠", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不在待审批状态，或是您自己起草的", body = Problem, content_type = "application/problem+json"),
))]
#[post("/offers/{id}/approval")]
pub(super) async fn approve_offer(
    caller: Authorized<needs::ApproveOffer>,
    id: web::Path<Uuid>,
    use_case: UseCase,
) -> ApiResult<web::Json<ManagedOfferView>> {
    let id = OfferId::new(*id);
    let story = use_case.write("approve_offer", move |work| {
        Box::pin(async move {
            let mut offer = super::lock(work, &caller, id).await?;
            let drafter = admins::official(&work.tx, offer.drafted_by).await?;
            offer.approve(caller.admin.official(), drafter)?;
            offers::save_state(&mut work.tx, &offer, work.now).await?;
            super::shown(work, &caller, id).await
        })
    });
    story.await.map(web::Json)
}

/// 不通过优惠
///
/// 退回为草稿，起草人修改后可以再次提交。
#[utoipa::path(tag = "优惠", params(("id" = Uuid, Path, description = "优惠编号")), responses(
    (status = 200, description = "已退回", body = ManagedOfferView),
    (status = 404, description = "没有这个优惠", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不在待审批状态", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写原因", body = Problem, content_type = "application/problem+json"),
))]
#[post("/offers/{id}/refusal")]
pub(super) async fn refuse_offer(
    caller: Authorized<needs::ApproveOffer>,
    id: web::Path<Uuid>,
    request: Json<RefuseOfferRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ManagedOfferView>> {
    let id = OfferId::new(*id);
    let reason = input::text("reason", &request.0.reason, 200)?;
    let story = use_case.write("refuse_offer", move |work| {
        Box::pin(async move {
            let mut offer = super::lock(work, &caller, id).await?;
            offer.refuse(reason)?;
            offers::save_state(&mut work.tx, &offer, work.now).await?;
            super::shown(work, &caller, id).await
        })
    });
    story.await.map(web::Json)
}
