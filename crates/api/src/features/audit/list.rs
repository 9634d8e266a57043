//! Who did what, and what they were refused, the newest first.

use actix_web::{get, web};
use chrono::NaiveDate;
use domain::time::{end_of_day, start_of_day};
use serde::Deserialize;
use storage::audit::{self, Filter};
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{AuditActorCode, AuditOutcomeCode, AuditRecordView};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::http::input;
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// 只看这种身份
    actor_kind: Option<AuditActorCode>,
    /// 只看这个人，按记录中的编号
    actor_id: Option<Uuid>,
    /// 只看这项操作，按记录中的名称
    #[param(example = "approve_adjustment")]
    action: Option<String>,
    /// 只看这种结果
    outcome: Option<AuditOutcomeCode>,
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

/// 审计记录
///
/// 最近的在前。辖区内的管理员、党员和店员办理的事项，以及他们未获准的操作；系统任务、运维人员和未登录者的记录由区级审计查看。
/// 不含事由正文和网络地址；党员和店员的姓名已遮盖。
#[utoipa::path(tag = "审计", params(AuditQuery), responses(
    (status = 200, description = "一页审计记录", body = Listed<AuditRecordView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/audit-records")]
pub(super) async fn list_audit_records(
    caller: Authorized<needs::ReadAudit>,
    query: Query<AuditQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<AuditRecordView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = Filter {
        actor_kind: query.actor_kind.map(|kind| kind.0),
        actor: query.actor_id,
        action: input::optional_line("action", query.action.as_deref(), 60)?,
        outcome: query.outcome.map(|outcome| outcome.0),
        from: input::optional_day("from", query.from)?.map(start_of_day),
        to: input::optional_day("to", query.to)?.map(end_of_day),
    };
    let found = audit::list_within(&app.database.read(), &caller.scope, &filter, &page).await?;
    Ok(web::Json(Listed::of(found, AuditRecordView::from)))
}
