//! Redeeming: who may have what for which points.

use chrono::{Days, Duration};
use thiserror::Error;

use super::{Redemption, RedemptionState};
use crate::id::{NodeId, RedemptionId, TransferId};
use crate::merchant::{Merchant, MerchantState};
use crate::offer::{Offer, OfferState};
use crate::points::{self, Actor, Occasion, Posting, Purse, Rulebook, Source, SourceKind, SpendError};
use crate::time::{self, Instant};

/// What a member has redeemed so far and not got back, and whether they may spend at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Redemptions of the same offer since the quarter began.
    pub of_offer_this_quarter: i64,
    /// Redemptions since the month began.
    pub this_month: i64,
    /// The value in money since the year began, in fen.
    pub value_this_year_fen: i64,
    /// Whether the member's unit has stopped their spending.
    pub excluded: bool,
}

/// What a member asks for, with all that bears on the answer.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The redemption's new id.
    pub id: RedemptionId,
    /// The id of the transfer that takes the points.
    pub transfer: TransferId,
    /// The member's home unit.
    pub unit: NodeId,
    /// The offer.
    pub offer: &'a Offer,
    /// Its merchant.
    pub merchant: &'a Merchant,
    /// What the member has redeemed, read while the purse is locked.
    pub usage: Usage,
    /// The rules in force.
    pub rules: &'a Rulebook,
    /// Business time.
    pub now: Instant,
    /// Wall time.
    pub posted_at: Instant,
}

/// Why a member cannot redeem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RedeemError {
    /// The offer is not in the mall at the moment.
    #[error("该优惠暂未上架")]
    NotListed,
    /// The offer is over.
    #[error("该优惠已结束")]
    Ended,
    /// Nothing is left.
    #[error("该优惠已兑完")]
    SoldOut,
    /// The member's unit regulates the merchant.
    #[error("您所在单位是该商家的主管单位，按规定不能兑换其优惠")]
    ConflictOfInterest,
    /// The member's unit has stopped their spending.
    #[error("您暂时不能使用积分，详情请咨询所在单位")]
    Excluded,
    /// Too little verified service so far.
    #[error("累计服务满 {}后才能兑换，目前为 {}", hours(*.needed), hours(*.verified))]
    NotEligible {
        /// Minutes needed.
        needed: i64,
        /// Minutes verified.
        verified: i64,
    },
    /// Enough of this offer for this quarter.
    #[error("该优惠每人每季度限兑 {limit} 份，您已达到上限")]
    PerMemberLimit {
        /// How many a quarter.
        limit: i64,
    },
    /// Enough redemptions for this month.
    #[error("每人每月最多兑换 {limit} 次，您已达到上限")]
    MonthlyLimit {
        /// How many a month.
        limit: i64,
    },
    /// Enough value for this year.
    #[error("每人每年兑换面值不超过 {} 元，本次兑换将超出上限", *.cap_fen / 100)]
    ValueCap {
        /// How much a year, in fen.
        cap_fen: i64,
    },
    /// The purse does not give the points.
    #[error(transparent)]
    Spend(#[from] SpendError),
}

/// Takes the points and issues a voucher. The piece of stock is taken from the row itself, afterwards.
pub fn redeem(purse: &mut Purse, wish: Wish<'_>) -> Result<(Redemption, Posting), RedeemError> {
    let Wish { offer, merchant, .. } = wish;
    available(offer, merchant, wish.now)?;
    if merchant.regulator == Some(wish.unit) {
        return Err(RedeemError::ConflictOfInterest);
    }
    if wish.usage.excluded {
        return Err(RedeemError::Excluded);
    }
    let needed = wish.rules.eligibility.spend_verified_minutes;
    let verified = purse.verified_minutes();
    if verified < needed {
        return Err(RedeemError::NotEligible { needed, verified });
    }
    within_limits(offer, wish.usage, wish.rules)?;
    let occasion = Occasion {
        reason: format!("兑换：{}", offer.promise.title),
        source: Source { kind: SourceKind::Redemption, id: wish.id.uuid() },
        actor: Actor::Member(purse.member),
        business_at: wish.now,
        posted_at: wish.posted_at,
    };
    let posting = points::spend(purse, wish.transfer, occasion, offer.promise.price)?;
    let redemption = Redemption {
        id: wish.id,
        offer: offer.id,
        merchant: merchant.id,
        member: purse.member,
        title: offer.promise.title.clone(),
        terms: offer.promise.terms.clone(),
        points: offer.promise.price,
        face_value_fen: offer.promise.face_value_fen,
        funding: offer.promise.funding,
        state: RedemptionState::Issued,
        transfer: wish.transfer,
        issued_at: wish.now,
        expires_at: good_until(wish.now, offer.promise.voucher_days),
        closed_at: None,
        verification: None,
    };
    Ok((redemption, posting))
}

