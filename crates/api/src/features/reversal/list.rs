//! Reversals: the shop's own, and those that an admin may decide about.

use actix_web::{get, web};
use domain::id::ReversalId;
use serde::Deserialize;
use storage::reversals;
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{ReversalStateCode, ReversalView};
use crate::auth::caller::{Authorized, CurrentStaff, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReversalQuery {
    /// 只看这个状态
    state: Option<ReversalStateCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 本商家撤销核销的申请
///
/// 最近的在前。
#[utoipa::path(tag = "核销", params(PageQuery), responses(
    (status = 200, description = "申请列表", body = Listed<ReversalView>),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/reversals")]
pub(super) async fn list_own_reversals(
    caller: CurrentStaff,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ReversalView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let (read, now) = (app.database.read(), app.clock.business());
    let found = reversals::list_of_merchant(&read, caller.staff.merchant, &page).await?;
    Ok(web::Json(Listed::of(found, |detail| ReversalView::new(detail, now))))
}

/// 撤销核销的申请列表
///
/// 辖区内商家提出的，最近的在前。
#[utoipa::path(tag = "核销", params(ReversalQuery), responses(
    (status = 200, description = "申请列表", body = Listed<ReversalView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/reversals")]
pub(super) async fn list_reversals(
    caller: Authorized<needs::ReadMall>,
    query: Query<ReversalQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ReversalView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let (read, now) = (app.database.read(), app.clock.business());
    let state = query.state.map(|state| (state.0, now));
    let found = reversals::list_within(&read, &caller.scope, state, &page).await?;
    Ok(web::Json(Listed::of(found, |detail| ReversalView::new(detail, now))))
}

/// 查看撤销核销的申请
#[utoipa::path(tag = "核销", params(("id" = Uuid, Path, description = "申请编号")), responses(
    (status = 200, description = "撤销核销的申请", body = ReversalView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "辖区内没有这项申请", body = Problem, content_type = "application/problem+json"),
))]
#[get("/reversals/{id}")]
pub(super) async fn show_reversal(
    caller: Authorized<needs::ReadMall>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<ReversalView>> {
    let (read, id) = (app.database.read(), ReversalId::new(*id));
    let found = reversals::find_within(&read, &caller.scope, id).await?.ok_or_else(ApiError::not_found)?;
    Ok(web::Json(ReversalView::new(found, app.clock.business())))
}
