//! What home units are told of a fraud of one of their members: at once, and again when it no longer stands.

use actix_web::{get, web};
use domain::misconduct::{Letter, MisconductCase};
use serde::Serialize;
use serde_json::json;
use storage::misconduct_cases::{self, MisconductDetail};
use storage::outbox::{self, Message};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::MisconductStateCode;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::http::coded::Coded;
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::query::Query;
use crate::http::time::BeijingTime;
use crate::state::App;
use crate::use_case::Work;

/// 告知函
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FraudLetterView {
    /// 违规处理编号
    id: Uuid,
    /// 党员编号
    member_id: Uuid,
    /// 党员姓名
    #[schema(example = "李秀英")]
    member_name: String,
    /// 党员号
    #[schema(example = "PC00000002")]
    member_number: String,
    /// 违规处理的状态；已撤销的，原告知作废
    state: MisconductStateCode,
    /// 内容
    #[schema(
        example = "你单位党员李秀英在“周末清理楼道”中弄虚作假，文源社区已于 2026-11-24 认定，该次服务不计，所得积分追回。本人可申诉至 2026-12-01。"
    )]
    text: String,
    /// 认定时间
    decided_at: Option<BeijingTime>,
}

impl From<MisconductDetail> for FraudLetterView {
    fn from(detail: MisconductDetail) -> Self {
        let case = &detail.case;
        let letter = Letter {
            case,
            member: &detail.member_name,
            activity: &detail.title,
            decided_by: detail.decided_by.as_deref().unwrap_or_default(),
            ruled_by: detail.ruled_by.as_deref(),
        };
        Self {
            id: case.id.uuid(),
            member_id: case.member.uuid(),
            state: Coded(case.state),
            text: letter.text(),
            decided_at: case.decided.map(|step| step.at.into()),
            member_name: detail.member_name,
            member_number: detail.member_number,
        }
    }
}

/// 告知函列表
///
/// 认定弄虚作假时属于本单位的党员的，最近的在前；申诉后状态和内容随之变化。
#[utoipa::path(tag = "违规处理", params(PageQuery), responses(
    (status = 200, description = "告知函列表", body = Listed<FraudLetterView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/fraud-letters")]
pub(super) async fn list_fraud_letters(
    caller: Authorized<needs::ReadFraudLetters>,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<FraudLetterView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = misconduct_cases::list_frauds_of_units(&app.database.read(), &caller.scope, &page).await?;
    Ok(web::Json(Listed::of(found, FraudLetterView::from)))
}

/// Queues the letter of a case that was confirmed, if it is a fraud.
pub(super) async fn send(work: &mut Work, case: &MisconductCase) -> ApiResult<()> {
    queue(work, case, "fraud_letter").await
}

/// Queues word that the letter of a case that was revoked no longer stands, if it is a fraud.
pub(super) async fn withdraw(work: &mut Work, case: &MisconductCase) -> ApiResult<()> {
    queue(work, case, "fraud_letter_withdrawn").await
}

async fn queue(work: &mut Work, case: &MisconductCase, kind: &'static str) -> ApiResult<()> {
    if !case.fraud {
        return Ok(());
    }
    let payload = json!({ "misconduct_case_id": case.id, "member_id": case.member, "unit_id": case.unit });
    let message = Message { id: Uuid::now_v7(), kind, payload };
    Ok(outbox::queue(&mut work.tx, &[message], work.wall).await?)
}
