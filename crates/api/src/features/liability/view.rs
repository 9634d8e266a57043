//! The report on the wire.

use chrono::NaiveDate;
use domain::liability::{Flow, Liability, UnitShare};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;

type FlowCode = Coded<Flow>;

/// 积分负债表
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LiabilityView {
    /// 截至哪一天，含当天
    #[schema(example = "2026-11-24")]
    pub(super) as_of: NaiveDate,
    /// 统计范围
    #[schema(example = "平城区")]
    pub(super) organisation: String,
    /// 各类变动的合计，减少为负；相加等于未使用的积分减去欠分
    pub(super) movements: Vec<MovementView>,
    /// 发放：获得的积分，减去追回的，加上恢复的
    #[schema(example = 32000)]
    pub(super) issued: i64,
    /// 使用：兑换和捐赠的积分，减去退还的
    #[schema(example = 4800)]
    pub(super) spent: i64,
    /// 过期清零的积分
    #[schema(example = 500)]
    pub(super) expired: i64,
    /// 手工调整的积分，减少为负；发放减使用减过期加调整，等于未使用的积分减欠分
    #[schema(example = 100)]
    pub(super) adjusted: i64,
    /// 未使用的积分，含冻结积分和到期待清零的
    #[schema(example = 26800)]
    pub(super) outstanding: i64,
    /// 欠分
    #[schema(example = 0)]
    pub(super) owed: i64,
    /// 未使用的积分按到期月份，先到期的在前
    pub(super) by_month: Vec<MonthView>,
    /// 按单位，只列有过积分的
    pub(super) units: Vec<UnitShareView>,
}

/// 一类变动的合计
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MovementView {
    /// 类型
    pub(super) kind: FlowCode,
    /// 积分，含抵还欠分和记为欠分的
    #[schema(example = 32000)]
    pub(super) points: i64,
}

/// 一个月到期的积分
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MonthView {
    /// 到期月份；不会过期的为空
    #[schema(example = "2027-03")]
    pub(super) month: Option<String>,
    /// 积分
    #[schema(example = 26800)]
    pub(super) points: i64,
}

/// 一个单位的积分
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnitShareView {
    /// 单位编号
    pub(super) unit_id: Uuid,
    /// 单位
    #[schema(example = "平城区教育局")]
    pub(super) name: String,
    /// 获得的积分，已扣除追回的，含恢复的
    #[schema(example = 3200)]
    pub(super) issued: i64,
    /// 未使用的积分
    #[schema(example = 2680)]
    pub(super) outstanding: i64,
    /// 欠分
    #[schema(example = 0)]
    pub(super) owed: i64,
}

impl LiabilityView {
    pub(super) fn new(report: Liability, as_of: NaiveDate, organisation: String) -> Self {
        let month = |first: NaiveDate| first.format("%Y-%m").to_string();
        let by_month = report.by_month.into_iter();
        Self {
            as_of,
            organisation,
            movements: report
                .movements
                .into_iter()
                .map(|(flow, points)| MovementView { kind: Coded(flow), points })
                .collect(),
            issued: report.issued,
            spent: report.spent,
            expired: report.expired,
            adjusted: report.adjusted,
            outstanding: report.outstanding,
            owed: report.owed,
            by_month: by_month.map(|(first, points)| MonthView { month: first.map(month), points }).collect(),
            units: report.units.into_iter().map(UnitShareView::from).collect(),
        }
    }
}

impl From<UnitShare> for UnitShareView {
    fn from(share: UnitShare) -> Self {
        let UnitShare { unit, name, issued, outstanding, owed } = share;
        Self { unit_id: unit.uuid(), name, issued, outstanding, owed }
    }
}
