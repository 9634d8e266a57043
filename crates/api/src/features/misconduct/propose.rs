//! Proposing to void credited service.

use actix_web::{HttpResponse, post};
use domain::id::{EnrolmentId, MisconductId};
use domain::misconduct::{Accusation, MisconductCase};
use serde::Deserialize;
use storage::{StorageError, activities, enrolments, misconduct_cases, organisations};
use utoipa::ToSchema;
use uuid::Uuid;

use super::step;
use super::view::ManagedMisconductView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 提出违规处理
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MisconductRequest {
    /// 报名编号，其服务须已入账或未通过
    enrolment_id: Uuid,
    /// 违规事由，党员会看到，最多 200 字
    #[schema(example = "本人未到场，由他人代为签到")]
    reason: String,
    /// 证据说明，党员会看到，最多 1000 字
    #[schema(example = "小区东门监控 9:00 至 11:00 未见本人，负责人已核实")]
    evidence: String,
    /// 是否弄虚作假；是的同时暂停使用积分
    #[serde(default)]
    fraud: bool,
    /// 确认该次考勤的负责人是否对弄虚作假负有责任；是的在同样长的时间内不能新任负责人，也不能确认或补录考勤。只有弄虚作假才能填
    #[serde(default)]
    lead_at_fault: bool,
}

/// 提出违规处理
///
/// 由另一人认定后，已入账的服务作废，所得积分追回，时长扣除，并按规则扣分；审核或异议未通过的服务没有入账，只扣分。
#[utoipa::path(tag = "违规处理", responses(
    (status = 201, description = "已提出，待确认", body = ManagedMisconductView),
    (status = 404, description = "辖区内没有这次报名", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "服务尚无结论、已作处理，或党员或负有责任的负责人与您是同一人", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/misconduct-cases")]
pub(super) async fn propose_misconduct_case(
    caller: Authorized<needs::HandleMisconduct>,
    request: Json<MisconductRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let MisconductRequest { enrolment_id, reason, evidence, fraud, lead_at_fault } = request.0;
    let reason = input::text("reason", &reason, 200)?;
    let evidence = input::text("evidence", &evidence, 1000)?;
    let charge = Charge { enrolment: EnrolmentId::new(enrolment_id), reason, evidence, fraud, lead_at_fault };
    let story = use_case.write("propose_misconduct_case", move |work| Box::pin(propose(work, caller, charge)));
    Ok(HttpResponse::Created().json(story.await?))
}

struct Charge {
    enrolment: EnrolmentId,
    reason: String,
    evidence: String,
    fraud: bool,
    lead_at_fault: bool,
}

async fn propose(
    work: &mut Work,
    caller: Authorized<needs::HandleMisconduct>,
    charge: Charge,
) -> ApiResult<ManagedMisconductView> {
    let Charge { enrolment: id, reason, evidence, fraud, lead_at_fault } = charge;
    let locked = enrolments::lock_within(&mut work.tx, &caller.scope, &[id]).await?;
    let enrolment = locked.into_iter().next().ok_or_else(ApiError::not_found)?;
    let activity = activities::find_any(&work.tx, enrolment.activity).await?.ok_or_else(ApiError::not_found)?;
    let publisher = organisations::find(&work.tx, activity.node).await?.ok_or_else(ApiError::not_found)?;
    let step = step(work, &caller.admin, &publisher)?;
    let id = MisconductId::new(Uuid::now_v7());
    work.about("misconduct_case", id);
    work.because(reason.clone());
    let lead_at_fault = enrolment.confirmation.filter(|_| lead_at_fault).map(|confirmation| confirmation.by);
    let (service, member) = (enrolment.id, enrolment.member);
    let accusation = Accusation { enrolment: service, member, reason, evidence, fraud, lead_at_fault };
    let case = MisconductCase::propose(id, accusation, enrolment.state, step)?;
    misconduct_cases::insert(&mut work.tx, &case).await.map_err(repeated)?;
    let shown = misconduct_cases::find_within(&work.tx, &caller.scope, id).await?;
    Ok(ManagedMisconductView::from(shown.ok_or_else(ApiError::not_found)?))
}

fn repeated(error: StorageError) -> ApiError {
    if misconduct_cases::is_repeated(&error) {
        return ApiError::new(ErrorCode::AlreadyCharged, "该次服务已有违规处理，不能重复提出");
    }
    error.into()
}
