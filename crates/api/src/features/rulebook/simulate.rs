//! Trying a version of the rules on the past: asked for here, done by the job, read here again.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use domain::id::{MemberId, RulebookId, SimulationId};
use domain::personal::masked_name;
use domain::points::replay::{LONGEST, Period, Side, SimulationState, Totals};
use domain::points::rulebook::RulebookState;
use domain::time::{business_day, start_of_day};
use serde::{Deserialize, Serialize};
use storage::rulebook_simulations::{self, NewSimulation, Simulation};
use storage::{ReadTx, members, rulebooks};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::coded::Coded;
use crate::http::json::Json;
use crate::http::time::BeijingTime;
use crate::state::App;
use crate::use_case::UseCase;

type SimulationStateCode = Coded<SimulationState>;

/// 模拟一版积分规则
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SimulateRulebookRequest {
    /// 从哪一天的服务开始
    #[schema(example = "2026-01-01")]
    from: NaiveDate,
    /// 到哪一天为止，含当日；最多一年
    #[schema(example = "2026-12-31")]
    to: NaiveDate,
}

/// 规则模拟
#[derive(Debug, Serialize, ToSchema)]
struct SimulationView {
    /// 模拟编号
    id: Uuid,
    /// 规则编号
    rulebook_id: Uuid,
    /// 从哪一天
    #[schema(example = "2026-01-01")]
    from: NaiveDate,
    /// 到哪一天
    #[schema(example = "2026-12-31")]
    to: NaiveDate,
    /// 状态
    state: SimulationStateCode,
    /// 状态名称
    #[schema(example = "已完成")]
    state_label: &'static str,
    /// 已读取的记录数
    #[schema(example = 1280)]
    events_read: u64,
    /// 草稿在提出模拟之后是否又改过，改过则结果不再有效
    #[schema(example = false)]
    outdated: bool,
    /// 结果，完成后才有
    outcome: Option<OutcomeView>,
    /// 提出时间
    submitted_at: BeijingTime,
    /// 结束时间
    finished_at: Option<BeijingTime>,
}

/// 模拟的结果；只计算，不入账
#[derive(Debug, Serialize, ToSchema)]
struct OutcomeView {
    /// 重新计算的记录数
    #[schema(example = 1200)]
    events: u64,
    /// 涉及的党员人数
    #[schema(example = 310)]
    members: u64,
    /// 积分合计
    points: TotalsView,
    /// 按各自规则的参考价值折算的金额，单位为人民币分
    value_fen: TotalsView,
    /// 积分增加的人
    gainers: SideView,
    /// 积分减少的人
    losers: SideView,
    /// 逐月合计
    months: Vec<MonthView>,
    /// 变化最大的，最多十人，姓名已遮盖
    largest_changes: Vec<MemberChangeView>,
}

/// 前后对比
#[derive(Debug, Serialize, ToSchema)]
struct TotalsView {
    /// 原来
    #[schema(example = 24000)]
    before: i64,
    /// 按这版规则
    #[schema(example = 26400)]
    after: i64,
}

/// 一边的人数和积分
#[derive(Debug, Serialize, ToSchema)]
struct SideView {
    /// 人数
    #[schema(example = 120)]
    members: u64,
    /// 变化的积分合计
    #[schema(example = 2600)]
    points: i64,
}

/// 一个月的对比
#[derive(Debug, Serialize, ToSchema)]
struct MonthView {
    /// 月份
    #[schema(example = "2026-11")]
    month: String,
    /// 积分
    points: TotalsView,
}

/// 一个人的对比
#[derive(Debug, Serialize, ToSchema)]
struct MemberChangeView {
    /// 姓名，已遮盖
    #[schema(example = "张**")]
    name: String,
    /// 积分
    points: TotalsView,
}

