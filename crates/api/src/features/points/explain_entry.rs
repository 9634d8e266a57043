//! Why it was this many points: one sentence, and every number behind it.

use actix_web::{get, web};
use domain::id::TransferId;
use domain::points::{self, Cap, CreditExplanation};
use serde::Serialize;
use storage::{adjustments, earn_events, entries};
use utoipa::ToSchema;
use uuid::Uuid;

use super::TransferKindCode;
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::coded::Coded;
use crate::http::time::BeijingTime;
use crate::state::App;

type CapCode = Coded<Cap>;

/// 一笔积分的说明
#[derive(Debug, Serialize, ToSchema)]
struct ExplanationView {
    /// 记账编号
    transfer_id: Uuid,
    /// 类型
    kind: TransferKindCode,
    /// 余额的变动，减少为负
    #[schema(example = 36)]
    points: i64,
    /// 欠分的变动：正数为抵还，负数为新欠
    #[schema(example = 0)]
    debt: i64,
    /// 事由
    #[schema(example = "参加活动：小区义诊")]
    reason: String,
    /// 时间
    at: BeijingTime,
    /// 为什么是这么多分
    #[schema(example = "服务 135 分钟，每满 30 分钟计一次，计 120 分钟；每 30 分钟 5 分，基础分 20 分；\
        乘以系数 1.80（专业服务 1.50 × 评价优秀 1.20），得 36 分（积分规则第 1 版）。")]
    sentence: String,
    /// 按积分规则获得的积分才有的算式
    credit: Option<CreditView>,
}

/// 按积分规则计算的各个数
#[derive(Debug, Serialize, ToSchema)]
struct CreditView {
    /// 规则
    #[schema(example = "service.professional.a")]
    rule: String,
    /// 积分规则的版本
    #[schema(example = 1)]
    rulebook_version: i32,
    /// 打卡时长，单位为分钟
    #[schema(example = 135)]
    timed_minutes: i64,
    /// 补录时长，单位为分钟
    #[schema(example = 0)]
    made_up_minutes: i64,
    /// 计分的时长，单位为分钟
    #[schema(example = 120)]
    counted_minutes: i64,
    /// 基础分
    #[schema(example = 20)]
    base_points: i64,
    /// 系数，以万分之一为单位
    #[schema(example = 18000)]
    coefficient_bp: i32,
    /// 封顶前的积分
    #[schema(example = 36)]
    uncapped_points: i64,
    /// 起作用的上限
    cap: Option<CapCode>,
    /// 实得积分
    #[schema(example = 36)]
    points: i64,
    /// 其中抵还欠分的
    #[schema(example = 0)]
    debt_paid: i64,
}

impl From<&CreditExplanation> for CreditView {
    fn from(credit: &CreditExplanation) -> Self {
        let decision = &credit.decision;
        Self {
            rule: decision.rule.key(),
            rulebook_version: credit.version,
            timed_minutes: decision.timed_minutes,
            made_up_minutes: decision.made_up_minutes,
            counted_minutes: decision.counted_minutes,
            base_points: decision.base_points,
            coefficient_bp: decision.coefficient_bp,
            uncapped_points: decision.uncapped_points,
            cap: decision.cap.map(Coded),
            points: decision.points,
            debt_paid: credit.debt_paid,
        }
    }
}

/// 这笔积分怎么来的
///
/// 用一句话说明为什么是这么多分；按积分规则获得的还给出全部算式。
#[utoipa::path(tag = "积分", params(("transfer_id" = Uuid, Path, description = "记账编号")), responses(
    (status = 200, description = "说明", body = ExplanationView),
    (status = 404, description = "没有这笔积分", body = Problem, content_type = "application/problem+json"),
))]
#[get("/points/entries/{transfer_id}")]
pub(super) async fn explain_entry(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<ExplanationView>> {
    let (tx, id) = (app.database.read(), TransferId::new(*id));
    let line = entries::find_own(&tx, caller.member, id).await?.ok_or_else(ApiError::not_found)?;
    let credit = earn_events::explain(&tx, caller.member, id).await?;
    let sentence = match &credit {
        Some(credit) => points::explain(credit),
        None => {
            let decided = adjustments::levels_of(&tx, id).await?;
            points::describe(line.kind, &line.reason, line.points, line.debt, decided.as_deref())
        }
    };
    Ok(web::Json(ExplanationView {
        transfer_id: id.uuid(),
        kind: Coded(line.kind),
        points: line.points,
        debt: line.debt,
        reason: line.reason,
        at: line.business_at.into(),
        sentence,
        credit: credit.as_ref().map(CreditView::from),
    }))
}
