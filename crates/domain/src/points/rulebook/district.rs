//! What the district's rules say for everybody: below it nobody changes that.

use super::{Change, Fault, Rulebook};

/// What is read in the rules of the district alone, wherever a member lives: fields, and sections with their dot. A version
/// of a subdistrict or community repeats it and changes nothing by it.
const DISTRICTS: &[&str] = &[
    "deductions.fraud_freeze_months",
    "eligibility.",
    "expiry.notice_days",
    "refund.",
    "redemption.",
    "voucher.",
    "donation.",
    "budget.",
];

impl Rulebook {
    /// Everything that is wrong with rules of a scope below the district. What only the district's say is not theirs to
    /// change, so it is whatever it is there.
    pub fn faults_below(&self, district: &Self) -> Vec<Fault> {
        let own = self.faults().into_iter().filter(|fault| !is_districts(fault.field));
        let changed = self.changes_from(district).into_iter().filter(|change| is_districts(change.field));
        let sentence = |change: &Change| format!("由区级规则统一规定（{}），下级规则不能修改", change.from);
        own.chain(changed.map(|change| Fault { field: change.field, sentence: sentence(&change) })).collect()
    }

    /// Takes over what only the district's rules say.
    pub fn follow(&mut self, district: &Self) {
        let Self { deductions, eligibility, expiry, refund, redemption, voucher, donation, budget, .. } =
            district.clone();
        self.deductions.fraud_freeze_months = deductions.fraud_freeze_months;
        self.expiry.notice_days = expiry.notice_days;
        (self.eligibility, self.refund, self.redemption) = (eligibility, refund, redemption);
        (self.voucher, self.donation, self.budget) = (voucher, donation, budget);
    }
}

/// Whether only the district's rules say this field.
pub(super) fn is_districts(field: &str) -> bool {
    DISTRICTS.iter().any(|name| field == *name || name.ends_with('.') && field.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::super::{Donation, ExpiryMode, FIELDS};
    use super::*;

    #[test]
    fn below_the_district_nobody_changes_what_only_the_district_says() {
        for name in DISTRICTS {
            assert!(FIELDS.iter().any(|field| is_districts(field.name) && field.name.starts_with(name)), "{name}");
        }
        let (district, mut lower) = (Rulebook::default_rules(), Rulebook::default_rules());
        (lower.deductions.misconduct_points, lower.deductions.fraud_freeze_months) = (1, 1);
        (lower.expiry.mode, lower.expiry.notice_days) = (ExpiryMode::Never, vec![1]);
        (lower.eligibility.spend_verified_minutes, lower.refund.grace_days) = (1, 1);
        (lower.redemption.per_item_per_quarter, lower.redemption.per_month) = (1, 1);
        (lower.redemption.value_cap_year_fen, lower.budget.reference_fen_per_point) = (1, 1);
        (lower.voucher.valid_days, lower.voucher.reversal_hours, lower.budget.warn_percent) = (1, 1, 1);
        lower.donation = Donation { open: false, least_points: 2, day_cap: 2 };
        let named: Vec<_> = lower.faults_below(&district).into_iter().map(|fault| fault.field).collect();
        let all: Vec<_> = FIELDS.iter().map(|field| field.name).filter(|name| is_districts(name)).collect();
        assert_eq!(named, all);
        lower.follow(&district);
        assert_eq!(lower.faults_below(&district), []);
        let kept: Vec<_> = lower.changes_from(&district).into_iter().map(|change| change.field).collect();
        assert_eq!(kept, ["deductions.misconduct_points", "expiry.mode"], "what is earned is theirs");
        lower.earning.points_per_half_hour = 0;
        assert_eq!(lower.faults_below(&district)[0].field, "earning.points_per_half_hour");
    }
}
