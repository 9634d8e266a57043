//! From a draft to what holds: checked by its drafter, made effective by another person, or given up.

use actix_web::{post, web};
use domain::id::RulebookId;
use storage::rulebooks;
use uuid::Uuid;

use super::view::RulebookView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::use_case::UseCase;

/// 检查规则草稿
///
/// 核对每一条款的取值和生效时间，街道和社区的还核对由区级统一规定的条款是否与区级规则一致；通过后待批准。
#[utoipa::path(tag = "积分规则", params(("id" = Uuid, Path, description = "规则编号")), responses(
    (status = 200, description = "待批准", body = RulebookView),
    (status = 404, description = "没有这版规则", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不是草稿，生效日期已到，或与另一版重叠", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "条款有误，errors 列出每一处", body = Problem, content_type = "application/problem+json"),
))]
#[post("/rulebooks/{id}/check")]
pub(super) async fn check_rulebook(
    caller: Authorized<needs::DraftRulebook>,
    id: web::Path<Uuid>,
    use_case: UseCase,
) -> ApiResult<web::Json<RulebookView>> {
    let id = RulebookId::new(*id);
    let story = use_case.write("check_rulebook", move |work| {
        Box::pin(async move {
            let mut edition = super::lock(work, &caller, id).await?;
            let approved = rulebooks::approved_from(&work.tx, edition.scope, work.now).await?;
            let district = super::district_rules(work, edition.effective_from).await?;
            edition.check(&approved, &district, work.now)?;
            super::kept(work, &caller, &edition).await
        })
    });
    story.await.map(web::Json)
}

/// 批准积分规则
///
/// 由起草人以外的另一人批准，须先再次验证动态码。自生效日期起适用，上一版到那时为止；此前的服务仍按上一版计分。
#[utoipa::path(tag = "积分规则", params(("id" = Uuid, Path, description = "规则编号")), responses(
    (status = 200, description = "已批准，到期自动生效", body = RulebookView),
    (status = 403, description = "没有权限，或须再次验证动态码", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这版规则", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "没有检查过，是您自己起草的，生效日期已到，或与另一版重叠", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "检查以后区级规则已变，与之不一致的条款列在 errors；请起草人重新保存并检查", body = Problem, content_type = "application/problem+json"),
))]
#[post("/rulebooks/{id}/approval")]
pub(super) async fn approve_rulebook(
    caller: Authorized<needs::ApproveRulebook>,
    id: web::Path<Uuid>,
    use_case: UseCase,
) -> ApiResult<web::Json<RulebookView>> {
    let id = RulebookId::new(*id);
    let story = use_case.write("approve_rulebook", move |work| {
        Box::pin(async move {
            let mut edition = super::lock(work, &caller, id).await?;
            caller.admin.stepped_up(work.wall)?;
            let approved = rulebooks::approved_from(&work.tx, edition.scope, work.now).await?;
            let district = super::district_rules(work, edition.effective_from).await?;
            let predecessor = edition.approve(caller.admin.official(), &approved, &district, work.now)?;
            if let Some(predecessor) = predecessor
                && !rulebooks::end(&mut work.tx, predecessor, edition.effective_from).await?
            {
                return Err(ErrorCode::StateConflict.into());
            }
            super::kept(work, &caller, &edition).await
        })
    });
    story.await.map(web::Json)
}

/// 作废规则草稿
///
/// 没有批准的草稿可以作废；版本号不再使用。
#[utoipa::path(tag = "积分规则", params(("id" = Uuid, Path, description = "规则编号")), responses(
    (status = 200, description = "已作废", body = RulebookView),
    (status = 404, description = "没有这版规则", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已批准或已作废", body = Problem, content_type = "application/problem+json"),
))]
#[post("/rulebooks/{id}/discard")]
pub(super) async fn discard_rulebook(
    caller: Authorized<needs::DraftRulebook>,
    id: web::Path<Uuid>,
    use_case: UseCase,
) -> ApiResult<web::Json<RulebookView>> {
    let id = RulebookId::new(*id);
    let story = use_case.write("discard_rulebook", move |work| {
        Box::pin(async move {
            let mut edition = super::lock(work, &caller, id).await?;
            edition.discard()?;
            super::kept(work, &caller, &edition).await
        })
    });
    story.await.map(web::Json)
}
