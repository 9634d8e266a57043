//! Rewards: one's own, and those that an admin may decide about.

use actix_web::{get, web};
use domain::id::RewardId;
use serde::Deserialize;
use storage::rewards;
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{ManagedRewardView, RewardStateCode, RewardView};
use crate::auth::caller::{Authorized, CurrentMember, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RewardQuery {
    /// 只看这个状态
    state: Option<RewardStateCode>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 我的单项奖励
///
/// 已核准的，最近的在前。
#[utoipa::path(tag = "单项奖励", params(PageQuery), responses(
    (status = 200, description = "单项奖励列表", body = Listed<RewardView>),
))]
#[get("/rewards")]
pub(super) async fn list_own_rewards(
    caller: CurrentMember,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<RewardView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = rewards::list_own(&app.database.read(), caller.member, &page).await?;
    Ok(web::Json(Listed::of(found, RewardView::from)))
}

/// 单项奖励列表
///
/// 本级及下级组织登记的，最近的在前。
#[utoipa::path(tag = "单项奖励", params(RewardQuery), responses(
    (status = 200, description = "单项奖励列表", body = Listed<ManagedRewardView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/rewards")]
pub(super) async fn list_rewards(
    caller: Authorized<needs::ProposeReward>,
    query: Query<RewardQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ManagedRewardView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let read = app.database.read();
    let found = rewards::list_within(&read, &caller.scope, query.state.map(|state| state.0), &page).await?;
    Ok(web::Json(Listed::of(found, ManagedRewardView::from)))
}

/// 查看单项奖励
#[utoipa::path(tag = "单项奖励", params(("id" = Uuid, Path, description = "奖励编号")), responses(
    (status = 200, description = "单项奖励", body = ManagedRewardView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这项奖励", body = Problem, content_type = "application/problem+json"),
))]
#[get("/rewards/{id}")]
pub(super) async fn show_reward(
    caller: Authorized<needs::ProposeReward>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<ManagedRewardView>> {
    let found = rewards::find_within(&app.database.read(), &caller.scope, RewardId::new(*id)).await?;
    Ok(web::Json(found.ok_or_else(ApiError::not_found)?.into()))
}
