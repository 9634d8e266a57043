//! How my points came and went, newest first.

use actix_web::{get, web};
use chrono::NaiveDate;
use domain::time::{end_of_day, start_of_day};
use serde::{Deserialize, Serialize};
use storage::entries::{self, EntryLine, Filter};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::TransferKindCode;
use crate::auth::caller::CurrentMember;
use crate::error::{ApiResult, Problem};
use crate::http::coded::Coded;
use crate::http::input;
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::http::time::BeijingTime;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EntryQuery {
    /// 只看这个类型
    kind: Option<TransferKindCode>,
    /// 从哪一天起
    #[param(example = "2026-11-01")]
    from: Option<NaiveDate>,
    /// 到哪一天止，含当天
    #[param(example = "2026-11-30")]
    to: Option<NaiveDate>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标；翻页时其他条件须保持不变
    cursor: Option<String>,
}

/// 积分流水
#[derive(Debug, Serialize, ToSchema)]
struct EntryView {
    /// 记账编号，可用来查看说明
    transfer_id: Uuid,
    /// 类型
    kind: TransferKindCode,
    /// 余额的变动，减少为负；全部抵还欠分或全部记为欠分的为 0
    #[schema(example = 36)]
    points: i64,
    /// 欠分的变动：正数为抵还，负数为新欠
    #[schema(example = 0)]
    debt: i64,
    /// 变动后的余额，含冻结积分
    #[schema(example = 96)]
    balance_after: i64,
    /// 事由
    #[schema(example = "参加活动：小区义诊")]
    reason: String,
    /// 时间
    at: BeijingTime,
}

impl From<EntryLine> for EntryView {
    fn from(line: EntryLine) -> Self {
        Self {
            transfer_id: line.transfer.uuid(),
            kind: Coded(line.kind),
            points: line.points,
            debt: line.debt,
            balance_after: line.balance_after,
            reason: line.reason,
            at: line.business_at.into(),
        }
    }
}

/// 我的积分流水
///
/// 最近的在前；余额或欠分有变动的都在其中，每笔只列一次。
#[utoipa::path(tag = "积分", params(EntryQuery), responses(
    (status = 200, description = "积分流水", body = Listed<EntryView>),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/points/entries")]
pub(super) async fn list_entries(
    caller: CurrentMember,
    query: Query<EntryQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<EntryView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = Filter {
        kind: query.kind.map(|kind| kind.0),
        from: input::optional_day("from", query.from)?.map(start_of_day),
        to: input::optional_day("to", query.to)?.map(end_of_day),
    };
    let found = entries::list_own(&app.database.read(), caller.member, &filter, &page).await?;
    Ok(web::Json(Listed::of(found, EntryView::from)))
}
