//! A purse (积分钱包): a member's two accounts and the lots that storage found fit for the decision, all locked.

use super::{Account, Lot, LotUse};
use crate::id::MemberId;
use crate::time::Instant;

/// What a member has and owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purse {
    /// Whose it is.
    pub member: MemberId,
    pub(super) points: Account,
    pub(super) debt: Account,
    pub(super) lots: Vec<Lot>,
    pub(super) lifetime_earned: i64,
    verified_minutes: i64,
}

impl Purse {
    /// Puts together what storage locked.
    pub fn new(
        member: MemberId,
        points: Account,
        debt: Account,
        mut lots: Vec<Lot>,
        lifetime_earned: i64,
        verified_minutes: i64,
    ) -> Self {
        lots.sort_by_key(Lot::order);
        Self { member, points, debt, lots, lifetime_earned, verified_minutes }
    }

    /// What can be spent now: neither held nor expired, even if the expiry is not yet posted.
    pub fn available(&self, now: Instant) -> i64 {
        let open: i64 = self.lots.iter().filter(|lot| !lot.has_expired(now)).map(|lot| lot.remaining).sum();
        (open.min(self.points.balance) - self.points.held).max(0)
    }

    /// The sum of all entries, with what is held.
    pub fn balance(&self) -> i64 {
        self.points.balance
    }

    /// What is reserved.
    pub fn held(&self) -> i64 {
        self.points.held
    }

    /// What the member owes, from zero upwards.
    pub fn debt(&self) -> i64 {
        -self.debt.balance
    }

    /// Whether spending is stopped.
    pub fn is_frozen(&self) -> bool {
        self.points.frozen
    }

    /// What was ever earned, less what was taken back.
    pub fn lifetime_earned(&self) -> i64 {
        self.lifetime_earned
    }

    /// The verified service minutes of a lifetime.
    pub fn verified_minutes(&self) -> i64 {
        self.verified_minutes
    }

    /// The lots, earliest expiry first.
    pub fn lots(&self) -> &[Lot] {
        &self.lots
    }

    /// Which lots give so many points, earliest expiry first, leaving out the expired. The caller knows that they suffice.
    pub(super) fn draw(&self, amount: i64, now: Instant) -> Vec<LotUse> {
        let mut missing = amount;
        let mut uses = Vec::new();
        for lot in self.lots.iter().filter(|lot| lot.remaining > 0 && !lot.has_expired(now)) {
            if missing == 0 {
                break;
            }
            let taken = lot.remaining.min(missing);
            missing -= taken;
            uses.push(LotUse { lot: lot.id, amount: taken });
        }
        uses
    }
}
