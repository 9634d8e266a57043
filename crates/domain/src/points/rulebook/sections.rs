//! The sections of the rules, each with what a district starts with. A section or field that a stored version does not
//! have yet is read as its default.

use chrono::{Datelike, NaiveDate, Timelike, Weekday};
use serde::{Deserialize, Serialize};

use crate::code::codes;
use crate::service::{Evaluation, ServiceKind};
use crate::time::{Instant, beijing};

/// What service earns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Earning {
    /// Points for each half-hour.
    pub points_per_half_hour: i64,
    /// Service is counted in whole units of so many minutes; less than one unit counts nothing.
    pub unit_minutes: i64,
    /// The most that one session counts.
    pub max_minutes_per_session: i64,
    /// The most points of a business day.
    pub day_cap: i64,
    /// The most points of a month.
    pub month_cap: i64,
    /// The most points of a year.
    pub year_cap: i64,
    /// How often one may check in and out at one activity on one day.
    pub sign_pairs_per_activity_day: u32,
}

impl Default for Earning {
    fn default() -> Self {
        Self {
            points_per_half_hour: 5,
            unit_minutes: 30,
            max_minutes_per_session: 240,
            day_cap: 60,
            month_cap: 400,
            year_cap: 3000,
            sign_pairs_per_activity_day: 3,
        }
    }
}

/// What multiplies the base points, in basis points: 10,000 is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Coefficients {
    /// For general service.
    pub general_bp: i32,
    /// For training.
    pub training_bp: i32,
    /// For professional service.
    pub professional_bp: i32,
    /// For service in a declared emergency.
    pub emergency_bp: i32,
    /// For service that begins at night or on a day off, beside the kind's.
    pub night_or_holiday_bp: i32,
    /// For an evaluation of A.
    pub evaluation_a_bp: i32,
    /// For an evaluation of B.
    pub evaluation_b_bp: i32,
    /// For an evaluation of C.
    pub evaluation_c_bp: i32,
    /// For an evaluation of D.
    pub evaluation_d_bp: i32,
    /// How much of a made-up minute counts towards points.
    pub made_up_bp: i32,
}

impl Default for Coefficients {
    fn default() -> Self {
        Self {
            general_bp: 10_000,
            training_bp: 5_000,
            professional_bp: 15_000,
            emergency_bp: 20_000,
            night_or_holiday_bp: 12_000,
            evaluation_a_bp: 12_000,
            evaluation_b_bp: 10_000,
            evaluation_c_bp: 5_000,
            evaluation_d_bp: 0,
            made_up_bp: 0,
        }
    }
}

impl Coefficients {
    /// What a kind of service counts.
    pub fn of_kind(&self, kind: ServiceKind) -> i32 {
        match kind {
            ServiceKind::General => self.general_bp,
            ServiceKind::Training => self.training_bp,
            ServiceKind::Professional => self.professional_bp,
            ServiceKind::Emergency => self.emergency_bp,
        }
    }

    /// What an evaluation counts.
    pub fn of_evaluation(&self, evaluation: Evaluation) -> i32 {
        match evaluation {
            Evaluation::A => self.evaluation_a_bp,
            Evaluation::B => self.evaluation_b_bp,
            Evaluation::C => self.evaluation_c_bp,
            Evaluation::D => self.evaluation_d_bp,
        }
    }
}

/// Which hours and days are off (夜间和节假日). They change every year and no rule above the district's names them, so a
/// version that names none has none, and its coefficient multiplies nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Calendar {
    /// The hour at which the night begins; the same as its end means no night.
    pub night_from: u32,
    /// The hour at which it ends.
    pub night_until: u32,
    /// Whether Saturdays and Sundays are off.
    pub weekends: bool,
    /// Further days off.
    pub holidays: Vec<NaiveDate>,
    /// Saturdays and Sundays on which people work all the same (调休).
    pub working_weekends: Vec<NaiveDate>,
}

