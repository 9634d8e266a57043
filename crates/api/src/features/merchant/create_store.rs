//! Adding a store.

use actix_web::{HttpResponse, post, web};
use domain::id::{MerchantId, StoreId};
use domain::merchant::{Store, StoreState};
use serde::Deserialize;
use storage::{StorageError, merchants, stores};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::StoreView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::UseCase;

/// 登记门店
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateStoreRequest {
    /// 名称，最多 40 字，不能与本商家其他门店相同
    #[schema(example = "德胜面馆（迎宾街店）")]
    name: String,
    /// 地址，最多 100 字
    #[schema(example = "平城区迎宾街 12 号")]
    address: String,
    /// 电话，最多 30 字
    #[schema(example = "0352-0000000")]
    phone: String,
    /// 营业时间，最多 60 字
    #[schema(example = "每天 7:00 至 21:00")]
    opening_hours: String,
}

/// 登记门店
#[utoipa::path(tag = "商家", params(("id" = Uuid, Path, description = "商家编号")), responses(
    (status = 201, description = "已登记", body = StoreView),
    (status = 404, description = "没有这个商家", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "名称已被使用", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/merchants/{id}/stores")]
pub(super) async fn create_store(
    caller: Authorized<needs::ManageMall>,
    id: web::Path<Uuid>,
    request: Json<CreateStoreRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let request = request.0;
    let store = Store {
        id: StoreId::new(Uuid::now_v7()),
        merchant: MerchantId::new(*id),
        name: input::line("name", &request.name, 40)?,
        address: input::line("address", &request.address, 100)?,
        phone: input::line("phone", &request.phone, 30)?,
        opening_hours: input::line("opening_hours", &request.opening_hours, 60)?,
        state: StoreState::Open,
    };
    let view = use_case.write("create_store", move |work| {
        Box::pin(async move {
            work.about("store", store.id);
            let merchant = merchants::find_within(&work.tx, &caller.scope, store.merchant).await?;
            merchant.ok_or_else(ApiError::not_found)?;
            stores::insert(&mut work.tx, &store, work.now).await.map_err(taken)?;
            Ok(StoreView::from(store))
        })
    });
    Ok(HttpResponse::Created().json(view.await?))
}

fn taken(error: StorageError) -> ApiError {
    if error.breaks("name") {
        return ApiError::new(ErrorCode::NameTaken, "该商家已有同名的门店");
    }
    error.into()
}
