//! Who confirms vouchers for a merchant, and letting one of them go.

use actix_web::{HttpResponse, delete, get, web};
use domain::id::{MerchantId, StaffId};
use serde::{Deserialize, Serialize};
use storage::merchants;
use storage::staff::{self, StaffSummary};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::http::time::BeijingTime;
use crate::state::App;
use crate::use_case::UseCase;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StaffQuery {
    /// 为真时只看在岗的，为假时只看已离开的
    active: Option<bool>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 店员
#[derive(Debug, Serialize, ToSchema)]
struct StaffView {
    /// 店员编号
    id: Uuid,
    /// 姓名
    #[schema(example = "王芳")]
    name: String,
    /// 门店名称
    #[schema(example = "德胜面馆（迎宾街店）")]
    store_name: String,
    /// 加入时间
    joined_at: BeijingTime,
    /// 离开时间；没有则在岗
    left_at: Option<BeijingTime>,
}

impl From<StaffSummary> for StaffView {
    fn from(staff: StaffSummary) -> Self {
        Self {
            id: staff.id.uuid(),
            name: staff.name,
            store_name: staff.store_name,
            joined_at: staff.joined_at.into(),
            left_at: staff.left_at.map(BeijingTime),
        }
    }
}

/// 商家的店员
///
/// 含已离开的，最近加入的在前。
#[utoipa::path(tag = "商家", params(("id" = Uuid, Path, description = "商家编号"), StaffQuery), responses(
    (status = 200, description = "店员列表", body = Listed<StaffView>),
    (status = 404, description = "没有这个商家", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/merchants/{id}/staff")]
pub(super) async fn list_staff(
    caller: Authorized<needs::ReadMall>,
    id: web::Path<Uuid>,
    query: Query<StaffQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<StaffView>>> {
    let page = page_request::<StaffId>(query.limit, query.cursor.as_deref())?;
    let read = app.database.read();
    let found = merchants::find_within(&read, &caller.scope, MerchantId::new(*id)).await?;
    let merchant = found.ok_or_else(ApiError::not_found)?;
    let found = staff::list_of(&read, merchant.id, query.active, &page).await?;
    Ok(web::Json(Listed::of(found, StaffView::from)))
}

/// 店员离岗
///
/// 最迟五秒后不能再核销。
#[utoipa::path(tag = "商家", params(
    ("id" = Uuid, Path, description = "商家编号"),
    ("staff_id" = Uuid, Path, description = "店员编号"),
), responses(
    (status = 204, description = "已离岗"),
    (status = 404, description = "没有这名在岗的店员", body = Problem, content_type = "application/problem+json"),
))]
#[delete("/merchants/{id}/staff/{staff_id}")]
pub(super) async fn end_staff(
    caller: Authorized<needs::ManageMall>,
    ids: web::Path<(Uuid, Uuid)>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let (merchant, staff) = ids.into_inner();
    let (merchant, staff) = (MerchantId::new(merchant), StaffId::new(staff));
    let story = use_case.write("end_staff", move |work| {
        Box::pin(async move {
            work.about("staff", staff);
            let found = merchants::find_within(&work.tx, &caller.scope, merchant).await?;
            let merchant = found.ok_or_else(ApiError::not_found)?;
            let left = staff::leave(&mut work.tx, merchant.id, staff, work.now).await?;
            if left { Ok(()) } else { Err(ApiError::not_found()) }
        })
    });
    story.await?;
    Ok(HttpResponse::NoContent().finish())
}
