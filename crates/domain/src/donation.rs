//! Donations (捐赠): points given for good to the pool of the community where the member reported.

use thiserror::Error;

use crate::id::{DonationId, MemberId, NodeId, TransferId};
use crate::points::{self, Actor, Occasion, Posting, Purse, Source, SourceKind, SpendError, rulebook};
use crate::residency::{Residency, ResidencyState};
use crate::time::Instant;

/// The most that one donation may give.
pub const MOST: i64 = rulebook::Donation::MOST_AT_ONCE;

/// The most that a member may give in a year.
pub const MOST_IN_YEAR: i64 = rulebook::Donation::MOST_IN_YEAR;

/// A donation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Donation {
    /// The donation.
    pub id: DonationId,
    /// Who gave.
    pub member: MemberId,
    /// The community whose pool got it.
    pub node: NodeId,
    /// How much.
    pub points: i64,
    /// What took the points.
    pub transfer: TransferId,
    /// When.
    pub donated_at: Instant,
}

/// What a member wishes to give, with all that may stand against it.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The id of the donation.
    pub id: DonationId,
    /// The id of its transfer.
    pub transfer: TransferId,
    /// How much.
    pub points: i64,
    /// The community, with its name.
    pub community: (NodeId, &'a str),
    /// What the member gave this year.
    pub this_year: i64,
    /// What the member gave today.
    pub today: i64,
    /// Whether the member's unit has stopped their spending, read while the purse is locked.
    pub excluded: bool,
    /// What the rules say.
    pub rules: &'a rulebook::Donation,
    /// Business time.
    pub now: Instant,
    /// Wall time.
    pub posted_at: Instant,
}

/// Why nothing is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DonationError {
    /// The rules take none.
    #[error("现在不接受积分捐赠")]
    Closed,
    /// Less than is taken at once.
    #[error("一次至少捐赠 {0} 分")]
    TooSmall(i64),
    /// More than a day may see.
    #[error("一天最多捐赠 {most} 分，今天已捐赠 {given} 分")]
    DayLimit {
        /// The most.
        most: i64,
        /// What was given today.
        given: i64,
    },
    /// More than one donation may give.
    #[error("一次最多捐赠 {MOST} 分")]
    TooLarge,
    /// The member belongs to no community yet.
    #[error("请先完成小区报到，社区接收后即可捐赠")]
    NotResident,
    /// The member's unit has stopped their spending.
    #[error("您暂时不能使用积分，详情请咨询所在单位")]
    Excluded,
    /// More than a year may see.
    #[error("一年最多捐赠 {MOST_IN_YEAR} 分，今年已捐赠 {0} 分")]
    YearLimit(i64),
    /// The points are not to be had.
    #[error(transparent)]
    Spend(#[from] SpendError),
}

/// Whether so much may be given at once.
pub fn in_bounds(points: i64) -> Result<(), DonationError> {
    match points {
        ..=0 => Err(DonationError::TooSmall(1)),
        1..=MOST => Ok(()),
        _ => Err(DonationError::TooLarge),
    }
}

/// Where the member lives who may give.
pub fn residence(open: Option<&Residency>) -> Result<NodeId, DonationError> {
    let active = open.filter(|residency| residency.state == ResidencyState::Active);
    active.map(|residency| residency.estate).ok_or(DonationError::NotResident)
}

