//! Corrections (更正): clawing back what should not have been earned, and adjusting by decision.

use thiserror::Error;

use super::credit::{Head, put_in};
use super::posting::Draft;
use super::{CreditError, Grant, MOST_IN_PURSE, Occasion, Posting, Purse, SystemAccount, TransferKind, is_amount};
use crate::id::TransferId;

/// Why an adjustment is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AdjustError {
    /// Nothing, or more than one posting may move.
    #[error("积分数额无效")]
    InvalidAmount,
    /// More than a purse may hold.
    #[error("积分账户超出上限")]
    TooMuch,
    /// An adjustment takes no more than there is; only a clawback makes a debt.
    #[error("积分不足：可用 {available} 分，需要 {needed} 分")]
    Insufficient {
        /// What can be taken.
        available: i64,
        /// What was asked for.
        needed: i64,
    },
}

/// Takes back points that a transfer credited. What the purse cannot give becomes a debt, which later earnings pay first.
pub fn clawback(
    purse: &mut Purse,
    occasion: Occasion,
    earned: TransferId,
    amount: i64,
) -> Result<Posting, CreditError> {
    if !is_amount(amount) {
        return Err(CreditError::InvalidAmount);
    }
    if purse.debt() > MOST_IN_PURSE {
        return Err(CreditError::TooMuch);
    }
    let taken = amount.min(purse.available(occasion.business_at));
    let uses = purse.draw(taken, occasion.business_at);
    let draft = Draft {
        id: TransferId::of_clawback(earned),
        kind: TransferKind::Clawback,
        reverses: Some(earned),
        occasion,
        against: SystemAccount::Issuance,
        points: -taken,
        debt: -(amount - taken),
        earned: -amount,
        granted: Vec::new(),
        uses,
    };
    Ok(draft.post(purse))
}

/// Adjusts by decision: positive puts points in, negative takes out what is available.
pub fn adjust(
    purse: &mut Purse,
    id: TransferId,
    occasion: Occasion,
    amount: i64,
    grant: Grant,
) -> Result<Posting, AdjustError> {
    let (kind, against) = (TransferKind::Adjust, SystemAccount::Adjustment);
    if amount > 0 {
        let head = Head { id, kind, against, earned: 0 };
        return match put_in(purse, head, occasion, amount, grant) {
            Ok(credited) => Ok(credited.posting),
            Err(CreditError::InvalidAmount) => Err(AdjustError::InvalidAmount),
            Err(CreditError::TooMuch) => Err(AdjustError::TooMuch),
        };
    }
    let needed = amount.checked_neg().filter(|needed| is_amount(*needed)).ok_or(AdjustError::InvalidAmount)?;
    let available = purse.available(occasion.business_at);
    if available < needed {
        return Err(AdjustError::Insufficient { available, needed });
    }
    let uses = purse.draw(needed, occasion.business_at);
    let draft = Draft {
        id,
        kind,
        reverses: None,
        occasion,
        against,
        points: amount,
        debt: 0,
        earned: 0,
        granted: Vec::new(),
        uses,
    };
    Ok(draft.post(purse))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, lot, occasion, purse, transfer};
    use super::*;
    use crate::id::LotId;
    use uuid::Uuid;

    fn grant() -> Grant {
        Grant { lot: LotId::new(Uuid::from_u128(50)), expires_at: None }
    }

    #[test]
    fn a_clawback_beyond_the_balance_makes_a_debt() -> Result<(), CreditError> {
        let mut purse = purse(vec![lot(1, 5, None), lot(2, 4, Some(at(1)))]);
        let posting = clawback(&mut purse, occasion(at(2)), transfer(1), 8)?;
        let amounts: Vec<_> = posting.entries().iter().map(|entry| entry.amount).collect();
        assert_eq!(amounts, [-5, -3, 8], "expired points pay nothing back");
        assert_eq!((purse.balance(), purse.debt(), purse.lifetime_earned()), (4, 3, 1));
        let again = clawback(&mut purse, occasion(at(2)), transfer(2), 2)?;
        assert_eq!((again.entries().len(), purse.debt()), (2, 5));
        Ok(())
    }

    #[test]
    fn an_adjustment_goes_both_ways_but_never_below_zero() -> Result<(), AdjustError> {
        let mut purse = purse(vec![lot(1, 5, None)]);
        adjust(&mut purse, transfer(1), occasion(at(0)), 3, grant())?;
        assert_eq!((purse.balance(), purse.lifetime_earned()), (8, 5));
        adjust(&mut purse, transfer(2), occasion(at(0)), -8, grant())?;
        let refused = AdjustError::Insufficient { available: 0, needed: 1 };
        assert_eq!(adjust(&mut purse, transfer(3), occasion(at(0)), -1, grant()), Err(refused));
        for amount in [0, i64::MIN, i64::MAX, -1_000_001] {
            let refused = adjust(&mut purse, transfer(3), occasion(at(0)), amount, grant());
            assert_eq!(refused, Err(AdjustError::InvalidAmount));
        }
        Ok(())
    }
}
