//! Taking a merchant in.

use actix_web::{HttpResponse, post};
use domain::id::{MerchantId, NodeId};
use domain::merchant::{Merchant, MerchantState};
use domain::organisation::NodeKind;
use serde::Deserialize;
use storage::{StorageError, merchants, organisations};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::{CategoryCode, ManagedMerchantView};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::UseCase;

/// 登记商家
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateMerchantRequest {
    /// 负责联系的组织编号，须在您的辖区内
    organisation_id: Uuid,
    /// 名称，最多 40 字，不能与其他商家相同
    #[schema(example = "德胜面馆")]
    name: String,
    /// 类别
    category: CategoryCode,
    /// 介绍，最多 500 字
    #[schema(example = "开了三十年的刀削面馆")]
    introduction: String,
    /// 主管单位编号；该单位的党员不能兑换本商家的优惠
    regulator_unit_id: Option<Uuid>,
}

/// 登记商家
#[utoipa::path(tag = "商家", responses(
    (status = 201, description = "已登记", body = ManagedMerchantView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "辖区内没有这个组织", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "名称已被使用", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/merchants")]
pub(super) async fn create_merchant(
    caller: Authorized<needs::ManageMall>,
    request: Json<CreateMerchantRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let request = request.0;
    let merchant = Merchant {
        id: MerchantId::new(Uuid::now_v7()),
        node: NodeId::new(request.organisation_id),
        name: input::line("name", &request.name, 40)?,
        category: request.category.0,
        introduction: input::text("introduction", &request.introduction, 500)?,
        state: MerchantState::Active,
        regulator: request.regulator_unit_id.map(NodeId::new),
    };
    let story = use_case.write("create_merchant", move |work| {
        Box::pin(async move {
            work.about("merchant", merchant.id);
            let node = organisations::find_within(&work.tx, &caller.scope, merchant.node).await?;
            node.ok_or_else(ApiError::not_found)?;
            if let Some(unit) = merchant.regulator {
                let unit = organisations::find(&work.tx, unit).await?;
                unit.filter(|unit| unit.kind == NodeKind::Unit)
                    .ok_or_else(|| ApiError::field("regulator_unit_id", "没有这个单位"))?;
            }
            merchants::insert(&mut work.tx, &merchant, work.now).await.map_err(taken)?;
            Ok(ManagedMerchantView::new(merchant, Vec::new()))
        })
    });
    Ok(HttpResponse::Created().json(story.await?))
}

fn taken(error: StorageError) -> ApiError {
    if error.breaks("name") {
        return ApiError::new(ErrorCode::NameTaken, "已有同名的商家");
    }
    error.into()
}