impl Calendar {
    /// Whether service that begins then begins at night or on a day off.
    pub fn is_off(&self, at: Instant) -> bool {
        let local = at.with_timezone(&beijing());
        let (hour, day) = (local.hour(), local.date_naive());
        let night = if self.night_from <= self.night_until {
            (self.night_from..self.night_until).contains(&hour)
        } else {
            hour >= self.night_from || hour < self.night_until
        };
        let weekend = self.weekends && matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        night || self.holidays.contains(&day) || (weekend && !self.working_weekends.contains(&day))
    }
}

/// What single events earn, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Events {
    /// The first residency of a lifetime, once a community accepted it.
    pub first_residency: i64,
    /// A month at one's post, once the branch confirmed it.
    pub post_duty_month: i64,
    /// A wish that was granted, once the wisher confirmed it.
    pub wish_done: i64,
    /// A reported issue that is one.
    pub issue_valid: i64,
    /// The same issue once it is settled.
    pub issue_closed: i64,
    /// How many reports of a day earn.
    pub issues_per_day: u32,
    /// A point of a patrol.
    pub patrol_point: i64,
    /// How many points of a day earn.
    pub patrol_points_per_day: u32,
    /// How many minutes lie between two of them at least.
    pub patrol_gap_minutes: u32,
    /// A proposal that was adopted.
    pub proposal_adopted: i64,
    /// An item of the cooperation list that was done, for each contributor.
    pub coop_item_done: i64,
    /// Bravery, by decision of the district.
    pub bravery: i64,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            first_residency: 20,
            post_duty_month: 20,
            wish_done: 20,
            issue_valid: 3,
            issue_closed: 3,
            issues_per_day: 3,
            patrol_point: 2,
            patrol_points_per_day: 10,
            patrol_gap_minutes: 10,
            proposal_adopted: 30,
            coop_item_done: 30,
            bravery: 100,
        }
    }
}

/// How service is put on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Record {
    /// Days within which the lead is to confirm service; what comes later is marked for its reviewer.
    pub register_within_days: u32,
    /// Days for which a record is public and open to objections before it is credited.
    pub publicity_days: u32,
    /// Days within which the organiser may make up what was not timed.
    pub made_up_within_days: u32,
}

impl Record {
    /// For how many days rules may let service be made up at most.
    pub const MADE_UP_WITHIN_DAYS_AT_MOST: i64 = 30;
}

impl Default for Record {
    fn default() -> Self {
        Self { register_within_days: 3, publicity_days: 3, made_up_within_days: 7 }
    }
}

/// What staying away leads to. It never takes points from a balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Absence {
    /// Until how many hours before the start a seat may be given back freely.
    pub cancel_free_hours: u32,
    /// What giving a seat of a party duty back late does to the appraisal; nothing reads it before there is one.
    pub late_cancel_party_duty: i64,
    /// What staying away from a party duty does to the appraisal; nothing reads it before there is one.
    pub no_show_party_duty: i64,
    /// So many absences within a year pause signing up for a while.
    pub absences_for_pause: u32,
    /// For so many days.
    pub pause_days: u32,
    /// So many pause it for long.
    pub absences_for_long_pause: u32,
    /// For so many days.
    pub long_pause_days: u32,
}

impl Default for Absence {
    fn default() -> Self {
        Self {
            cancel_free_hours: 24,
            late_cancel_party_duty: 0,
            no_show_party_duty: -5,
            absences_for_pause: 3,
            pause_days: 30,
            absences_for_long_pause: 5,
            long_pause_days: 180,
        }
    }
}

/// What misconduct costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deductions {
    /// Points taken for misconduct, beside those of the service that is void.
    pub misconduct_points: i64,
    /// Months without redeeming after fraud.
    pub fraud_freeze_months: u32,
}

impl Default for Deductions {
    fn default() -> Self {
        Self { misconduct_points: 20, fraud_freeze_months: 12 }
    }
}

/// Who may spend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Eligibility {
    /// Verified service minutes of a lifetime that spending needs.
    pub spend_verified_minutes: i64,
}

impl Default for Eligibility {
    fn default() -> Self {
        Self { spend_verified_minutes: 300 }
    }
}

