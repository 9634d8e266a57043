//! A member who may redeem, and everything that bears on it, to be spoilt one by one.

use uuid::Uuid;

use super::{RedeemError, Redemption, Usage, Wish, redeem};
use crate::id::{AccountId, LotId, MemberId, MerchantId, NodeId, RedemptionId, StaffId, StoreId, TransferId};
use crate::merchant::{Merchant, MerchantCategory, MerchantState, Staff};
use crate::offer::{Offer, OfferState};
use crate::points::{Account, Lot, Posting, Purse, Rulebook, Spent};
use crate::time::{Instant, start_of_day};

pub(crate) struct Case {
    pub purse: Purse,
    pub offer: Offer,
    pub merchant: Merchant,
    pub unit: NodeId,
    pub usage: Usage,
    pub rules: Rulebook,
    pub now: Instant,
}

/// The midnight in Beijing so many days after the samples' first day.
pub(super) fn at(days: u64) -> Instant {
    start_of_day(chrono::NaiveDate::default() + chrono::Days::new(days))
}

impl Case {
    /// Everything is well, and the purse holds so many points.
    pub fn new(points: i64) -> Self {
        let offer = Offer { state: OfferState::Listed, ..crate::offer::tests::offer() };
        let merchant = Merchant {
            id: offer.merchant,
            node: NodeId::new(Uuid::from_u128(20)),
            name: "德胜面馆".into(),
            category: MerchantCategory::Food,
            introduction: "刀削面".into(),
            state: MerchantState::Active,
            regulator: None,
        };
        Self {
            purse: purse(points, 300),
            offer,
            merchant,
            unit: NodeId::new(Uuid::from_u128(30)),
            usage: Usage::default(),
            rules: Rulebook::default_rules(),
            now: at(0) + chrono::Duration::hours(12),
        }
    }

    pub fn redeem(&mut self) -> Result<(Redemption, Posting), RedeemError> {
        let wish = Wish {
            id: RedemptionId::new(Uuid::from_u128(40)),
            transfer: TransferId::new(Uuid::from_u128(41)),
            unit: self.unit,
            offer: &self.offer,
            merchant: &self.merchant,
            usage: self.usage,
            rules: &self.rules,
            now: self.now,
            posted_at: self.now,
        };
        redeem(&mut self.purse, wish)
    }

    /// Why nothing is redeemed, if so; the purse is only tried.
    pub fn refusal(&mut self) -> Option<RedeemError> {
        let purse = self.purse.clone();
        let refusal = self.redeem().err();
        if refusal.is_none() {
            self.purse = purse;
        }
        refusal
    }
}

pub(super) fn purse(points: i64, verified_minutes: i64) -> Purse {
    build(points, verified_minutes, false)
}

pub(super) fn frozen_purse(points: i64) -> Purse {
    build(points, 300, true)
}

fn build(balance: i64, verified_minutes: i64, frozen: bool) -> Purse {
    let member = MemberId::new(Uuid::from_u128(7));
    let account = |id, balance, frozen| Account { id, balance, held: 0, sequence: 1, last_hash: Some([1; 32]), frozen };
    let points = account(AccountId::points_of(member), balance, frozen);
    let debt = account(AccountId::debt_of(member), 0, false);
    let lot = Lot { id: LotId::new(Uuid::from_u128(8)), granted: balance, remaining: balance, expires_at: None };
    Purse::new(member, points, debt, vec![lot], balance, verified_minutes)
}

pub(super) fn spent(posting: &Posting) -> Spent {
    let (transfer, kind) = (posting.id(), posting.transfer().kind);
    Spent { transfer, kind, uses: posting.uses().to_vec(), expired: Vec::new(), reversed_by: None }
}

pub(crate) fn staff() -> Staff {
    Staff {
        id: StaffId::new(Uuid::from_u128(60)),
        merchant: MerchantId::new(Uuid::from_u128(2)),
        store: StoreId::new(Uuid::from_u128(61)),
        name: "王芳".into(),
    }
}
