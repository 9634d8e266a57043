//! The versions of the rules.

use actix_web::{get, web};
use domain::id::NodeId;
use serde::Deserialize;
use storage::rulebooks::{self, Filter};
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{RulebookStateCode, RulebookSummaryView};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RulebookQuery {
    /// 只看这个区、街道或社区的
    pub scope_id: Option<Uuid>,
    /// 只看这个状态；state=checked 即待批准的
    pub state: Option<RulebookStateCode>,
    /// 每页条数，1 到 100，默认 20
    pub limit: Option<u64>,
    /// 上一页给出的游标
    pub cursor: Option<String>,
}

/// 积分规则的各个版本
///
/// 本级及下级组织的规则，最新起草的在前。本级没有自己的规则时适用上级的。
#[utoipa::path(tag = "积分规则", params(RulebookQuery), responses(
    (status = 200, description = "规则列表", body = Listed<RulebookSummaryView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/rulebooks")]
pub(super) async fn list_rulebooks(
    caller: Authorized<needs::DraftRulebook>,
    query: Query<RulebookQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<RulebookSummaryView>>> {
    let (query, now) = (query.0, app.clock.business());
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = Filter {
        within: caller.scope,
        scope: query.scope_id.map(NodeId::new),
        state: query.state.map(|state| (state.0, now)),
    };
    let found = rulebooks::list_within(&app.database.read(), &filter, &page).await?;
    Ok(web::Json(Listed::of(found, |detail| RulebookSummaryView::new(&detail, now))))
}
