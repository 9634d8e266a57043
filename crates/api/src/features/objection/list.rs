//! Objections: one's own, and those that an admin handles.

use actix_web::{get, web};
use domain::id::ObjectionId;
use serde::Deserialize;
use storage::objections;
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{ManagedObjectionView, ObjectionStateCode, OwnObjectionView};
use crate::auth::caller::{Authorized, CurrentMember, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ObjectionQuery {
    /// 只看这个状态
    state: Option<ObjectionStateCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 我的异议
///
/// 最近的在前，已处理的带有答复。
#[utoipa::path(tag = "公示和异议", params(PageQuery), responses(
    (status = 200, description = "异议列表", body = Listed<OwnObjectionView>),
))]
#[get("/objections")]
pub(super) async fn list_own_objections(
    caller: CurrentMember,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<OwnObjectionView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = objections::list_own(&app.database.read(), caller.member, &page).await?;
    Ok(web::Json(Listed::of(found, OwnObjectionView::from)))
}

/// 异议列表
///
/// 对辖区内活动的服务提出的，最近的在前。
#[utoipa::path(tag = "公示和异议", params(ObjectionQuery), responses(
    (status = 200, description = "异议列表", body = Listed<ManagedObjectionView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/objections")]
pub(super) async fn list_objections(
    caller: Authorized<needs::ReviewAttendance>,
    query: Query<ObjectionQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ManagedObjectionView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let state = query.state.map(|state| state.0);
    let found = objections::list_within(&app.database.read(), &caller.scope, state, &page).await?;
    Ok(web::Json(Listed::of(found, |detail| ManagedObjectionView::seen_by(caller.admin.official(), detail))))
}

/// 查看异议
#[utoipa::path(tag = "公示和异议", params(("id" = Uuid, Path, description = "异议编号")), responses(
    (status = 200, description = "异议", body = ManagedObjectionView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "辖区内没有这条异议", body = Problem, content_type = "application/problem+json"),
))]
#[get("/objections/{id}")]
pub(super) async fn show_objection(
    caller: Authorized<needs::ReviewAttendance>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<ManagedObjectionView>> {
    let found = objections::find_within(&app.database.read(), &caller.scope, ObjectionId::new(*id)).await?;
    Ok(web::Json(ManagedObjectionView::seen_by(caller.admin.official(), found.ok_or_else(ApiError::not_found)?)))
}
