//! The liability report (积分负债表): what was issued, what became of it, and what members may still spend, by the month in which it
//! goes.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use crate::code::{Code, codes};
use crate::id::NodeId;
use crate::notice::last_day;
use crate::points::TransferKind;
use crate::time::Instant;

codes! {
    /// What became of points: the kinds of transfer, save that what an appeal restored is no refund of something spent.
    Flow {
        Earn = "earn", "获得";
        Clawback = "clawback", "追回";
        Restore = "restore", "恢复";
        Redeem = "redeem", "兑换";
        Refund = "refund", "退还";
        Donate = "donate", "捐赠";
        Expire = "expire", "过期";
        Adjust = "adjust", "调整";
    }
}

impl Flow {
    /// What a transfer of this kind does, which takes back one of that kind.
    pub fn of(kind: TransferKind, reversed: Option<TransferKind>) -> Self {
        match kind {
            TransferKind::Earn => Self::Earn,
            TransferKind::Clawback => Self::Clawback,
            TransferKind::Refund if reversed == Some(TransferKind::Clawback) => Self::Restore,
            TransferKind::Refund => Self::Refund,
            TransferKind::Redeem => Self::Redeem,
            TransferKind::Donate => Self::Donate,
            TransferKind::Expire => Self::Expire,
            TransferKind::Adjust => Self::Adjust,
        }
    }

    fn is_issuance(self) -> bool {
        matches!(self, Self::Earn | Self::Clawback | Self::Restore)
    }

    fn is_spending(self) -> bool {
        matches!(self, Self::Redeem | Self::Refund | Self::Donate)
    }
}

/// What the transfers of one kind did to the members of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The home unit.
    pub unit: NodeId,
    /// Its name.
    pub unit_name: String,
    /// What they did.
    pub flow: Flow,
    /// What it did to points.
    pub points: i64,
    /// What it did to debts: above zero paid, below zero made.
    pub debt: i64,
}

/// What the members of one unit have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitShare {
    /// The home unit.
    pub unit: NodeId,
    /// Its name.
    pub name: String,
    /// What they earned, less what was clawed back and not restored.
    pub issued: i64,
    /// What they have.
    pub outstanding: i64,
    /// What they owe, from zero upwards.
    pub owed: i64,
}

/// The whole report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Liability {
    /// What the transfers of each kind did to points and debts together; every kind once.
    pub movements: Vec<(Flow, i64)>,
    /// What was earned, less what was clawed back and not restored.
    pub issued: i64,
    /// What was redeemed and given away, less what was refunded.
    pub spent: i64,
    /// What went unspent.
    pub expired: i64,
    /// What was put right by hand. Issued, less spent and expired, with this is what is outstanding less what is owed.
    pub adjusted: i64,
    /// What members have.
    pub outstanding: i64,
    /// What members owe, from zero upwards.
    pub owed: i64,
    /// What members have by the month of its last day, as the first of that month; what never goes comes last.
    pub by_month: Vec<(Option<NaiveDate>, i64)>,
    /// The units with members who ever had points, in the order of the movements.
    pub units: Vec<UnitShare>,
}

impl Liability {
    /// Sums up movements, each unit's together, and what is left of lots by the instant at which it is gone.
    pub fn sum_up(movements: &[Movement], lots: &[(Option<Instant>, i64)]) -> Self {
        let mut report = Self::default();
        for movement in movements {
            report.outstanding += movement.points;
            report.owed -= movement.debt;
            if report.units.last().is_none_or(|last| last.unit != movement.unit) {
                let (unit, name) = (movement.unit, movement.unit_name.clone());
                report.units.push(UnitShare { unit, name, issued: 0, outstanding: 0, owed: 0 });
            }
            if let Some(share) = report.units.last_mut() {
                share.outstanding += movement.points;
                share.owed -= movement.debt;
                if movement.flow.is_issuance() {
                    share.issued += movement.points + movement.debt;
                }
            }
        }
        let of_flow = |flow: Flow| -> i64 {
            movements.iter().filter(|one| one.flow == flow).map(|one| one.points + one.debt).sum()
        };
        report.movements = Flow::ALL.iter().map(|flow| (*flow, of_flow(*flow))).collect();
        for (flow, points) in &report.movements {
            match flow {
                flow if flow.is_issuance() => report.issued += points,
                flow if flow.is_spending() => report.spent -= points,
                Flow::Expire => report.expired -= points,
                _ => report.adjusted += points,
            }
        }
        // Earliest first, and what never goes after all that does.
        let mut months = BTreeMap::<(bool, Option<NaiveDate>), i64>::new();
        for (gone_at, points) in lots {
            let month = gone_at.and_then(|at| last_day(at).with_day(1));
            *months.entry((month.is_none(), month)).or_default() += points;
        }
        let left = months.into_iter().filter(|(_, points)| *points != 0);
        report.by_month = left.map(|((_, month), points)| (month, points)).collect();
        report
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::time::start_of_day;

    #[test]
    fn every_movement_is_counted_once_and_months_end_with_their_last_day() {
        let movement = |unit: u128, flow, points, debt| Movement {
            unit: NodeId::new(Uuid::from_u128(unit)),
            unit_name: format!("单位{unit}"),
            flow,
            points,
            debt,
        };
        let movements = [
            movement(1, Flow::Earn, 100, 5),
            movement(1, Flow::Redeem, -30, 0),
            movement(2, Flow::Earn, 40, 0),
            movement(2, Flow::Clawback, -40, -8),
            movement(3, Flow::Restore, 12, 8),
            movement(3, Flow::Refund, 10, 0),
            movement(3, Flow::Donate, -6, 0),
            movement(3, Flow::Expire, -9, 0),
            movement(3, Flow::Adjust, 3, 0),
        ];
        let midnight = |text: &str| text.parse().map(start_of_day).ok();
        let lots = [
            (None, 10),
            (midnight("2027-04-01"), 40),
            (midnight("2027-03-08"), 20),
            (midnight("2027-03-02"), 5),
            (midnight("2027-03-01"), -5),
        ];
        let report = Liability::sum_up(&movements, &lots);
        assert_eq!((report.outstanding, report.owed), (80, -5));
        assert_eq!((report.issued, report.spent, report.expired, report.adjusted), (117, 26, 9, 3));
        let rest = report.issued - report.spent - report.expired + report.adjusted;
        assert_eq!(rest, report.outstanding - report.owed);
        let sum: i64 = report.movements.iter().map(|(_, points)| points).sum();
        assert_eq!(sum, report.outstanding - report.owed);
        assert_eq!(report.movements.len(), Flow::ALL.len());
        assert_eq!(report.movements[0], (Flow::Earn, 145));
        let months = [("2027-02-01".parse().ok(), -5), ("2027-03-01".parse().ok(), 65), (None, 10)];
        assert_eq!(report.by_month, months);
        let shares: Vec<_> = report.units.iter().map(|unit| (unit.issued, unit.outstanding, unit.owed)).collect();
        assert_eq!(shares, [(105, 70, -5), (-8, 0, 8), (20, 10, -8)]);
    }

    #[test]
    fn what_an_appeal_restored_is_no_refund() {
        assert_eq!(Flow::of(TransferKind::Refund, Some(TransferKind::Redeem)), Flow::Refund);
        assert_eq!(Flow::of(TransferKind::Refund, Some(TransferKind::Clawback)), Flow::Restore);
        for kind in TransferKind::ALL {
            assert_eq!(Flow::of(*kind, Some(TransferKind::Redeem)).code(), kind.code());
        }
    }
}
