//! The rulebook (积分规则): every number that decides what service earns and what points can do, as versioned data.
//! Its stored form is its JSON, so the names here are the names in the database.

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::service::{Evaluation, ServiceKind};
use crate::time::{Instant, business_day, start_of_day};

/// One version's rules. A cap or limit of 0 means none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rulebook {
    /// What service earns.
    pub earning: Earning,
    /// What multiplies it.
    pub coefficients: Coefficients,
    /// What single events earn.
    pub events: Events,
    /// How service is put on record.
    pub record: Record,
    /// Who may spend.
    pub eligibility: Eligibility,
    /// When points go.
    pub expiry: Expiry,
    /// What a refund does.
    pub refund: Refund,
    /// How much may be redeemed.
    pub redemption: Redemption,
    /// What holds for vouchers.
    pub voucher: Voucher,
}

/// What service earns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
}

/// What multiplies the base points, in basis points: 10,000 is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficients {
    /// For general service.
    pub general_bp: i32,
    /// For training.
    pub training_bp: i32,
    /// For professional service.
    pub professional_bp: i32,
    /// For service in a declared emergency.
    pub emergency_bp: i32,
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

/// What single events earn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// The first residency of a lifetime, once a community accepted it.
    pub first_residency: i64,
}

/// How service is put on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Days for which a record is public and open to objections before it is credited.
    pub publicity_days: u32,
}

/// Who may spend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eligibility {
    /// Verified service minutes of a lifetime that spending needs.
    pub spend_verified_minutes: i64,
}

/// When points go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expiry {
    /// How the end is found.
    pub mode: ExpiryMode,
}

/// How the end of a lot is found from the day it was earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryMode {
    /// The end of March of the following year.
    YearEndGrace,
    /// The end of the year.
    YearEnd,
    /// The same day 36 months later.
    RollingThreeYears,
    /// Never.
    Never,
}

/// What a refund does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// Whole days that returned points last whose own lot has expired.
    pub grace_days: u32,
}

/// How much a member may redeem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redemption {
    /// Of one offer in a quarter, where the offer says nothing else.
    pub per_item_per_quarter: u32,
    /// Of all offers in a month.
    pub per_month: u32,
    /// Face value in a year, in fen.
    pub value_cap_year_fen: i64,
}

/// What holds for vouchers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voucher {
    /// Days that a voucher is valid, where the offer says nothing else.
    pub valid_days: u32,
}

impl Rulebook {
    /// The rules that a district starts with.
    pub fn default_rules() -> Self {
        Self {
            earning: Earning {
                points_per_half_hour: 5,
                unit_minutes: 30,
                max_minutes_per_session: 240,
                day_cap: 60,
                month_cap: 400,
                year_cap: 3000,
            },
            coefficients: Coefficients {
                general_bp: 10_000,
                training_bp: 5_000,
                professional_bp: 15_000,
                emergency_bp: 20_000,
                evaluation_a_bp: 12_000,
                evaluation_b_bp: 10_000,
                evaluation_c_bp: 5_000,
                evaluation_d_bp: 0,
                made_up_bp: 0,
            },
            events: Events { first_residency: 20 },
            record: Record { publicity_days: 3 },
            eligibility: Eligibility { spend_verified_minutes: 300 },
            expiry: Expiry { mode: ExpiryMode::YearEndGrace },
            refund: Refund { grace_days: 7 },
            redemption: Redemption { per_item_per_quarter: 2, per_month: 4, value_cap_year_fen: 50_000 },
            voucher: Voucher { valid_days: 30 },
        }
    }

    /// The first instant at which points credited at `earned_at` are gone: a midnight in Beijing, or never.
    pub fn expires_at(&self, earned_at: Instant) -> Option<Instant> {
        let day = business_day(earned_at);
        let first_day_without = match self.expiry.mode {
            ExpiryMode::YearEndGrace => NaiveDate::from_ymd_opt(day.year() + 1, 4, 1),
            ExpiryMode::YearEnd => NaiveDate::from_ymd_opt(day.year() + 1, 1, 1),
            ExpiryMode::RollingThreeYears => day.checked_add_months(Months::new(36)).and_then(|day| day.succ_opt()),
            ExpiryMode::Never => None,
        };
        first_day_without.map(start_of_day)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_go_at_a_midnight_in_beijing() -> Result<(), chrono::ParseError> {
        let mut rules = Rulebook::default_rules();
        let last_moment: Instant = "2026-12-31T15:59:59.999999Z".parse()?;
        let new_year: Instant = "2026-12-31T16:00:00Z".parse()?;
        let instant = |text: &str| text.parse::<Instant>().map(Some);
        assert_eq!(rules.expires_at(last_moment), instant("2027-04-01T00:00:00+08:00")?);
        assert_eq!(rules.expires_at(new_year), instant("2028-04-01T00:00:00+08:00")?);
        rules.expiry.mode = ExpiryMode::YearEnd;
        assert_eq!(rules.expires_at(last_moment), instant("2027-01-01T00:00:00+08:00")?);
        rules.expiry.mode = ExpiryMode::RollingThreeYears;
        assert_eq!(rules.expires_at(last_moment), instant("2030-01-01T00:00:00+08:00")?);
        assert_eq!(rules.expires_at("2028-02-29T00:00:00Z".parse()?), instant("2031-03-01T00:00:00+08:00")?);
        rules.expiry.mode = ExpiryMode::Never;
        assert_eq!(rules.expires_at(last_moment), None);
        Ok(())
    }
}
