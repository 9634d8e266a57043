//! The applications for membership that an admin may decide.

use actix_web::{get, web};
use serde::Deserialize;
use storage::membership_applications;
use utoipa::IntoParams;

use super::application_view::{ApplicationStateCode, MembershipApplicationView};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ApplicationQuery {
    /// 只看这个状态
    state: Option<ApplicationStateCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 入册申请列表
///
/// 单位管理员看到本单位的申请，区级看到全区的。最近的在前。
#[utoipa::path(tag = "名册", params(ApplicationQuery), responses(
    (status = 200, description = "申请列表", body = Listed<MembershipApplicationView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/membership-applications")]
pub(super) async fn list_applications(
    caller: Authorized<needs::ManageRoster>,
    query: Query<ApplicationQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<MembershipApplicationView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let state = query.state.map(|state| state.0);
    let tx = app.database.read();
    let found = membership_applications::list_within(&tx, &app.vault, &caller.scope, state, &page).await?;
    Ok(web::Json(Listed::of(found, MembershipApplicationView::from)))
}
