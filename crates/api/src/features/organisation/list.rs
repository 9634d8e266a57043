//! The organisation tree, as far as an admin's care reaches.

use actix_web::{get, web};
use domain::id::NodeId;
use serde::Deserialize;
use storage::organisations::{self, Filter};
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{NodeKindCode, OrganisationView};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::http::input;
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OrganisationQuery {
    /// 只看这一类
    kind: Option<NodeKindCode>,
    /// 只看这个组织的直接下级
    parent_id: Option<Uuid>,
    /// 名称中的文字
    #[param(example = "文源")]
    name: Option<String>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 组织列表
///
/// 管理范围内的组织，按组织树的顺序。
#[utoipa::path(tag = "组织", params(OrganisationQuery), responses(
    (status = 200, description = "组织列表", body = Listed<OrganisationView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/organisations")]
pub(super) async fn list_organisations(
    caller: Authorized<needs::ReadOrganisation>,
    query: Query<OrganisationQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<OrganisationView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = Filter {
        within: Some(caller.scope),
        kind: query.kind.map(|kind| kind.0),
        parent: query.parent_id.map(NodeId::new),
        name: input::optional_line("name", query.name.as_deref(), 60)?,
    };
    let found = organisations::list(&app.database.read(), &filter, &page).await?;
    Ok(web::Json(Listed::of(found, OrganisationView::from)))
}
