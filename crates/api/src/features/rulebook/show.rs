//! One version of the rules, and what it changes.

use actix_web::{get, web};
use chrono::Duration;
use domain::id::RulebookId;
use domain::organisation::NodePath;
use domain::time::Instant;
use storage::{ReadTx, rulebooks};
use uuid::Uuid;

use super::view::{ComparedRulebookView, RulebookView};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::state::App;

/// 查看一版积分规则
///
/// 列出全部条款，以及与生效前一刻适用的那一版相比改动了哪些，供审批人核对。
#[utoipa::path(tag = "积分规则", params(("id" = Uuid, Path, description = "规则编号")), responses(
    (status = 200, description = "规则", body = RulebookView),
    (status = 404, description = "没有这版规则", body = Problem, content_type = "application/problem+json"),
))]
#[get("/rulebooks/{id}")]
pub(super) async fn show_rulebook(
    caller: Authorized<needs::DraftRulebook>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<RulebookView>> {
    let now = app.clock.business();
    shown(&app.database.read(), &caller.scope, RulebookId::new(*id), now).await.map(web::Json)
}

/// The version as its reviewers see it.
pub(super) async fn shown(tx: &ReadTx, scope: &[NodePath], id: RulebookId, now: Instant) -> ApiResult<RulebookView> {
    let detail = rulebooks::find_within(tx, scope, id).await?.ok_or_else(ApiError::not_found)?;
    let edition = &detail.edition;
    let just_before = edition.effective_from - Duration::microseconds(1);
    let earlier = rulebooks::find_at(tx, edition.scope, just_before).await?;
    let changes = earlier.as_ref().map(|(earlier, _)| edition.rules.changes_from(&earlier.rules));
    let compared_with =
        earlier.map(|(earlier, scope)| ComparedRulebookView { id: earlier.id.uuid(), scope, version: earlier.version });
    Ok(RulebookView::new(detail, compared_with, changes.unwrap_or_default(), now))
}