/// Whether anybody may redeem the offer.
pub fn available(offer: &Offer, merchant: &Merchant, now: Instant) -> Result<(), RedeemError> {
    if offer.state == OfferState::Ended || offer.over(now) {
        return Err(RedeemError::Ended);
    }
    if offer.state != OfferState::Listed || merchant.state != MerchantState::Active {
        return Err(RedeemError::NotListed);
    }
    if offer.stock_left < 1 {
        return Err(RedeemError::SoldOut);
    }
    Ok(())
}

fn within_limits(offer: &Offer, usage: Usage, rules: &Rulebook) -> Result<(), RedeemError> {
    let of_rules = i64::from(rules.redemption.per_item_per_quarter);
    let of_offer = offer.promise.limit_per_member.map_or(0, i64::from);
    let limit = if of_rules > 0 && of_offer > 0 { of_rules.min(of_offer) } else { of_rules.max(of_offer) };
    if limit > 0 && usage.of_offer_this_quarter >= limit {
        return Err(RedeemError::PerMemberLimit { limit });
    }
    let limit = i64::from(rules.redemption.per_month);
    if limit > 0 && usage.this_month >= limit {
        return Err(RedeemError::MonthlyLimit { limit });
    }
    let cap_fen = rules.redemption.value_cap_year_fen;
    if cap_fen > 0 && usage.value_this_year_fen.saturating_add(offer.promise.face_value_fen) > cap_fen {
        return Err(RedeemError::ValueCap { cap_fen });
    }
    Ok(())
}

/// The midnight after the last of so many days that follow the day of `now`.
fn good_until(now: Instant, days: i32) -> Instant {
    let days = u64::try_from(days).unwrap_or(0);
    let end = time::business_day(now).checked_add_days(Days::new(days + 1));
    end.map_or(now + Duration::days(1), time::start_of_day)
}

