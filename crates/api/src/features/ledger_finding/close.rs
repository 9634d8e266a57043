//! Laying a finding to rest, once the books hold again; the member may spend again.

use actix_web::{post, web};
use domain::id::FindingId;
use domain::ledger_finding::{FROZEN_BECAUSE, Finding};
use domain::reconciliation::RoundKind;
use storage::{accounts, ledger_findings, reconciliations};
use uuid::Uuid;

use super::view::LedgerFindingView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::fraud_stop;
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// 了结账目差异
///
/// 由说明以外的另一人确认。当场重新核对，账目仍有差异的不能了结；涉及总账的，须在说明之后又核对过一轮且不再出现。
/// 党员的差异全部了结后，其积分账户即解除冻结。须先再次验证动态码。
#[utoipa::path(tag = "账本", params(("id" = Uuid, Path, description = "差异编号")), responses(
    (status = 200, description = "已了结", body = LedgerFindingView),
    (status = 403, description = "没有权限，或须再次验证动态码", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这项差异", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "尚未说明、是同一人说明的，或账目仍有差异", body = Problem, content_type = "application/problem+json"),
))]
#[post("/ledger-findings/{id}/closing")]
pub(super) async fn close_ledger_finding(
    caller: Authorized<needs::CloseFinding>,
    id: web::Path<Uuid>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<LedgerFindingView>> {
    caller.admin.stepped_up(app.clock.wall())?;
    let id = FindingId::new(*id);
    let story = use_case.write("close_ledger_finding", move |work| {
        Box::pin(async move {
            let mut finding = super::lock(work, &caller, id).await?;
            let (still_wrong, sound) = look_again(work, &finding).await?;
            finding.close(caller.admin.official(), still_wrong, work.wall)?;
            ledger_findings::update(&mut work.tx, &finding).await?;
            if let Some(member) = finding.member
                && sound
                && ledger_findings::list_known(&work.tx, Some(member)).await?.is_empty()
                && accounts::unfreeze(&mut work.tx, member, FROZEN_BECAUSE).await?
            {
                fraud_stop::stop_for_what_stands(work, member).await?;
            }
            super::show_again(work, &caller, id).await
        })
    });
    story.await.map(web::Json)
}

/// Looks again: at the member, while nothing can be posted; of the whole ledger the last full round tells. Answers whether
/// what was found is still so, and whether nothing else is wrong either.
async fn look_again(work: &mut Work, finding: &Finding) -> ApiResult<(bool, bool)> {
    let Some(member) = finding.member else {
        let last = reconciliations::find(&work.tx, RoundKind::Full, work.wall).await?.last;
        let still_wrong = finding.may_stand(last.map(|last| last.began_at));
        return Ok((still_wrong, !still_wrong));
    };
    accounts::lock(&mut work.tx, member).await?;
    let (broken, _) = reconciliations::look(&work.tx, &[member], false).await?;
    // The freeze itself is looked for too, and this very finding still stands.
    let others = broken.iter().filter(|name| **name != finding.invariant && **name != "finding_frozen");
    Ok((broken.iter().any(|name| *name == finding.invariant), others.count() == 0))
}
