//! A purse to try decisions on.

use uuid::Uuid;

use super::{Account, Actor, Lot, Occasion, Purse, Source, SourceKind};
use crate::id::{AccountId, LotId, MemberId, TransferId};
use crate::time::{Instant, start_of_day};

pub(super) fn at(days: u64) -> Instant {
    start_of_day(chrono::NaiveDate::default() + chrono::Days::new(days))
}

pub(super) fn member() -> MemberId {
    MemberId::new(Uuid::from_u128(7))
}

pub(super) fn transfer(number: u128) -> TransferId {
    TransferId::new(Uuid::from_u128(number))
}

pub(super) fn lot(number: u128, remaining: i64, expires_at: Option<Instant>) -> Lot {
    Lot { id: LotId::new(Uuid::from_u128(number)), granted: remaining, remaining, expires_at }
}

pub(super) fn purse(lots: Vec<Lot>) -> Purse {
    let balance: i64 = lots.iter().map(|lot| lot.remaining).sum();
    let points = Account {
        id: AccountId::points_of(member()),
        balance,
        held: 0,
        sequence: i64::from(balance != 0),
        last_hash: (balance != 0).then_some([1; 32]),
        frozen: false,
    };
    let id = AccountId::debt_of(member());
    let debt = Account { id, balance: 0, held: 0, sequence: 0, last_hash: None, frozen: false };
    Purse::new(member(), points, debt, lots, balance, 0)
}

pub(super) fn occasion(now: Instant) -> Occasion {
    Occasion {
        reason: "试".into(),
        source: Source { kind: SourceKind::Redemption, id: Uuid::from_u128(9) },
        actor: Actor::Member(member()),
        business_at: now,
        posted_at: now,
    }
}
