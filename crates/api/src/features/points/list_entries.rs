//! How my points came and went, newest first.

use actix_web::{get, web};
use serde::Serialize;
use storage::entries::{self, EntryLine};
use utoipa::ToSchema;
use uuid::Uuid;

use super::TransferKindCode;
use crate::auth::caller::CurrentMember;
use crate::error::ApiResult;
use crate::http::coded::Coded;
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::time::BeijingTime;
use crate::state::App;

/// 积分流水
#[derive(Debug, Serialize, ToSchema)]
struct EntryView {
    /// 记账编号，可用来查看说明
    transfer_id: Uuid,
    /// 类型
    kind: TransferKindCode,
    /// 变动的积分，减少为负
    #[schema(example = 36)]
    points: i64,
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
            points: line.amount,
            balance_after: line.balance_after,
            reason: line.reason,
            at: line.business_at.into(),
        }
    }
}

/// 我的积分流水
///
/// 最近的在前。
#[utoipa::path(tag = "积分", params(PageQuery), responses(
    (status = 200, description = "积分流水", body = Listed<EntryView>),
))]
#[get("/points/entries")]
pub(super) async fn list_entries(
    caller: CurrentMember,
    query: web::Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<EntryView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = entries::list_own(&app.database.read(), caller.member, &page).await?;
    Ok(web::Json(Listed::of(found, EntryView::from)))
}
