//! Corrections (更正): clawing back what should not have been earned, deducting for misconduct, giving back what was taken
//! wrongly, and adjusting by decision.

use thiserror::Error;

use super::credit::{Head, put_in};
use super::posting::Draft;
use super::refund::end_of_grace;
use super::{
    CreditError, Grace, Grant, MOST_IN_PURSE, NewLot, Occasion, Posting, Purse, RefundError, Spent, SystemAccount,
    TransferKind, is_amount,
};
use crate::id::TransferId;
use crate::time::Instant;

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
    take_back(purse, TransferId::of_clawback(earned), Some(earned), occasion, amount)
}

/// Takes points for misconduct that no transfer credited, beyond the balance if need be.
pub fn deduct(purse: &mut Purse, id: TransferId, occasion: Occasion, amount: i64) -> Result<Posting, CreditError> {
    take_back(purse, id, None, occasion, amount)
}

fn take_back(
    purse: &mut Purse,
    id: TransferId,
    reverses: Option<TransferId>,
    occasion: Occasion,
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
        id,
        kind: TransferKind::Clawback,
        reverses,
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

/// Gives back what a clawback or deduction took, once: to the lots it came from, and `debt` of it to the debt that it made.
/// What has no lot any more, because that one expired or a later earning has paid the debt, comes back in one new lot, which
/// lasts as long as the credit would have (`expires_at`), and for the grace at least.
pub fn restore(
    purse: &mut Purse,
    occasion: Occasion,
    taken: &Spent,
    debt: i64,
    grace: Grace,
    expires_at: Option<Instant>,
) -> Result<Posting, RefundError> {
    if taken.kind != TransferKind::Clawback || (taken.uses.is_empty() && debt <= 0) {
        return Err(RefundError::NotTaken);
    }
    if taken.reversed_by.is_some() {
        return Err(RefundError::AlreadyRefunded);
    }
    let (uses, late) = purse.give_back(taken, occasion.business_at).ok_or(RefundError::NotTaken)?;
    let owed = debt.min(purse.debt());
    let rest = late + debt - owed;
    let end = end_of_grace(occasion.business_at, grace.days);
    let lot = NewLot {
        id: grace.lot,
        account: purse.points.id,
        granted: rest,
        expires_at: expires_at.map(|expires_at| expires_at.max(end)),
    };
    let from_lots: i64 = taken.uses.iter().map(|used| used.amount).sum();
    let draft = Draft {
        id: TransferId::of_refund(taken.transfer),
        kind: TransferKind::Refund,
        reverses: Some(taken.transfer),
        occasion,
        against: SystemAccount::Issuance,
        points: from_lots + debt - owed,
        debt: owed,
        earned: from_lots + debt,
        granted: if rest > 0 { vec![lot] } else { Vec::new() },
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
    Ok(Draft::taking(id, (kind, against), occasion, uses).post(purse))
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

    fn taken(posting: &Posting) -> Spent {
        let (transfer, kind) = (posting.id(), posting.transfer().kind);
        Spent { transfer, kind, uses: posting.uses().to_vec(), expired: Vec::new(), reversed_by: None }
    }

    const GRACE: Grace = Grace { days: 7, lot: LotId::new(Uuid::from_u128(99)) };

    #[test]
    fn what_was_taken_wrongly_comes_back_to_its_lots_and_to_the_debt() -> Result<(), CreditError> {
        let mut purse = purse(vec![lot(1, 5, Some(at(10))), lot(2, 4, Some(at(40)))]);
        let before = purse.lots().to_vec();
        let clawed = clawback(&mut purse, occasion(at(0)), transfer(1), 12)?;
        assert_eq!((purse.balance(), purse.debt(), purse.lifetime_earned()), (0, 3, -3));
        let back = restore(&mut purse, occasion(at(1)), &taken(&clawed), 3, GRACE, Some(at(40)));
        let back = back.map_err(|_| CreditError::TooMuch)?;
        assert_eq!((purse.lots(), purse.debt(), purse.lifetime_earned()), (&before[..], 0, 9));
        assert_eq!((back.transfer().reverses, back.granted().len()), (Some(clawed.id()), 0));
        let again = Spent { reversed_by: Some(back.id()), ..taken(&clawed) };
        let refused = restore(&mut purse, occasion(at(1)), &again, 3, GRACE, None);
        assert_eq!(refused, Err(RefundError::AlreadyRefunded));
        Ok(())
    }

    #[test]
    fn what_has_no_lot_any_more_comes_back_in_one_that_lasts_for_the_grace_at_least() -> Result<(), CreditError> {
        for (ends, lasts) in [(Some(at(12)), Some(at(19))), (Some(at(90)), Some(at(90))), (None, None)] {
            let mut purse = purse(vec![lot(1, 5, Some(at(10)))]);
            let deducted = deduct(&mut purse, transfer(8), occasion(at(0)), 9)?;
            assert_eq!((deducted.transfer().reverses, purse.debt()), (None, 4));
            let earned = Grant { lot: LotId::new(Uuid::from_u128(51)), expires_at: None };
            super::super::credit(&mut purse, transfer(9), occasion(at(1)), 3, earned)?;
            assert_eq!(purse.debt(), 1, "a later earning paid three of it");
            let back = restore(&mut purse, occasion(at(11)), &taken(&deducted), 4, GRACE, ends);
            let back = back.map_err(|_| CreditError::TooMuch)?;
            let [new] = back.granted() else { panic!("one lot") };
            assert_eq!((new.granted, new.expires_at), (8, lasts), "five whose lot expired, three that were paid");
            assert_eq!((purse.balance(), purse.debt()), (8, 0));
        }
        Ok(())
    }

    #[test]
    fn only_what_was_taken_back_is_restored() {
        let mut purse = purse(vec![lot(1, 5, None)]);
        let nothing = Spent {
            transfer: transfer(1),
            kind: TransferKind::Clawback,
            uses: Vec::new(),
            expired: Vec::new(),
            reversed_by: None,
        };
        let refused = restore(&mut purse, occasion(at(0)), &nothing, 0, GRACE, None);
        assert_eq!(refused, Err(RefundError::NotTaken));
        let spent = Spent { kind: TransferKind::Redeem, ..nothing };
        assert_eq!(restore(&mut purse, occasion(at(0)), &spent, 3, GRACE, None), Err(RefundError::NotTaken));
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
