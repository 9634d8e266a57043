//! More of an offer, or less.

use actix_web::{post, web};
use domain::id::OfferId;
use domain::offer::OfferError;
use serde::{Deserialize, Serialize};
use storage::offers;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ManagedOfferView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::input;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::UseCase;

/// 增减库存
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeStockRequest {
    /// 增加的份数，减少为负，不能为 0；总份数最多 1000000
    #[schema(example = 10)]
    change: i64,
    /// 原因，最多 100 字
    #[schema(example = "商家追加")]
    reason: String,
}

/// 增减库存
///
/// 只按份数增减，不影响同时进行的兑换。
#[utoipa::path(tag = "优惠", params(
    ("id" = Uuid, Path, description = "优惠编号"),
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已变动", body = ManagedOfferView),
    (status = 404, description = "没有这个优惠", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "剩余库存不够减，或尚未批准", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "变动为 0 或过大，或没有填写原因", body = Problem, content_type = "application/problem+json"),
))]
#[post("/offers/{id}/stock")]
pub(super) async fn change_offer_stock(
    caller: Authorized<needs::ManageMall>,
    id: web::Path<Uuid>,
    key: IdempotencyKey,
    request: Json<ChangeStockRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<Answer> {
    let id = OfferId::new(*id);
    let change = request.0.change;
    let reason = input::line("reason", &request.0.reason, 100)?;
    let request = (id, request.0);
    let story = use_case.once("change_offer_stock", key, &request, move |work| {
        Box::pin(async move {
            let mut offer = super::lock(work, &caller, id).await?;
            let left = offer.stock_left;
            offer.change_stock(change)?;
            work.because(format!("库存 {left} 变动 {change}：{reason}"));
            if !offers::change_stock(&mut work.tx, id, change, work.now).await? {
                return Err(OfferError::Stock { left, change }.into());
            }
            super::shown(work, &caller, id).await
        })
    });
    let answer = story.await?;
    app.offer_pages.clear();
    Ok(answer)
}
