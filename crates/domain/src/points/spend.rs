//! Spending (使用积分): in the mall or as a gift, never more than is available, earliest expiry first.

use thiserror::Error;

use super::posting::Draft;
use super::{Occasion, Posting, Purse, SystemAccount, TransferKind, is_amount};
use crate::id::TransferId;

/// Why points cannot be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SpendError {
    /// Nothing, less than nothing, or more than one posting may move.
    #[error("积分数额无效")]
    InvalidAmount,
    /// Spending is stopped.
    #[error("积分账户已冻结，暂时不能使用积分，原因见积分余额")]
    Frozen,
    /// Too few points.
    #[error("积分不足：可用 {available} 分，需要 {needed} 分")]
    Insufficient {
        /// What can be spent.
        available: i64,
        /// What was asked for.
        needed: i64,
    },
}

/// Spends points in the mall.
pub fn spend(purse: &mut Purse, id: TransferId, occasion: Occasion, amount: i64) -> Result<Posting, SpendError> {
    take(purse, id, occasion, amount, (TransferKind::Redeem, SystemAccount::Redemption))
}

/// Gives points away. Nothing brings them back.
pub fn donate(purse: &mut Purse, id: TransferId, occasion: Occasion, amount: i64) -> Result<Posting, SpendError> {
    take(purse, id, occasion, amount, (TransferKind::Donate, SystemAccount::Donation))
}

fn take(
    purse: &mut Purse,
    id: TransferId,
    occasion: Occasion,
    amount: i64,
    how: (TransferKind, SystemAccount),
) -> Result<Posting, SpendError> {
    if !is_amount(amount) {
        return Err(SpendError::InvalidAmount);
    }
    if purse.is_frozen() {
        return Err(SpendError::Frozen);
    }
    let available = purse.available(occasion.business_at);
    if available < amount {
        return Err(SpendError::Insufficient { available, needed: amount });
    }
    let uses = purse.draw(amount, occasion.business_at);
    Ok(Draft::taking(id, how, occasion, uses).post(purse))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, lot, occasion, purse, transfer};
    use super::*;

    #[test]
    fn the_earliest_expiry_goes_first_and_an_expired_lot_not_at_all() -> Result<(), SpendError> {
        let lots = vec![lot(1, 5, None), lot(2, 5, Some(at(30))), lot(3, 5, Some(at(20))), lot(4, 9, Some(at(10)))];
        let mut purse = purse(lots);
        assert_eq!(purse.available(at(10)), 15, "a lot is gone at the very instant of its expiry");
        let posting = spend(&mut purse, transfer(1), occasion(at(10)), 12)?;
        let uses: Vec<_> = posting.uses().iter().map(|used| (used.lot.uuid().as_u128(), used.amount)).collect();
        assert_eq!(uses, [(3, 5), (2, 5), (1, 2)]);
        assert_eq!((purse.balance(), purse.available(at(10)), posting.balance_after()), (12, 3, 12));
        let amounts: Vec<_> = posting.entries().iter().map(|entry| entry.amount).collect();
        assert_eq!(amounts, [-12, 12]);
        Ok(())
    }

    #[test]
    fn the_last_point_can_be_spent_and_not_one_more() {
        let mut purse = purse(vec![lot(1, 7, None)]);
        let before = purse.clone();
        let refused = SpendError::Insufficient { available: 7, needed: 8 };
        assert_eq!(spend(&mut purse, transfer(1), occasion(at(0)), 8), Err(refused));
        assert_eq!(purse, before, "a refusal changes nothing");
        assert!(spend(&mut purse, transfer(1), occasion(at(0)), 7).is_ok());
        let refused = SpendError::Insufficient { available: 0, needed: 1 };
        assert_eq!(spend(&mut purse, transfer(2), occasion(at(0)), 1), Err(refused));
    }

    #[test]
    fn held_points_and_frozen_accounts_are_out_of_reach() {
        let mut purse = purse(vec![lot(1, 7, None)]);
        purse.points.held = 3;
        let refused = SpendError::Insufficient { available: 4, needed: 5 };
        assert_eq!(spend(&mut purse, transfer(1), occasion(at(0)), 5), Err(refused));
        purse.points.frozen = true;
        assert_eq!(spend(&mut purse, transfer(1), occasion(at(0)), 4), Err(SpendError::Frozen));
    }

    #[test]
    fn amounts_have_bounds() {
        let mut purse = purse(vec![lot(1, 2_000_000, None)]);
        for amount in [0, -1, 1_000_001, i64::MAX, i64::MIN] {
            assert_eq!(spend(&mut purse, transfer(1), occasion(at(0)), amount), Err(SpendError::InvalidAmount));
        }
        assert!(spend(&mut purse, transfer(1), occasion(at(0)), 1_000_000).is_ok());
    }

    #[test]
    fn entries_are_chained() -> Result<(), SpendError> {
        let mut purse = purse(vec![lot(1, 7, None)]);
        let first = spend(&mut purse, transfer(1), occasion(at(0)), 1)?;
        let second = spend(&mut purse, transfer(2), occasion(at(0)), 1)?;
        let link = |posting: &Posting| posting.entries()[0].link.clone();
        let (first, second) = (link(&first), link(&second));
        assert_eq!(second.as_ref().and_then(|link| link.previous_hash), first.as_ref().map(|link| link.hash));
        assert_eq!(second.map(|link| (link.sequence, link.balance_after)), Some((3, 5)));
        Ok(())
    }
}
