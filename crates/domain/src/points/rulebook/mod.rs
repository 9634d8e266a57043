//! The rulebook (积分规则): every number that decides what service earns and what points can do, as versioned data.
//! Its stored form is its JSON, so the names here are the names in the database.
//!
//! A version belongs to the district, a subdistrict or a community. What is earned somewhere is credited by the version of
//! the nearest of them up the tree, which holds whole: nothing is mixed field by field, so that one version explains a
//! credit. What is spent follows the district's, wherever the points were earned; a version below the district repeats
//! that part of the district's and cannot change it.

mod district;
mod edition;
mod faults;
mod fields;
mod sections;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

pub use self::edition::{Edition, EditionError, RulebookState, may_have_rules};
pub use self::faults::Fault;
pub(super) use self::fields::factor;
pub use self::fields::{Change, FIELDS, Field, FieldKind, SECTIONS, Unit};
pub use self::sections::{
    Absence, Budget, Calendar, Coefficients, Deductions, Donation, Earning, Eligibility, Events, Expiry, ExpiryMode,
    Record, Redemption, Refund, Voucher,
};
use crate::time::{Instant, business_day, start_of_day};

/// One version's rules. A cap or limit of 0 means none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rulebook {
    /// What service earns.
    pub earning: Earning,
    /// What multiplies it.
    pub coefficients: Coefficients,
    /// Which hours and days are off.
    pub calendar: Calendar,
    /// What single events earn.
    pub events: Events,
    /// How service is put on record.
    pub record: Record,
    /// What staying away leads to.
    pub absence: Absence,
    /// What misconduct costs.
    pub deductions: Deductions,
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
    /// Giving points away.
    pub donation: Donation,
    /// What issued points are worth.
    pub budget: Budget,
}

impl Rulebook {
    /// The rules that a district starts with.
    pub fn default_rules() -> Self {
        Self::default()
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
