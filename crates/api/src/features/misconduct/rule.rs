//! The level above rules on an appeal. Granted, everything comes back, once.

use actix_web::{post, web};
use domain::enrolment::Enrolment;
use domain::id::{LotId, MisconductId};
use domain::misconduct::{MisconductCase, MisconductState, Ruling};
use domain::official::Step;
use domain::organisation::NodePath;
use domain::points::{Actor, Grace, Occasion, Source, SourceKind, restore};
use domain::role::Permission;
use domain::service::ReversalKind;
use domain::time::Instant;
use serde::{Deserialize, Serialize};
use storage::{
    accounts, earn_events, enrolments, misconduct_cases, organisations, purses, rulebooks, service_records, transfers,
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ManagedMisconductView;
use super::{letter, not_credited};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::fraud_stop;
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::input;
use crate::http::json::Json;
use crate::refunding::pay_debt;
use crate::use_case::{UseCase, Work};

type Judge = Authorized<needs::RuleAppeal>;

/// 裁定申诉
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RulingRequest {
    /// 申诉是否成立；成立的全部恢复
    granted: bool,
    /// 理由，党员会看到，最多 1000 字
    #[schema(example = "负责人作证，申诉成立")]
    text: String,
}

/// 裁定申诉
///
/// 由认定组织的上一级中没有参与办理的人裁定；区级认定的由区级其他人裁定。成立的，积分、时长和考勤全部恢复，积分回到原批次，
/// 原批次已到期的按积分规则延期。须先再次验证动态码。
#[utoipa::path(tag = "违规处理", params(
    ("id" = Uuid, Path, description = "违规处理编号"),
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已裁定", body = ManagedMisconductView),
    (status = 403, description = "没有权限，或须再次验证动态码", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这项违规处理", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "没有待裁定的申诉、须由上一级裁定，或您已参与办理", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写理由", body = Problem, content_type = "application/problem+json"),
))]
#[post("/misconduct-cases/{id}/ruling")]
pub(super) async fn rule_misconduct_appeal(
    caller: Judge,
    id: web::Path<Uuid>,
    key: IdempotencyKey,
    request: Json<RulingRequest>,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let (id, granted) = (MisconductId::new(*id), request.0.granted);
    let text = input::text("text", &request.0.text, 1000)?;
    use_case
        .once("rule_misconduct_appeal", key, &(id, &request.0), move |work| {
            Box::pin(rule(work, caller, id, text, granted))
        })
        .await
}

async fn rule(
    work: &mut Work,
    caller: Judge,
    id: MisconductId,
    text: String,
    granted: bool,
) -> ApiResult<ManagedMisconductView> {
    let case = misconduct_cases::lock_within(&mut work.tx, &caller.scope, id).await?;
    let mut case = case.ok_or_else(ApiError::not_found)?;
    caller.admin.stepped_up(work.wall)?;
    work.about("misconduct_case", id);
    work.because(text.clone());
    let step = step_above(work, &caller, &case).await?;
    case.rule(Ruling { step, text }, granted)?;
    if granted {
        give_back(work, &case, step).await?;
    }
    misconduct_cases::update(&mut work.tx, &case, MisconductState::Appealed).await?;
    if granted {
        thaw(work, &case).await?;
        letter::withdraw(work, &case).await?;
    }
    let shown = misconduct_cases::find_within(&work.tx, &caller.scope, id).await?;
    Ok(ManagedMisconductView::from(shown.ok_or_else(ApiError::not_found)?))
}

/// A step in the name of an organisation above the one that confirmed; above the district there is none.
async fn step_above(work: &Work, caller: &Judge, case: &MisconductCase) -> ApiResult<Step> {
    let decider = case.decided.map_or(case.proposed.node, |step| step.node);
    let decider = organisations::find(&work.tx, decider).await?.ok_or_else(ApiError::not_found)?;
    let may_overrule =
        |path: &NodePath| path.covers(&decider.path) && (*path != decider.path || decider.parent.is_none());
    let grants = caller.admin.grants_for(Permission::RuleAppeal);
    let grant = grants.into_iter().find(|grant| may_overrule(&grant.path));
    let grant = grant.ok_or_else(|| ApiError::new(ErrorCode::AppealLevel, "申诉须由认定组织的上一级裁定"))?;
    Ok(Step { by: caller.admin.official(), node: grant.node, at: work.now })
}

async fn give_back(work: &mut Work, case: &MisconductCase, step: Step) -> ApiResult<()> {
    let enrolment = enrolments::lock_any(&mut work.tx, case.enrolment).await?;
    let mut enrolment: Enrolment = enrolment.ok_or_else(ApiError::not_found)?;
    let counted = enrolment.reinstate().map_err(not_credited)?;
    enrolments::update(&mut work.tx, &enrolment).await?;
    let grace_days = rulebooks::in_force(&work.tx, work.now).await?.rules.refund.grace_days;
    let source = Source { kind: SourceKind::Enrolment, id: case.enrolment.uuid() };
    let expires_at = end_of_points(work, case, &enrolment, source).await?;
    let actor = Actor::Admin(step.by.admin);
    let mut restored = Vec::new();
    for id in [case.clawback, case.deducted].into_iter().flatten() {
        let taken = purses::lock_taken(&mut work.tx, case.member, id).await?;
        let (mut purse, taken, debt) = taken.ok_or_else(|| ApiError::from(ErrorCode::Internal))?;
        let occasion = Occasion {
            reason: format!("申诉成立，恢复积分：{}", case.reason),
            source: Source { kind: SourceKind::Misconduct, id: case.id.uuid() },
            actor,
            business_at: work.now,
            posted_at: work.wall,
        };
        let grace = Grace { days: grace_days, lot: LotId::new(Uuid::now_v7()) };
        let posting = restore(&mut purse, occasion, &taken, debt, grace, expires_at).map_err(ApiError::internal)?;
        transfers::post(&mut work.tx, &posting).await?;
        restored.push(posting);
    }
    // Of what is owed for something else; the case's own debt went with it.
    for posting in &restored {
        pay_debt(work, case.member, posting, actor).await?;
    }
    if counted {
        let (again, now) = (ReversalKind::Reinstate, work.now);
        service_records::reverse(&mut work.tx, case.member, source, case.id, again, now).await?;
    }
    Ok(())
}

/// As long as the credit would have lasted, by the rules that gave it; where nothing was credited, as points of the day on
/// which the deduction was taken.
async fn end_of_points(
    work: &Work,
    case: &MisconductCase,
    service: &Enrolment,
    source: Source,
) -> ApiResult<Option<Instant>> {
    let decided = case.decided.ok_or_else(|| ApiError::from(ErrorCode::Internal))?;
    let rules = match earn_events::rules_of(&work.tx, case.member, source).await? {
        Some(rules) => rules,
        None => rulebooks::in_force(&work.tx, decided.at).await?.rules,
    };
    Ok(rules.expires_at(service.settled_at.unwrap_or(decided.at)))
}

/// Lets the member spend again, unless another fraud still stands.
async fn thaw(work: &mut Work, case: &MisconductCase) -> ApiResult<()> {
    if accounts::unfreeze(&mut work.tx, case.member, &case.frozen_because()).await? {
        fraud_stop::stop_for_what_stands(work, case.member).await?;
    }
    Ok(())
}
