//! The report, as JSON or as a workbook.

use std::time::Duration;

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpResponse, get};
use chrono::NaiveDate;
use domain::id::NodeId;
use domain::liability::Liability;
use domain::organisation::NodePath;
use domain::time::{business_day, start_of_day};
use serde::Deserialize;
use storage::{ReadTx, liabilities, organisations};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::LiabilityView;
use super::workbook::{self, XLSX};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::query::Query;
use crate::state::App;

/// 格式
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LiabilityFormat {
    /// JSON
    Json,
    /// Excel 工作簿
    Xlsx,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LiabilityQuery {
    /// 截至哪一天（含），默认为今天
    #[param(example = "2026-11-24")]
    as_of: Option<String>,
    /// 只统计这个组织下的单位，默认为管理范围内的全部单位
    organisation_id: Option<Uuid>,
    /// 格式，默认为 json
    #[param(inline)]
    format: Option<LiabilityFormat>,
}

/// 积分负债表
///
/// 截至某一天，党员的积分从哪里来、到哪里去，还有多少没有使用、哪个月到期。按党员现在的单位统计。
#[utoipa::path(tag = "报表", params(LiabilityQuery), responses(
    (status = 200, description = "积分负债表", content(
        (LiabilityView = "application/json"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这个组织", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "查询过于频繁", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "同时查询的人过多，请稍后再试", body = Problem, content_type = "application/problem+json"),
))]
#[get("/reports/liability")]
pub(super) async fn show_liability(
    caller: Authorized<needs::ReadReports>,
    query: Query<LiabilityQuery>,
    app: App,
) -> ApiResult<HttpResponse> {
    let today = business_day(app.clock.business());
    let as_of = query.as_of.as_deref().map_or(Ok(today), |day| read_day(day, today))?;
    app.limit(&format!("liability-reports:{}", caller.admin.id), 60, Duration::from_mins(10)).await?;
    let _turn = app.reports.try_acquire().map_err(ApiError::unavailable)?;
    let tx = app.database.read_one_moment().await?;
    let (paths, name) = scope(&tx, caller.scope, query.organisation_id).await?;
    let before = start_of_day(as_of + chrono::Days::new(1));
    let movements = liabilities::list_movements(&tx, &paths, before).await?;
    let lots = liabilities::list_left(&tx, &paths, before).await?;
    drop(tx);
    let report = LiabilityView::new(Liability::sum_up(&movements, &lots), as_of, name);
    if query.format != Some(LiabilityFormat::Xlsx) {
        return Ok(HttpResponse::Ok().json(report));
    }
    let name = format!("attachment; filename=\"liability-{as_of}.xlsx\"");
    let file = workbook::write(&report).map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().content_type(XLSX).insert_header((CONTENT_DISPOSITION, name)).body(file))
}

fn read_day(text: &str, today: NaiveDate) -> ApiResult<NaiveDate> {
    let day: NaiveDate = text.parse().map_err(|_| ApiError::field("as_of", "应为 2026-11-24 这样的日期"))?;
    if day > today { Err(ApiError::field("as_of", format!("不能晚于今天 {today}"))) } else { Ok(day) }
}

/// The subtrees that are reported on, and what they are called together.
async fn scope(tx: &ReadTx, scope: Vec<NodePath>, wanted: Option<Uuid>) -> ApiResult<(Vec<NodePath>, String)> {
    if let Some(id) = wanted {
        let node = organisations::find_within(tx, &scope, NodeId::new(id)).await?.ok_or_else(ApiError::not_found)?;
        return Ok((vec![node.path], node.name));
    }
    let names = organisations::names_at(tx, &scope).await?;
    Ok((scope, names.join("、")))
}
