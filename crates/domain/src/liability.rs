//! The liability report (积分负债表): what was issued, what became of it, and what members may still spend, by the month in which it
//! goes.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use crate::code::Code;
use crate::id::NodeId;
use crate::notice::last_day;
use crate::points::TransferKind;
use crate::time::Instant;

/// What the transfers of one kind did to the members of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The home unit.
    pub unit: NodeId,
    /// Its name.
    pub unit_name: String,
    /// The kind of transfer.
    pub kind: TransferKind,
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
    /// What they earned, less what was clawed back.
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
    pub movements: Vec<(TransferKind, i64)>,
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
                if matches!(movement.kind, TransferKind::Earn | TransferKind::Clawback) {
                    share.issued += movement.points + movement.debt;
                }
            }
        }
        let of_kind = |kind: TransferKind| -> i64 {
            movements.iter().filter(|one| one.kind == kind).map(|one| one.points + one.debt).sum()
        };
        report.movements = TransferKind::ALL.iter().map(|kind| (*kind, of_kind(*kind))).collect();
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
        let movement = |unit: u128, kind, points, debt| Movement {
            unit: NodeId::new(Uuid::from_u128(unit)),
            unit_name: format!("单位{unit}"),
            kind,
            points,
            debt,
        };
        let movements = [
            movement(1, TransferKind::Earn, 100, 5),
            movement(1, TransferKind::Redeem, -30, 0),
            movement(2, TransferKind::Earn, 40, 0),
            movement(2, TransferKind::Clawback, -40, -8),
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
        assert_eq!((report.outstanding, report.owed), (70, 3));
        let sum: i64 = report.movements.iter().map(|(_, points)| points).sum();
        assert_eq!(sum, report.outstanding - report.owed);
        assert_eq!(report.movements.len(), TransferKind::ALL.len());
        assert_eq!(report.movements[0], (TransferKind::Earn, 145));
        let months = [("2027-02-01".parse().ok(), -5), ("2027-03-01".parse().ok(), 65), (None, 10)];
        assert_eq!(report.by_month, months);
        let shares: Vec<_> = report.units.iter().map(|unit| (unit.issued, unit.outstanding, unit.owed)).collect();
        assert_eq!(shares, [(105, 70, -5), (-8, 0, 8)]);
    }
}
