//! What was given: one's own donations, and what communities got. Nobody is ranked.

use actix_web::{get, web};
use domain::id::{DonationId, NodeId};
use serde::Deserialize;
use storage::donations;
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{DonationPoolView, DonationView, ReceivedDonationView};
use crate::auth::caller::{Authorized, CurrentMember, needs};
use crate::error::{ApiResult, Problem};
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DonationQuery {
    /// 只看捐给这个社区的
    community_id: Option<Uuid>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 我的捐赠
///
/// 最近的在前。
#[utoipa::path(tag = "捐赠", params(PageQuery), responses(
    (status = 200, description = "捐赠列表", body = Listed<DonationView>),
))]
#[get("/donations")]
pub(super) async fn list_own_donations(
    caller: CurrentMember,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<DonationView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = donations::list_own(&app.database.read(), caller.member, &page).await?;
    Ok(web::Json(Listed::of(found, |detail| DonationView::new(detail.donation, detail.community))))
}

/// 各社区积分池
///
/// 辖区内收到过捐赠的社区，按组织顺序。积分池是各笔捐赠之和。
#[utoipa::path(tag = "捐赠", params(PageQuery), responses(
    (status = 200, description = "积分池列表", body = Listed<DonationPoolView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/donation-pools")]
pub(super) async fn list_donation_pools(
    caller: Authorized<needs::ReadPoints>,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<DonationPoolView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = donations::list_pools(&app.database.read(), &caller.scope, &page).await?;
    Ok(web::Json(Listed::of(found, DonationPoolView::from)))
}

/// 捐赠列表
///
/// 辖区内社区收到的捐赠，姓名已脱敏，最近的在前，不按数额排列。
#[utoipa::path(tag = "捐赠", params(DonationQuery), responses(
    (status = 200, description = "捐赠列表", body = Listed<ReceivedDonationView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/donations")]
pub(super) async fn list_donations(
    caller: Authorized<needs::ReadPoints>,
    query: Query<DonationQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ReceivedDonationView>>> {
    let page = page_request::<DonationId>(query.limit, query.cursor.as_deref())?;
    let community = query.community_id.map(NodeId::new);
    let found = donations::list_within(&app.database.read(), &caller.scope, community, &page).await?;
    Ok(web::Json(Listed::of(found, ReceivedDonationView::from)))
}
