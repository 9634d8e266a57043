//! A budget on the wire, with what is gone of it.

use domain::budget::{Budget, BudgetLevel};
use domain::offer::FundingSource;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type FundingCode = Coded<FundingSource>;
type BudgetLevelCode = Coded<BudgetLevel>;

/// 积分发放预算的执行情况
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BudgetView {
    /// 年度
    #[schema(example = 2026)]
    year: i32,
    /// 资金来源
    funding_source: FundingCode,
    /// 当年已发放的积分，已扣除追回的；入账后不到一分钟计入
    #[schema(example = 86400)]
    issued_points: i64,
    /// 预算；没有设预算的为空
    budget: Option<PlanView>,
}

/// 预算
#[derive(Debug, Serialize, ToSchema)]
struct PlanView {
    /// 预算金额，单位为分
    #[schema(example = 1_000_000)]
    fen: i64,
    /// 每个积分的参考价值，单位为分
    #[schema(example = 10)]
    fen_per_point: i64,
    /// 预算可以发放的积分
    #[schema(example = 100_000)]
    points: i64,
    /// 已发放的占预算的百分比，舍去小数
    #[schema(example = 86)]
    percent: i64,
    /// 执行到哪一步：达到积分规则的预警比例（默认 80%）为接近，超过 100% 为超出；超出后照常发放
    level: BudgetLevelCode,
    /// 第几次设定
    #[schema(example = 1)]
    version: i32,
    /// 设定时间
    changed_at: BeijingTime,
}

impl BudgetView {
    pub(super) fn new(
        year: i32,
        source: FundingSource,
        issued: i64,
        budget: Option<&Budget>,
        warn_percent: u32,
    ) -> Self {
        let budget = budget.map(|budget| PlanView {
            fen: budget.plan.fen,
            fen_per_point: budget.plan.fen_per_point,
            points: budget.plan.points(),
            percent: budget.plan.percent(issued),
            level: Coded(budget.plan.level(issued, warn_percent)),
            version: budget.version,
            changed_at: budget.changed_at.into(),
        });
        Self { year, funding_source: Coded(source), issued_points: issued, budget }
    }
}
