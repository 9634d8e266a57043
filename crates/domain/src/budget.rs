//! Issuance budgets (积分发放预算): how much each funding source means to spend on a year's points, and how much of it is gone.

use thiserror::Error;

use crate::code::{Code, codes};
use crate::id::{AdminId, BudgetId};
use crate::offer::FundingSource;
use crate::organisation::NodeKind;
use crate::time::Instant;

codes! {
    /// How much of a budget is gone.
    BudgetLevel {
        Within = "within", "预算之内";
        Near = "near", "接近预算";
        Over = "over", "超出预算";
    }
}

/// The sources that points are issued from.
pub const ISSUERS: [FundingSource; 2] = [FundingSource::Fiscal, FundingSource::UnitPool];

/// The source that stands for points of an activity by this kind of organisation, or of none.
///
/// Who will pay for what a point buys is known only when it is spent; who answers for issuing it is known at once, and a
/// budget holds that organisation to its word. Home units answer for what they organise with their own pools. All else is
/// the district's: activities of the district, its subdistricts, communities and estates, and points for residency.
/// Merchants, charities and the other sources give goods and issue nothing.
pub fn issuer(organiser: Option<NodeKind>) -> FundingSource {
    match organiser {
        Some(NodeKind::Unit) => FundingSource::UnitPool,
        _ => FundingSource::Fiscal,
    }
}

/// What is meant to be spent on a year's points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The business year.
    pub year: i32,
    /// Who pays.
    pub source: FundingSource,
    /// The budget in money, in fen.
    pub fen: i64,
    /// What one point is reckoned to cost, in fen.
    pub fen_per_point: i64,
}

/// A budget as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The budget.
    pub id: BudgetId,
    /// What is meant to be spent.
    pub plan: Plan,
    /// How often it was set; each version warns anew.
    pub version: i32,
    /// Who set it last.
    pub changed_by: AdminId,
    /// When.
    pub changed_at: Instant,
}

/// A number that a budget cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BudgetError {
    /// The year.
    #[error("年度应在 2020 到 2100 之间")]
    Year,
    /// The funding source.
    #[error("积分只由{}或{}发放，不能为“{}”设发放预算", ISSUERS[0].label(), ISSUERS[1].label(), .0.label())]
    Source(FundingSource),
    /// The money.
    #[error("预算应在 1 到 100000000000 分之间")]
    Fen,
    /// The value of a point.
    #[error("每个积分的参考价值应在 1 到 10000 分之间")]
    FenPerPoint,
}

impl Plan {
    /// Checks every number.
    pub fn check(self) -> Result<Self, BudgetError> {
        if !(2020..=2100).contains(&self.year) {
            return Err(BudgetError::Year);
        }
        if !ISSUERS.contains(&self.source) {
            return Err(BudgetError::Source(self.source));
        }
        if !(1..=100_000_000_000).contains(&self.fen) {
            return Err(BudgetError::Fen);
        }
        if !(1..=10_000).contains(&self.fen_per_point) {
            return Err(BudgetError::FenPerPoint);
        }
        Ok(self)
    }

    /// How many points the budget covers.
    pub fn points(&self) -> i64 {
        self.fen / self.fen_per_point
    }

    /// The share of the budget that so many points take, in whole hundredths.
    pub fn percent(&self, issued: i64) -> i64 {
        let percent = i128::from(issued) * i128::from(self.fen_per_point) * 100 / i128::from(self.fen);
        i64::try_from(percent).unwrap_or(i64::MAX)
    }

    /// How much of the budget so many points take.
    pub fn level(&self, issued: i64, warn_percent: u32) -> BudgetLevel {
        if i128::from(issued) * i128::from(self.fen_per_point) > i128::from(self.fen) {
            BudgetLevel::Over
        } else if self.percent(issued) >= i64::from(warn_percent) {
            BudgetLevel::Near
        } else {
            BudgetLevel::Within
        }
    }

    /// The levels that so many points have reached and that the responsible are told of.
    pub fn warnings(&self, issued: i64, warn_percent: u32) -> &'static [BudgetLevel] {
        match self.level(issued, warn_percent) {
            BudgetLevel::Within => &[],
            BudgetLevel::Near => &[BudgetLevel::Near],
            BudgetLevel::Over => &[BudgetLevel::Near, BudgetLevel::Over],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan { year: 2026, source: FundingSource::Fiscal, fen: 1_000, fen_per_point: 10 };

    #[test]
    fn a_budget_warns_at_four_fifths_and_again_beyond_its_end() {
        let cases = [
            (-5, -5, BudgetLevel::Within, 0),
            (79, 79, BudgetLevel::Within, 0),
            (80, 80, BudgetLevel::Near, 1),
            (100, 100, BudgetLevel::Near, 1),
            (101, 101, BudgetLevel::Over, 2),
            (i64::MAX, i64::MAX, BudgetLevel::Over, 2),
        ];
        for (issued, percent, level, warnings) in cases {
            assert_eq!((PLAN.percent(issued), PLAN.level(issued, 80)), (percent, level), "{issued}");
            assert_eq!(PLAN.warnings(issued, 80).len(), warnings, "{issued}");
        }
        assert_eq!(PLAN.points(), 100);
        // 1 fen beyond is beyond, though it rounds to a hundred hundredths.
        assert_eq!(Plan { fen: 100_005, fen_per_point: 1, ..PLAN }.level(100_006, 80), BudgetLevel::Over);
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert_eq!(PLAN.check(), Ok(PLAN));
        assert_eq!(Plan { year: 2019, ..PLAN }.check(), Err(BudgetError::Year));
        let source = FundingSource::CharityFund;
        assert_eq!(Plan { source, ..PLAN }.check(), Err(BudgetError::Source(source)));
        assert_eq!(
            BudgetError::Source(source).to_string(),
            "积分只由财政资金或单位物资池发放，不能为“慈善基金”设发放预算"
        );
        for fen in [i64::MIN, 0, 100_000_000_001] {
            assert_eq!(Plan { fen, ..PLAN }.check(), Err(BudgetError::Fen));
        }
        for fen_per_point in [-1, 0, 10_001] {
            assert_eq!(Plan { fen_per_point, ..PLAN }.check(), Err(BudgetError::FenPerPoint));
        }
    }

    #[test]
    fn units_answer_for_their_own_activities_and_the_district_for_all_else() {
        for kind in NodeKind::ALL {
            let unit = *kind == NodeKind::Unit;
            let source = if unit { FundingSource::UnitPool } else { FundingSource::Fiscal };
            assert_eq!(issuer(Some(*kind)), source, "{kind:?}");
            assert!(ISSUERS.contains(&source));
        }
        assert_eq!(issuer(None), FundingSource::Fiscal);
    }
}
