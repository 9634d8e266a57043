//! What is wrong with a version of the rules: fields alone, and some of them together.

use std::ops::RangeInclusive;

use super::{FIELDS, Field, FieldKind, Rulebook};

/// Something wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its path.
    pub field: &'static str,
    /// What is wrong, as a sentence.
    pub sentence: String,
}

/// The most days that a list of days holds.
const MOST_DAYS: usize = 200;

/// The most notices before an expiry.
const MOST_NOTICES: usize = 6;

impl Rulebook {
    /// Everything that is wrong with the rules, field by field; nothing if they may hold.
    pub fn faults(&self) -> Vec<Fault> {
        let alone = FIELDS.iter().filter_map(|field| {
            let sentence = field.fault(self)?;
            Some(Fault { field: field.name, sentence })
        });
        let (earning, absence) = (&self.earning, &self.absence);
        let capped_below = |greater: i64, lesser: i64| greater > 0 && lesser > greater;
        let together = [
            (![15, 30, 60].contains(&earning.unit_minutes), "earning.unit_minutes", "应为 15、30 或 60"),
            (capped_below(earning.month_cap, earning.day_cap), "earning.day_cap", "不能超过每月积分上限"),
            (capped_below(earning.year_cap, earning.month_cap), "earning.month_cap", "不能超过每年积分上限"),
            (
                absence.absences_for_long_pause <= absence.absences_for_pause,
                "absence.absences_for_long_pause",
                "应多于暂停报名的缺席次数",
            ),
            (absence.long_pause_days < absence.pause_days, "absence.long_pause_days", "不能短于暂停报名的天数"),
            (
                self.donation.day_cap > 0 && self.donation.day_cap < self.donation.least_points,
                "donation.day_cap",
                "不能少于每次最少捐赠",
            ),
        ];
        let mut faults: Vec<_> = alone.collect();
        for (wrong, field, sentence) in together {
            if wrong && !faults.iter().any(|fault| fault.field == field) {
                faults.push(Fault { field, sentence: sentence.into() });
            }
        }
        faults
    }
}

impl Field {
    fn fault(&self, rules: &Rulebook) -> Option<String> {
        let outside = |range: &RangeInclusive<i64>| format!("应在 {} 到 {} 之间", range.start(), range.end());
        match &self.kind {
            FieldKind::Number(_, range, read) => (!range.contains(&read(rules))).then(|| outside(range)),
            FieldKind::Numbers(_, range, read) => {
                let numbers = read(rules);
                if numbers.len() > MOST_NOTICES {
                    return Some(format!("最多 {MOST_NOTICES} 个"));
                }
                let (within, falling) =
                    (numbers.iter().all(|n| range.contains(&i64::from(*n))), numbers.is_sorted_by(|a, b| a > b));
                let order = (!falling).then(|| "应从大到小排列，不能重复".into());
                if within { order } else { Some(outside(range)) }
            }
            FieldKind::Days(read) => {
                let days = read(rules);
                let order = (!days.is_sorted_by(|a, b| a < b)).then(|| "应从早到晚排列，不能重复".into());
                if days.len() > MOST_DAYS { Some(format!("最多 {MOST_DAYS} 天")) } else { order }
            }
            FieldKind::Flag(_) | FieldKind::Expiry(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn wrong(change: impl Fn(&mut Rulebook)) -> Vec<(&'static str, String)> {
        let mut rules = Rulebook::default_rules();
        change(&mut rules);
        rules.faults().into_iter().map(|fault| (fault.field, fault.sentence)).collect()
    }

    #[test]
    fn the_rules_of_the_start_may_hold() {
        assert_eq!(Rulebook::default_rules().faults(), []);
    }

    #[test]
    fn every_faulty_field_is_named_once() {
        let faults = wrong(|rules| {
            rules.earning.points_per_half_hour = 0;
            rules.earning.unit_minutes = 20;
            rules.earning.day_cap = 500;
            rules.earning.year_cap = -1;
            rules.coefficients.general_bp = 30_001;
            rules.absence.no_show_party_duty = 1;
            rules.expiry.notice_days = vec![30, 30];
        });
        let expected = [
            ("earning.points_per_half_hour", "应在 1 到 50 之间"),
            ("earning.year_cap", "应在 0 到 100000 之间"),
            ("coefficients.general_bp", "应在 0 到 30000 之间"),
            ("absence.no_show_party_duty", "应在 -10 到 0 之间"),
            ("expiry.notice_days", "应从大到小排列，不能重复"),
            ("earning.unit_minutes", "应为 15、30 或 60"),
            ("earning.day_cap", "不能超过每月积分上限"),
        ];
        assert_eq!(faults, expected.map(|(field, sentence)| (field, sentence.to_owned())));
    }

    #[test]
    fn caps_of_longer_times_are_not_below_those_of_shorter() {
        assert_eq!(wrong(|rules| rules.earning.month_cap = 3_001)[0].0, "earning.month_cap");
        for none in [(0, 400, 3_000), (60, 0, 3_000), (60, 400, 0)] {
            let caps = |rules: &mut Rulebook| {
                (rules.earning.day_cap, rules.earning.month_cap, rules.earning.year_cap) = none;
            };
            assert_eq!(wrong(caps), [], "{none:?}");
        }
        assert_eq!(wrong(|rules| rules.absence.absences_for_long_pause = 3)[0].0, "absence.absences_for_long_pause");
    }

    #[test]
    fn no_rule_promises_a_donation_that_is_refused() {
        assert_eq!(wrong(|rules| (rules.donation.least_points, rules.donation.day_cap) = (1_000, 3_000)), []);
        assert_eq!(wrong(|rules| rules.donation.day_cap = 3_001)[0].1, "应在 0 到 3000 之间");
        assert_eq!(wrong(|rules| rules.donation.least_points = 1_001)[0].1, "应在 1 到 1000 之间");
        let mut stored = Rulebook::default_rules();
        stored.donation.day_cap = 100_000;
        assert_eq!(stored.faults_below(&stored), [], "what the district stored before is not a community's fault");
    }

    #[test]
    fn lists_are_bounded_and_in_order() {
        let day = |number| NaiveDate::from_ymd_opt(2027, 1, 1).expect("a day") + chrono::Days::new(number);
        assert_eq!(wrong(|rules| rules.calendar.holidays = vec![day(1), day(1)])[0].0, "calendar.holidays");
        let many = wrong(|rules| rules.calendar.holidays = (0..201).map(day).collect());
        assert_eq!(many[0].1, "最多 200 天");
        assert_eq!(wrong(|rules| rules.expiry.notice_days = vec![181])[0].1, "应在 1 到 180 之间");
        assert_eq!(wrong(|rules| rules.expiry.notice_days = vec![7, 6, 5, 4, 3, 2, 1])[0].1, "最多 6 个");
        assert_eq!(wrong(|rules| rules.expiry.notice_days = Vec::new()), []);
    }
}