codes! {
    /// How the end of a lot is found from the day it was earned.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    ExpiryMode {
        YearEndGrace = "year_end_grace", "次年 3 月底";
        YearEnd = "year_end", "当年年底";
        RollingThreeYears = "rolling_three_years", "获得之日起满 36 个月";
        Never = "never", "长期有效";
    }
}

/// When points go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expiry {
    /// How the end is found.
    pub mode: ExpiryMode,
    /// How many days before it members are told, the longest first.
    pub notice_days: Vec<u32>,
}

impl Default for Expiry {
    fn default() -> Self {
        Self { mode: ExpiryMode::YearEndGrace, notice_days: vec![60, 30, 7] }
    }
}

/// What a refund does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Refund {
    /// Whole days that returned points last whose own lot has expired.
    pub grace_days: u32,
}

impl Default for Refund {
    fn default() -> Self {
        Self { grace_days: 7 }
    }
}

/// How much a member may redeem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redemption {
    /// Of one offer in a quarter, where the offer says nothing else.
    pub per_item_per_quarter: u32,
    /// Of all offers in a month.
    pub per_month: u32,
    /// Face value in a year, in fen.
    pub value_cap_year_fen: i64,
}

impl Default for Redemption {
    fn default() -> Self {
        Self { per_item_per_quarter: 2, per_month: 4, value_cap_year_fen: 50_000 }
    }
}

/// What holds for vouchers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Voucher {
    /// Days that a voucher is valid, where the draft of the offer says nothing else.
    pub valid_days: u32,
    /// Hours within which a verification may be undone.
    pub reversal_hours: u32,
}

impl Default for Voucher {
    fn default() -> Self {
        Self { valid_days: 30, reversal_hours: 24 }
    }
}

/// Giving points to the community's pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Donation {
    /// Whether members may.
    pub open: bool,
    /// The least that is taken at once.
    pub least_points: i64,
    /// The most of a business day.
    pub day_cap: i64,
}

impl Donation {
    /// The most that one donation may give, whatever the rules say.
    pub const MOST_AT_ONCE: i64 = 1_000;
    /// The most that a member may give in a year, whatever the rules say: what they let a member earn in one at first.
    pub const MOST_IN_YEAR: i64 = 3_000;
}

impl Default for Donation {
    fn default() -> Self {
        Self { open: true, least_points: 1, day_cap: 1_000 }
    }
}

/// What issued points are worth to those who pay. How much each funding source has for a year is a budget, no rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// What a point stands for, in fen.
    pub reference_fen_per_point: i64,
    /// The share of a budget from which the responsible are warned, in percent.
    pub warn_percent: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { reference_fen_per_point: 10, warn_percent: 80 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn off(calendar: &Calendar, at: &str) -> bool {
        calendar.is_off(at.parse().expect("an instant"))
    }

    #[test]
    fn nights_and_days_off_are_beijings_and_none_unless_named() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let none = Calendar::default();
        assert!(!off(&none, "2026-11-28T03:00:00+08:00") && !off(&none, "2026-10-01T10:00:00+08:00"));
        let named = Calendar {
            night_from: 22,
            night_until: 6,
            weekends: true,
            holidays: vec![day("2026-10-01")],
            working_weekends: vec![day("2026-10-10")],
        };
        let cases = [
            ("2026-11-26T21:59:59+08:00", false),
            ("2026-11-26T22:00:00+08:00", true),
            ("2026-11-27T05:59:59+08:00", true),
            ("2026-11-27T06:00:00+08:00", false),
            ("2026-11-27T16:00:00Z", true),
            ("2026-11-28T10:00:00+08:00", true),
            ("2026-10-10T10:00:00+08:00", false),
            ("2026-10-10T23:00:00+08:00", true),
            ("2026-10-01T10:00:00+08:00", true),
        ];
        for (at, expected) in cases {
            assert_eq!(off(&named, at), expected, "{at}");
        }
        let early = Calendar { night_until: 6, ..Calendar::default() };
        assert!(off(&early, "2026-11-27T00:00:00+08:00") && !off(&early, "2026-11-27T06:00:00+08:00"));
    }
}