fn hours(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} 分钟"),
        (hours, 0) => format!("{hours} 小时"),
        (hours, minutes) => format!("{hours} 小时 {minutes} 分钟"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Case, at, purse};
    use super::*;
    use crate::id::NodeId;
    use crate::merchant::MerchantState;
    use uuid::Uuid;

    #[test]
    fn points_go_and_the_terms_stay_as_they_were() {
        let mut case = Case::new(80);
        let (redemption, posting) = case.redeem().expect("a redemption");
        assert_eq!((case.purse.balance(), posting.balance_after()), (0, 0));
        assert_eq!((redemption.points, redemption.terms.as_str()), (80, "每桌限用一张"));
        assert_eq!(redemption.transfer, posting.id());
        assert_eq!(redemption.state, RedemptionState::Issued);
        assert_eq!(redemption.member, case.purse.member);
    }

    #[test]
    fn a_voucher_is_good_to_the_end_of_its_last_day() {
        for (hour, last) in [(0, 31), (12, 31), (23, 31)] {
            let mut case = Case::new(80);
            case.now = at(0) + Duration::hours(hour);
            let (redemption, _) = case.redeem().expect("a redemption");
            assert_eq!(redemption.expires_at, at(last), "redeemed at {hour} o'clock");
        }
    }

    #[test]
    fn one_point_too_few_is_too_few() {
        let mut case = Case::new(79);
        let refused = SpendError::Insufficient { available: 79, needed: 80 };
        assert_eq!(case.refusal(), Some(RedeemError::Spend(refused)));
        assert_eq!(case.purse, purse(79, 300), "a refusal changes nothing");
    }

    #[test]
    fn only_what_is_in_the_mall_is_redeemed() {
        for (state, refusal) in [
            (OfferState::Draft, RedeemError::NotListed),
            (OfferState::Submitted, RedeemError::NotListed),
            (OfferState::Approved, RedeemError::NotListed),
            (OfferState::Paused, RedeemError::NotListed),
            (OfferState::Ended, RedeemError::Ended),
        ] {
            let mut case = Case::new(80);
            case.offer.state = state;
            assert_eq!(case.refusal(), Some(refusal), "{state:?}");
        }
        let mut case = Case::new(80);
        case.merchant.state = MerchantState::Suspended;
        assert_eq!(case.refusal(), Some(RedeemError::NotListed));
    }

    #[test]
    fn the_end_itself_is_too_late() {
        let mut case = Case::new(80);
        case.offer.promise.ends_at = Some(case.now + Duration::microseconds(1));
        assert_eq!(case.refusal(), None);
        let mut case = Case::new(80);
        case.offer.promise.ends_at = Some(case.now);
        assert_eq!(case.refusal(), Some(RedeemError::Ended));
    }

    #[test]
    fn the_last_piece_can_be_had() {
        let mut case = Case::new(80);
        case.offer.stock_left = 1;
        assert_eq!(case.refusal(), None);
        let mut case = Case::new(80);
        case.offer.stock_left = 0;
        assert_eq!(case.refusal(), Some(RedeemError::SoldOut));
    }

    #[test]
    fn who_regulates_a_merchant_takes_nothing_from_it() {
        let mut case = Case::new(80);
        case.merchant.regulator = Some(NodeId::new(Uuid::from_u128(50)));
        assert_eq!(case.refusal(), None);
        let mut case = Case::new(80);
        case.merchant.regulator = Some(case.unit);
        assert_eq!(case.refusal(), Some(RedeemError::ConflictOfInterest));
    }

    #[test]
    fn whoever_is_excluded_spends_nothing_and_is_told_whom_to_ask() {
        let mut case = Case::new(80);
        case.usage.excluded = true;
        assert_eq!(case.refusal(), Some(RedeemError::Excluded));
        assert_eq!(case.purse, purse(80, 300), "a refusal changes nothing");
        assert_eq!(RedeemError::Excluded.to_string(), "您暂时不能使用积分，详情请咨询所在单位");
    }

    #[test]
    fn five_verified_hours_open_the_mall() {
        let mut case = Case::new(80);
        case.purse = purse(80, 299);
        let refusal = case.refusal().expect("a refusal");
        assert_eq!(refusal, RedeemError::NotEligible { needed: 300, verified: 299 });
        assert_eq!(refusal.to_string(), "累计服务满 5 小时后才能兑换，目前为 4 小时 59 分钟");
        case.purse = purse(80, 300);
        assert_eq!(case.refusal(), None);
    }

    #[test]
    fn the_stricter_limit_of_offer_and_rules_holds() {
        for (of_rules, of_offer, limit) in [(2, None, 2), (2, Some(1), 1), (2, Some(5), 2), (0, Some(5), 5)] {
            let mut case = Case::new(80);
            case.rules.redemption.per_item_per_quarter = of_rules;
            case.offer.promise.limit_per_member = of_offer;
            case.usage.of_offer_this_quarter = limit;
            assert_eq!(case.refusal(), Some(RedeemError::PerMemberLimit { limit }));
            case.usage.of_offer_this_quarter = limit - 1;
            assert_eq!(case.refusal(), None);
        }
        let mut case = Case::new(80);
        case.rules.redemption.per_item_per_quarter = 0;
        case.offer.promise.limit_per_member = None;
        case.usage.of_offer_this_quarter = 1_000;
        assert_eq!(case.refusal(), None);
    }

    #[test]
    fn months_and_years_have_limits() {
        let mut case = Case::new(80);
        case.usage.this_month = 4;
        assert_eq!(case.refusal(), Some(RedeemError::MonthlyLimit { limit: 4 }));
        case.usage.this_month = 3;
        case.usage.value_this_year_fen = 48_501;
        assert_eq!(case.refusal(), Some(RedeemError::ValueCap { cap_fen: 50_000 }));
        case.usage.value_this_year_fen = 48_500;
        assert_eq!(case.refusal(), None);
        let mut case = Case::new(80);
        (case.rules.redemption.per_month, case.rules.redemption.value_cap_year_fen) = (0, 0);
        (case.usage.this_month, case.usage.value_this_year_fen) = (i64::MAX, i64::MAX);
        assert_eq!(case.refusal(), None);
    }

    #[test]
    fn a_frozen_purse_gives_nothing() {
        let mut case = Case::new(80);
        case.purse = super::super::sample::frozen_purse(80);
        assert_eq!(case.refusal(), Some(RedeemError::Spend(SpendError::Frozen)));
    }
}
