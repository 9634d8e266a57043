//! The members of the units in an admin's care.

use actix_web::{get, web};
use domain::id::{MemberId, NodeId};
use serde::Deserialize;
use storage::members::{self, Filter};
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{MemberCategoryCode, MemberStateCode, RosterMemberView};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::input;
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MemberQuery {
    /// 只看这个单位
    unit_id: Option<Uuid>,
    /// 姓名的开头
    #[param(example = "张")]
    name: Option<String>,
    /// 只看这个类别
    category: Option<MemberCategoryCode>,
    /// 只看在册或已离册
    state: Option<MemberStateCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 党员名册
///
/// 管理范围内各单位的党员，按入册先后。手机号只显示后四位。
#[utoipa::path(tag = "名册", params(MemberQuery), responses(
    (status = 200, description = "党员列表", body = Listed<RosterMemberView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/members")]
pub(super) async fn list_members(
    caller: Authorized<needs::ReadMembers>,
    query: Query<MemberQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<RosterMemberView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = Filter {
        within: caller.scope,
        unit: query.unit_id.map(NodeId::new),
        name: input::optional_line("name", query.name.as_deref(), 30)?,
        category: query.category.map(|category| category.0),
        state: query.state.map(|state| state.0),
    };
    let found = members::list(&app.database.read(), &filter, &page).await?;
    Ok(web::Json(Listed::of(found, RosterMemberView::from)))
}

/// 党员详情
#[utoipa::path(tag = "名册", params(("id" = Uuid, Path, description = "党员编号")), responses(
    (status = 200, description = "党员", body = RosterMemberView),
    (status = 404, description = "没有这名党员", body = Problem, content_type = "application/problem+json"),
))]
#[get("/members/{id}")]
pub(super) async fn show_member(
    caller: Authorized<needs::ReadMembers>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<RosterMemberView>> {
    let found = members::find_in_subtree(&app.database.read(), &caller.scope, MemberId::new(*id)).await?;
    Ok(web::Json(found.ok_or_else(ApiError::not_found)?.into()))
}
