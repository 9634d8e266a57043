//! Looking for the unit one works in.

use actix_web::{get, web};
use domain::organisation::{Node, NodeKind};
use serde::{Deserialize, Serialize};
use storage::organisations::{self, Filter};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::caller::CurrentIdentity;
use crate::error::{ApiResult, Problem};
use crate::http::input;
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UnitQuery {
    /// 单位名称中的文字
    #[param(example = "教育")]
    name: Option<String>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 单位
#[derive(Debug, Serialize, ToSchema)]
struct UnitView {
    /// 编号，申请入册时填写
    id: Uuid,
    /// 名称
    #[schema(example = "平城区教育局")]
    name: String,
}

impl From<Node> for UnitView {
    fn from(unit: Node) -> Self {
        Self { id: unit.id.uuid(), name: unit.name }
    }
}

/// 查找单位
///
/// 按名称查找，供申请入册时选择。尚未绑定的用户也可以调用。
#[utoipa::path(tag = "党员", params(UnitQuery), responses(
    (status = 200, description = "单位列表", body = Listed<UnitView>),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/units")]
pub(super) async fn list_units(
    _: CurrentIdentity,
    query: Query<UnitQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<UnitView>>> {
    let name = input::optional_line("name", query.name.as_deref(), 30)?;
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let units = Filter { kind: Some(NodeKind::Unit), name, ..Filter::default() };
    let found = organisations::list(&app.database.read(), &units, &page).await?;
    Ok(web::Json(Listed::of(found, UnitView::from)))
}