/// 模拟一版积分规则
///
/// 用这版规则重新计算一段时间内的积分，看谁增谁减、总量多少；只计算，不入账。答复后在后台处理，请按编号查询。
#[utoipa::path(tag = "积分规则", params(("id" = Uuid, Path, description = "规则编号")), responses(
    (status = 202, description = "已收下，等待处理", body = SimulationView),
    (status = 404, description = "没有这版规则", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已作废", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "时间有误", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "模拟过于频繁", body = Problem, content_type = "application/problem+json"),
))]
#[post("/rulebooks/{id}/simulations")]
pub(super) async fn simulate_rulebook(
    caller: Authorized<needs::DraftRulebook>,
    id: web::Path<Uuid>,
    request: Json<SimulateRulebookRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<HttpResponse> {
    let period = period(&request.0)?;
    let draft = rulebooks::find_within(&app.database.read(), &caller.scope, RulebookId::new(*id)).await?;
    let draft = draft.ok_or_else(ApiError::not_found)?.edition;
    if draft.state == RulebookState::Discarded {
        return Err(ApiError::new(ErrorCode::StateConflict, "这版规则已作废"));
    }
    app.limit(&format!("rulebook-simulations:{}", caller.admin.id), 20, std::time::Duration::from_mins(10)).await?;
    let view = use_case
        .write("simulate_rulebook", move |work| {
            Box::pin(async move {
                let id = SimulationId::new(Uuid::now_v7());
                work.about("rulebook_simulation", id);
                let held = rulebooks::in_force(&work.tx, work.now).await?;
                let simulation = NewSimulation {
                    id,
                    rulebook: draft.id,
                    requested_by: caller.admin.id,
                    rules: draft.rules,
                    reference_fen: held.rules.budget.reference_fen_per_point,
                    period,
                };
                rulebook_simulations::insert(&mut work.tx, simulation, work.now).await?;
                let kept = rulebook_simulations::find_within(&work.tx, &caller.scope, id).await?;
                view(&work.tx, kept.ok_or_else(ApiError::not_found)?).await
            })
        })
        .await?;
    Ok(HttpResponse::Accepted().json(view))
}

/// 规则模拟的进度和结果
#[utoipa::path(tag = "积分规则", params(("id" = Uuid, Path, description = "模拟编号")), responses(
    (status = 200, description = "进度和结果", body = SimulationView),
    (status = 404, description = "没有这次模拟", body = Problem, content_type = "application/problem+json"),
))]
#[get("/rulebook-simulations/{id}")]
pub(super) async fn show_rulebook_simulation(
    caller: Authorized<needs::DraftRulebook>,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<SimulationView>> {
    let read = app.database.read();
    let found = rulebook_simulations::find_within(&read, &caller.scope, SimulationId::new(*id)).await?;
    view(&read, found.ok_or_else(ApiError::not_found)?).await.map(web::Json)
}

fn period(request: &SimulateRulebookRequest) -> ApiResult<Period> {
    let end = request.to.succ_opt().filter(|_| request.from <= request.to);
    let end = end.ok_or_else(|| ApiError::field("to", "不能早于开始的日期"))?;
    let period = Period { from: start_of_day(request.from), to: start_of_day(end) };
    if period.to - period.from > LONGEST {
        return Err(ApiError::field("to", "一次最多模拟一年"));
    }
    Ok(period)
}

async fn view(tx: &ReadTx, simulation: Simulation) -> ApiResult<SimulationView> {
    let mut largest_changes = Vec::new();
    for (member, totals) in simulation.outcome.iter().flat_map(|outcome| &outcome.largest) {
        largest_changes.push(MemberChangeView { name: name(tx, *member).await?, points: totals.into() });
    }
    let after_fen = simulation.rules.budget.reference_fen_per_point;
    let value = |totals: &Totals| TotalsView {
        before: totals.before.saturating_mul(simulation.reference_fen),
        after: totals.after.saturating_mul(after_fen),
    };
    let outcome = simulation.outcome.as_ref().map(|outcome| OutcomeView {
        events: outcome.events,
        members: outcome.members,
        points: (&outcome.totals).into(),
        value_fen: value(&outcome.totals),
        gainers: outcome.gainers.into(),
        losers: outcome.losers.into(),
        months: outcome
            .months
            .iter()
            .map(|(month, points)| MonthView { month: month.clone(), points: points.into() })
            .collect(),
        largest_changes,
    });
    let Period { from, to } = simulation.period;
    Ok(SimulationView {
        id: simulation.id.uuid(),
        rulebook_id: simulation.rulebook.uuid(),
        from: business_day(from),
        to: business_day(to).pred_opt().unwrap_or_default(),
        state: Coded(simulation.state),
        state_label: domain::code::Code::label(simulation.state),
        events_read: simulation.events_read,
        outdated: !simulation.current,
        outcome,
        submitted_at: simulation.submitted_at.into(),
        finished_at: simulation.finished_at.map(BeijingTime),
    })
}

async fn name(tx: &ReadTx, member: MemberId) -> ApiResult<String> {
    let member = members::find(tx, member).await?.ok_or_else(ApiError::not_found)?;
    Ok(masked_name(&member.name))
}

impl From<&Totals> for TotalsView {
    fn from(totals: &Totals) -> Self {
        Self { before: totals.before, after: totals.after }
    }
}

impl From<Side> for SideView {
    fn from(side: Side) -> Self {
        Self { members: side.members, points: side.points }
    }
}
