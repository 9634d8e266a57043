//! Drafting a version of the rules from another, and changing the draft.

use actix_web::{HttpResponse, post, put, web};
use chrono::NaiveDate;
use domain::id::{NodeId, RulebookId};
use domain::points::Rulebook;
use domain::points::rulebook::{Edition, EditionError, RulebookState, may_have_rules};
use domain::time::{Instant, start_of_day};
use serde::Deserialize;
use storage::{organisations, rulebooks};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::RulesChange;
use super::view::RulebookView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

type Drafter = Authorized<needs::DraftRulebook>;

/// 起草积分规则
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftRulebookRequest {
    /// 适用范围：辖区内的区、街道或社区
    scope_id: Uuid,
    /// 以哪一版为底稿；不填则以生效日适用于这个范围的那一版为底稿
    base_id: Option<Uuid>,
    /// 内容
    draft: RulebookDraft,
}

/// 规则草稿
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RulebookDraft {
    /// 修改了什么、为什么，最多 500 字
    #[schema(example = "夜间服务多计两成，每日上限提高到 80 分")]
    note: String,
    /// 生效日期，自当日零时起，最早为明天
    #[schema(example = "2030-01-01")]
    effective_from: NaiveDate,
    /// 最后一天；不填则由下一版接替，区级规则不能填
    #[schema(example = "2030-12-31")]
    last_day: Option<NaiveDate>,
    /// 要修改的条款，没有写的与底稿相同
    rules: Option<RulesChange>,
}

/// 起草积分规则
///
/// 以现有的一版为底稿，只写要修改的条款。一个范围的规则整版适用，不与上级的规则逐条合并。兑换、捐赠等由区级统一规定的条款，
/// 街道和社区的草稿自动与区级规则一致，不能修改。
#[utoipa::path(tag = "积分规则", responses(
    (status = 201, description = "已存为草稿", body = RulebookView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "辖区内没有这个组织，或没有这版底稿", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误，errors 列出每一处", body = Problem, content_type = "application/problem+json"),
))]
#[post("/rulebooks")]
pub(super) async fn draft_rulebook(
    caller: Drafter,
    request: Json<DraftRulebookRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let DraftRulebookRequest { scope_id, base_id, draft } = request.0;
    let (scope, base) = (NodeId::new(scope_id), base_id.map(RulebookId::new));
    let (content, change) = read(draft, "draft.")?;
    let story = use_case.write("draft_rulebook", move |work| {
        Box::pin(async move {
            let scope = organisations::find_within(&work.tx, &caller.scope, scope).await?;
            let scope = scope.ok_or_else(ApiError::not_found)?;
            if !may_have_rules(scope.kind) {
                return Err(ApiError::field("scope_id", "只有区、街道和社区可以有自己的积分规则"));
            }
            let rules = base_rules(work, &caller, scope.id, base, content.effective_from).await?;
            rulebooks::lock_scope(&mut work.tx, scope.id).await?;
            let mut edition = Edition {
                id: RulebookId::new(Uuid::now_v7()),
                scope: scope.id,
                scope_kind: scope.kind,
                version: rulebooks::next_version(&work.tx, scope.id).await?,
                state: RulebookState::Draft,
                rules,
                note: None,
                effective_from: content.effective_from,
                effective_to: content.effective_to,
                drafted_by: Some(caller.admin.official()),
                approved_by: None,
                approved_at: None,
            };
            let district = super::district_rules(work, content.effective_from).await?;
            fill(&mut edition, content, change, (&district, work.now), "draft.")?;
            work.about("rulebook", edition.id);
            rulebooks::insert(&mut work.tx, &edition, work.now).await?;
            super::show::shown(&work.tx, &caller.scope, edition.id, work.now).await
        })
    });
    Ok(HttpResponse::Created().json(story.await?))
}

/// 修改规则草稿
///
/// 只有起草人可以修改；没有写的条款不变。已检查的草稿修改后须重新检查。
#[utoipa::path(tag = "积分规则", params(("id" = Uuid, Path, description = "规则编号")), responses(
    (status = 200, description = "已修改", body = RulebookView),
    (status = 404, description = "没有这版规则", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不是草稿，或您不是起草人", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误，errors 列出每一处", body = Problem, content_type = "application/problem+json"),
))]
#[put("/rulebooks/{id}")]
pub(super) async fn change_rulebook(
    caller: Drafter,
    id: web::Path<Uuid>,
    request: Json<RulebookDraft>,
    use_case: UseCase,
) -> ApiResult<web::Json<RulebookView>> {
    let id = RulebookId::new(*id);
    let (content, change) = read(request.0, "")?;
    let story = use_case.write("change_rulebook", move |work| {
        Box::pin(async move {
            let mut edition = super::lock(work, &caller, id).await?;
            edition.reopen(caller.admin.official())?;
            let district = super::district_rules(work, content.effective_from).await?;
            fill(&mut edition, content, change, (&district, work.now), "")?;
            super::kept(work, &caller, &edition).await
        })
    });
    story.await.map(web::Json)
}

/// What a draft says beside its rules.
struct Content {
    note: String,
    effective_from: Instant,
    effective_to: Option<Instant>,
}

fn read(draft: RulebookDraft, within: &str) -> ApiResult<(Content, Option<RulesChange>)> {
    let end = |last_day: NaiveDate| {
        let next = last_day.succ_opt().ok_or_else(|| ApiError::field(format!("{within}last_day"), "日期无效"))?;
        Ok::<_, ApiError>(start_of_day(next))
    };
    let content = Content {
        note: input::text(&format!("{within}note"), &draft.note, 500)?,
        effective_from: start_of_day(draft.effective_from),
        effective_to: draft.last_day.map(end).transpose()?,
    };
    Ok((content, draft.rules))
}

async fn base_rules(
    work: &Work,
    caller: &Drafter,
    scope: NodeId,
    base: Option<RulebookId>,
    from: Instant,
) -> ApiResult<Rulebook> {
    let Some(base) = base else { return Ok(rulebooks::in_force_at(&work.tx, scope, from.max(work.now)).await?.rules) };
    let found = rulebooks::find_within(&work.tx, &caller.scope, base).await?;
    Ok(found.ok_or_else(ApiError::not_found)?.edition.rules)
}

/// Writes what was asked for into the draft, and names everything that cannot be. What only the district says is the
/// district's, so that a draft of old is told only of what was asked for now.
fn fill(
    edition: &mut Edition,
    content: Content,
    change: Option<RulesChange>,
    (district, now): (&Rulebook, Instant),
    within: &str,
) -> ApiResult<()> {
    edition.follow(district);
    if let Some(change) = change {
        edition.rules = change.apply(&edition.rules).map_err(|error| inside(error, within))?;
    }
    (edition.note, edition.effective_from, edition.effective_to) =
        (Some(content.note), content.effective_from, content.effective_to);
    let mut refusal = match edition.faults(district) {
        none if none.is_empty() => None,
        faults => Some(ApiError::from(EditionError::Faults(faults))),
    };
    if let Err(error) = edition.check_days(now) {
        let days = match error {
            EditionError::TooLate => ApiError::field("effective_from", "最早为明天"),
            other => other.into(),
        };
        match &mut refusal {
            Some(refusal) => refusal.errors.extend(days.errors),
            None => refusal = Some(days),
        }
    }
    refusal.map_or(Ok(()), |refusal| Err(inside(refusal, within)))
}

fn inside(mut error: ApiError, within: &str) -> ApiError {
    for problem in &mut error.errors {
        problem.field.insert_str(0, within);
    }
    error
}
