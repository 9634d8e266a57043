//! Lots (积分批次): points that came together and expire together.

use crate::id::{AccountId, LotId};
use crate::time::Instant;

/// A lot as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lot {
    /// The lot.
    pub id: LotId,
    /// What came in.
    pub granted: i64,
    /// What is left.
    pub remaining: i64,
    /// The first instant at which what is left is gone; none never.
    pub expires_at: Option<Instant>,
}

impl Lot {
    /// Whether what is left can no longer be spent.
    pub fn has_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// The order in which lots are spent: earliest expiry first, then oldest; those that never expire last.
    pub(super) fn order(&self) -> (bool, Option<Instant>, LotId) {
        (self.expires_at.is_none(), self.expires_at, self.id)
    }
}

/// A lot that a posting grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLot {
    /// The lot.
    pub id: LotId,
    /// Whose it is.
    pub account: AccountId,
    /// What comes in.
    pub granted: i64,
    /// The first instant at which it is gone.
    pub expires_at: Option<Instant>,
}

/// What a posting takes out of a lot; negative, what it gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LotUse {
    /// The lot.
    pub lot: LotId,
    /// How much.
    pub amount: i64,
}
