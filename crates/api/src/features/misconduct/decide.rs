//! Another person confirms or dismisses a case.

use actix_web::{post, web};
use domain::enrolment::Enrolment;
use domain::id::{MisconductId, TransferId};
use domain::misconduct::{MisconductCase, MisconductState, Terms};
use domain::official::Step;
use domain::points::{Actor, Occasion, Posting, Purse, Source, SourceKind, clawback, deduct};
use domain::service::ReversalKind;
use serde::Deserialize;
use storage::{
    activities, earn_events, enrolments, members, misconduct_cases, organisations, purses, rulebooks, service_records,
    transfers,
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ManagedMisconductView;
use super::{letter, not_credited, step};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::fraud_stop;
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

type Handler = Authorized<needs::HandleMisconduct>;

/// 认定违规
///
/// 由提出人以外的人认定。该次服务不计：所得积分追回，余额不足的记为欠分；时长扣除；另按规则扣分。弄虚作假的按规则暂停使用积分，一般为十二个月，并函告其所在单位；负有责任的负责人同期不能新任负责人，也不能确认或补录考勤。
/// 党员和负有责任的负责人可在五个工作日内申诉。须先再次验证动态码。
#[utoipa::path(tag = "违规处理", params(
    ("id" = Uuid, Path, description = "违规处理编号"),
    ("Idempotency-Key" = String, Header, description = "幂等键，重试时保持不变"),
), responses(
    (status = 201, description = "已认定", body = ManagedMisconductView),
    (status = 403, description = "没有权限，或须再次验证动态码", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这项违规处理", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已办理，或提出人、党员与您是同一人", body = Problem, content_type = "application/problem+json"),
))]
#[post("/misconduct-cases/{id}/confirmation")]
pub(super) async fn confirm_misconduct_case(
    caller: Handler,
    id: web::Path<Uuid>,
    key: IdempotencyKey,
    use_case: UseCase,
) -> ApiResult<Answer> {
    let id = MisconductId::new(*id);
    use_case.once("confirm_misconduct_case", key, &id, move |work| Box::pin(confirm(work, caller, id))).await
}

/// 不予认定
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DismissalRequest {
    /// 原因，最多 200 字
    #[schema(example = "证据不足")]
    reason: String,
}

/// 不予认定
///
/// 由提出人以外的人办理，该次服务不变。
#[utoipa::path(tag = "违规处理", params(("id" = Uuid, Path, description = "违规处理编号")), responses(
    (status = 200, description = "不予认定", body = ManagedMisconductView),
    (status = 404, description = "没有这项违规处理", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已办理，或提出人、党员与您是同一人", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写原因", body = Problem, content_type = "application/problem+json"),
))]
#[post("/misconduct-cases/{id}/dismissal")]
pub(super) async fn dismiss_misconduct_case(
    caller: Handler,
    id: web::Path<Uuid>,
    request: Json<DismissalRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<ManagedMisconductView>> {
    let id = MisconductId::new(*id);
    let reason = input::text("reason", &request.0.reason, 200)?;
    let story = use_case.write("dismiss_misconduct_case", move |work| {
        Box::pin(async move {
            let (mut case, step) = lock(work, &caller, id).await?;
            work.because(reason.clone());
            case.dismiss(step, reason)?;
            keep(work, &caller, &case).await
        })
    });
    story.await.map(web::Json)
}

async fn confirm(work: &mut Work, caller: Handler, id: MisconductId) -> ApiResult<ManagedMisconductView> {
    let (mut case, step) = lock(work, &caller, id).await?;
    caller.admin.stepped_up(work.wall)?;
    let enrolment = enrolments::lock_any(&mut work.tx, case.enrolment).await?;
    let mut enrolment = enrolment.ok_or_else(ApiError::not_found)?;
    let mut purse = purses::lock(&mut work.tx, case.member).await?;
    let source = Source { kind: SourceKind::Enrolment, id: case.enrolment.uuid() };
    let credit = earn_events::credit_of(&work.tx, case.member, source).await?;
    let terms = terms(work, &enrolment).await?;
    case.confirm(step, credit.map(|(transfer, _)| transfer), terms)?;
    let counted = enrolment.void().map_err(not_credited)?;
    enrolments::update(&mut work.tx, &enrolment).await?;

    let postings = take(work, &mut purse, &case, credit)?;
    transfers::post_all(&mut work.tx, &postings).await?;
    if counted {
        let (void, now) = (ReversalKind::Void, work.now);
        service_records::reverse(&mut work.tx, case.member, source, case.id, void, now).await?;
    }
    fraud_stop::stop(work, &case).await?;
    letter::send(work, &case).await?;
    keep(work, &caller, &case).await
}

/// What misconduct costs by the rules of the place whose service it was, as these credited it; how long fraud is remembered, the
/// district says.
async fn terms(work: &Work, enrolment: &Enrolment) -> ApiResult<Terms> {
    let activity = activities::find_any(&work.tx, enrolment.activity).await?.ok_or_else(ApiError::not_found)?;
    let place = rulebooks::in_force_at(&work.tx, activity.node, work.now).await?.rules;
    let district = rulebooks::in_force(&work.tx, work.now).await?.rules;
    let member = members::find(&work.tx, enrolment.member).await?.ok_or_else(ApiError::not_found)?;
    Ok(Terms {
        deduction: place.deductions.misconduct_points,
        fraud_months: district.deductions.fraud_freeze_months,
        unit: member.unit,
    })
}

/// Takes what the service earned, and the deduction.
fn take(
    work: &Work,
    purse: &mut Purse,
    case: &MisconductCase,
    credit: Option<(TransferId, i64)>,
) -> ApiResult<Vec<Posting>> {
    let by = case.decided.map_or(Actor::Job, |step| Actor::Admin(step.by.admin));
    let occasion = |what: &str| Occasion {
        reason: format!("{what}：{}", case.reason),
        source: Source { kind: SourceKind::Misconduct, id: case.id.uuid() },
        actor: by,
        business_at: work.now,
        posted_at: work.wall,
    };
    let mut postings = Vec::with_capacity(2);
    if let Some((earned, points)) = credit {
        postings.push(clawback(purse, occasion("服务作废"), earned, points).map_err(ApiError::internal)?);
    }
    if let Some(id) = case.deducted {
        postings.push(deduct(purse, id, occasion("违规扣分"), case.deduction).map_err(ApiError::internal)?);
    }
    Ok(postings)
}

async fn lock(work: &mut Work, caller: &Handler, id: MisconductId) -> ApiResult<(MisconductCase, Step)> {
    let case = misconduct_cases::lock_within(&mut work.tx, &caller.scope, id).await?.ok_or_else(ApiError::not_found)?;
    work.about("misconduct_case", id);
    let proposer = organisations::find(&work.tx, case.proposed.node).await?.ok_or_else(ApiError::not_found)?;
    let step = step(work, &caller.admin, &proposer)?;
    Ok((case, step))
}

async fn keep(work: &mut Work, caller: &Handler, case: &MisconductCase) -> ApiResult<ManagedMisconductView> {
    misconduct_cases::update(&mut work.tx, case, MisconductState::Proposed).await?;
    let shown = misconduct_cases::find_within(&work.tx, &caller.scope, case.id).await?;
    Ok(ManagedMisconductView::from(shown.ok_or_else(ApiError::not_found)?))
}
