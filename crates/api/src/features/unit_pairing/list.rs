//! Which units are paired with which communities.

use actix_web::{get, web};
use domain::id::NodeId;
use serde::Deserialize;
use storage::unit_pairings::{self, Filter};
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::UnitPairingView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UnitPairingQuery {
    /// 只看这个单位
    unit_id: Option<Uuid>,
    /// 只看这个社区
    community_id: Option<Uuid>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 结队列表
///
/// 单位或社区在管理范围内的结队。最近的在前。
#[utoipa::path(tag = "组织", params(UnitPairingQuery), responses(
    (status = 200, description = "结队列表", body = Listed<UnitPairingView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/unit-pairings")]
pub(super) async fn list_unit_pairings(
    caller: Authorized<needs::ReadOrganisation>,
    query: Query<UnitPairingQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<UnitPairingView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = Filter { unit: query.unit_id.map(NodeId::new), community: query.community_id.map(NodeId::new) };
    let found = unit_pairings::list_within(&app.database.read(), &caller.scope, &filter, &page).await?;
    Ok(web::Json(Listed::of(found, UnitPairingView::from)))
}
