//! Whom the admin's units have stopped.

use actix_web::{get, web};
use domain::id::ExclusionId;
use serde::Deserialize;
use storage::exclusions;
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{ExclusionKindCode, ExclusionView};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExclusionQuery {
    /// 只看这一类
    kind: Option<ExclusionKindCode>,
    /// 只看生效中的（true）或已移出的（false）
    open: Option<bool>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 不参与名单
///
/// 本单位的党员，最近列入的在前。
#[utoipa::path(tag = "不参与名单", params(ExclusionQuery), responses(
    (status = 200, description = "不参与名单", body = Listed<ExclusionView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/exclusions")]
pub(super) async fn list_exclusions(
    caller: Authorized<needs::ManageExclusions>,
    query: Query<ExclusionQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ExclusionView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let (read, kind) = (app.database.read(), query.kind.map(|kind| kind.0));
    let found = exclusions::list_within(&read, &caller.scope, kind, query.open, &page).await?;
    Ok(web::Json(Listed::of(found, ExclusionView::from)))
}

/// 查看不参与名单中的一条
#[utoipa::path(tag = "不参与名单", params(("id" = Uuid, Path, description = "不参与名单编号")), responses(
    (status = 200, description = "不参与名单中的一条", body = ExclusionView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这条记录", body = Problem, content_type = "application/problem+json"),
))]
#[get("/exclusions/{id}")]
pub(super) async fn show_exclusion(
    caller: Authorized<needs::ManageExclusions>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<ExclusionView>> {
    let found = exclusions::find_within(&app.database.read(), &caller.scope, ExclusionId::new(*id)).await?;
    Ok(web::Json(found.ok_or_else(ApiError::not_found)?.into()))
}