/// Gives points away, for good.
pub fn donate(purse: &mut Purse, wish: Wish<'_>) -> Result<(Donation, Posting), DonationError> {
    let Wish { id, transfer, points, community: (node, name), this_year, today, excluded, rules, now, posted_at } =
        wish;
    in_bounds(points)?;
    if excluded {
        return Err(DonationError::Excluded);
    }
    if !rules.open {
        return Err(DonationError::Closed);
    }
    if points < rules.least_points {
        return Err(DonationError::TooSmall(rules.least_points));
    }
    if rules.day_cap > 0 && today + points > rules.day_cap {
        return Err(DonationError::DayLimit { most: rules.day_cap, given: today });
    }
    if this_year + points > MOST_IN_YEAR {
        return Err(DonationError::YearLimit(this_year));
    }
    let occasion = Occasion {
        reason: format!("捐赠给“{name}”积分池"),
        source: Source { kind: SourceKind::Donation, id: id.uuid() },
        actor: Actor::Member(purse.member),
        business_at: now,
        posted_at,
    };
    let posting = points::donate(purse, transfer, occasion, points)?;
    let donation = Donation { id, member: purse.member, node, points, transfer, donated_at: now };
    Ok((donation, posting))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{AccountId, LotId};
    use crate::points::{Account, Lot, TransferKind};

    const NOW: Instant = Instant::UNIX_EPOCH;
    const RULES: rulebook::Donation = rulebook::Donation { open: true, least_points: 1, day_cap: 1_000 };

    fn purse(points: i64) -> Purse {
        let member = MemberId::new(Uuid::from_u128(1));
        let account = |id, balance| Account { id, balance, held: 0, sequence: 0, last_hash: None, frozen: false };
        let lot = Lot { id: LotId::new(Uuid::from_u128(5)), granted: points, remaining: points, expires_at: None };
        let (points_id, debt) = (AccountId::points_of(member), AccountId::debt_of(member));
        Purse::new(member, account(points_id, points), account(debt, 0), vec![lot], points, 0)
    }

    fn wish(points: i64, this_year: i64) -> Wish<'static> {
        let (id, transfer) = (DonationId::new(Uuid::from_u128(2)), TransferId::new(Uuid::from_u128(3)));
        let community = (NodeId::new(Uuid::from_u128(4)), "文源社区");
        let (today, excluded, rules) = (0, false, &RULES);
        Wish { id, transfer, points, community, this_year, today, excluded, rules, now: NOW, posted_at: NOW }
    }

    #[test]
    fn a_donation_takes_points_and_counts_for_nothing_else() {
        let mut purse = purse(30);
        let (donation, posting) = donate(&mut purse, wish(20, 0)).expect("given");
        assert_eq!((purse.balance(), purse.lifetime_earned(), donation.points), (10, 30, 20));
        assert_eq!(posting.transfer().kind, TransferKind::Donate);
        assert_eq!(posting.transfer().occasion.reason, "捐赠给“文源社区”积分池");
    }

    #[test]
    fn the_rules_may_take_none_or_less_a_day() {
        let mut purse = purse(5_000);
        let mut refused = |rules: &rulebook::Donation, points, today| {
            let wish = Wish { today, rules, ..wish(points, 0) };
            donate(&mut purse, wish).map(|_| ())
        };
        assert_eq!(refused(&rulebook::Donation { open: false, ..RULES }, 5, 0), Err(DonationError::Closed));
        assert_eq!(refused(&rulebook::Donation { least_points: 6, ..RULES }, 5, 0), Err(DonationError::TooSmall(6)));
        let limit = DonationError::DayLimit { most: 1_000, given: 996 };
        assert_eq!((refused(&RULES, 5, 996), refused(&RULES, 4, 996)), (Err(limit), Ok(())));
        assert_eq!(refused(&rulebook::Donation { day_cap: 0, ..RULES }, 5, 996), Ok(()));
    }

    #[test]
    fn limits_hold() {
        let mut purse = purse(5_000);
        for (points, this_year, refusal) in [
            (0, 0, DonationError::TooSmall(1)),
            (i64::MIN, 0, DonationError::TooSmall(1)),
            (MOST + 1, 0, DonationError::TooLarge),
            (i64::MAX, 0, DonationError::TooLarge),
            (1, MOST_IN_YEAR, DonationError::YearLimit(MOST_IN_YEAR)),
        ] {
            assert_eq!(donate(&mut purse, wish(points, this_year)).map(|_| ()), Err(refusal));
        }
        let excluded = Wish { excluded: true, ..wish(1, 0) };
        assert_eq!(donate(&mut purse, excluded).map(|_| ()), Err(DonationError::Excluded));
        assert!(donate(&mut purse, wish(MOST, MOST_IN_YEAR - MOST)).is_ok());
        assert_eq!(residence(None), Err(DonationError::NotResident));
    }
}
