//! Adjustments: one's own, and those that an admin may decide about.

use actix_web::{get, web};
use domain::id::AdjustmentId;
use serde::Deserialize;
use storage::adjustments;
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{AdjustmentStateCode, AdjustmentView, ManagedAdjustmentView};
use crate::auth::caller::{Authorized, CurrentMember, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AdjustmentQuery {
    /// 只看这个状态
    state: Option<AdjustmentStateCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 我的积分调整
///
/// 最近的在前。待核准的扣减，其积分已冻结。
#[utoipa::path(tag = "积分调整", params(PageQuery), responses(
    (status = 200, description = "积分调整列表", body = Listed<AdjustmentView>),
))]
#[get("/adjustments")]
pub(super) async fn list_own_adjustments(
    caller: CurrentMember,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<AdjustmentView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let (read, now) = (app.database.read(), app.clock.business());
    let found = adjustments::list_own(&read, caller.member, &page).await?;
    Ok(web::Json(Listed::of(found, |detail| AdjustmentView::new(detail, now))))
}

/// 积分调整列表
///
/// 本级及下级组织提出的，最近的在前。
#[utoipa::path(tag = "积分调整", params(AdjustmentQuery), responses(
    (status = 200, description = "积分调整列表", body = Listed<ManagedAdjustmentView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/adjustments")]
pub(super) async fn list_adjustments(
    caller: Authorized<needs::ReadPoints>,
    query: Query<AdjustmentQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ManagedAdjustmentView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let (read, now) = (app.database.read(), app.clock.business());
    let found = adjustments::list_within(&read, &caller.scope, query.state.map(|state| state.0), &page).await?;
    Ok(web::Json(Listed::of(found, |detail| ManagedAdjustmentView::new(detail, now))))
}

/// 查看积分调整
#[utoipa::path(tag = "积分调整", params(("id" = Uuid, Path, description = "调整编号")), responses(
    (status = 200, description = "积分调整", body = ManagedAdjustmentView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这项调整", body = Problem, content_type = "application/problem+json"),
))]
#[get("/adjustments/{id}")]
pub(super) async fn show_adjustment(
    caller: Authorized<needs::ReadPoints>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<ManagedAdjustmentView>> {
    let (read, id) = (app.database.read(), AdjustmentId::new(*id));
    let found = adjustments::find_within(&read, &caller.scope, id).await?.ok_or_else(ApiError::not_found)?;
    Ok(web::Json(ManagedAdjustmentView::new(found, app.clock.business())))
}
