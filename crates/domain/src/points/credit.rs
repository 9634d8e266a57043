//! Credits (入分): what a member earned; a debt is paid first, in the same transfer.

use thiserror::Error;

use super::posting::Draft;
use super::{MOST_IN_PURSE, NewLot, Occasion, Posting, Purse, SystemAccount, TransferKind, is_amount};
use crate::id::{LotId, TransferId};
use crate::time::Instant;

/// The lot that a credit makes.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// Its id.
    pub lot: LotId,
    /// The first instant at which it is gone; none never.
    pub expires_at: Option<Instant>,
}

/// A credit, and how much of it went into the debt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credited {
    /// What is to be written down.
    pub posting: Posting,
    /// What the debt took.
    pub debt_paid: i64,
}

/// Why points cannot be credited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CreditError {
    /// Nothing, less than nothing, or more than one posting may move.
    #[error("积分数额无效")]
    InvalidAmount,
    /// More than a purse may hold.
    #[error("积分账户超出上限")]
    TooMuch,
}

/// Credits what was earned. The lot gets only what the debt leaves.
pub fn credit(
    purse: &mut Purse,
    id: TransferId,
    occasion: Occasion,
    amount: i64,
    grant: Grant,
) -> Result<Credited, CreditError> {
    let head = Head { id, kind: TransferKind::Earn, against: SystemAccount::Issuance, earned: amount };
    put_in(purse, head, occasion, amount, grant)
}

/// What distinguishes one way of putting points in from another.
pub(super) struct Head {
    pub(super) id: TransferId,
    pub(super) kind: TransferKind,
    pub(super) against: SystemAccount,
    pub(super) earned: i64,
}

pub(super) fn put_in(
    purse: &mut Purse,
    head: Head,
    occasion: Occasion,
    amount: i64,
    grant: Grant,
) -> Result<Credited, CreditError> {
    if !is_amount(amount) {
        return Err(CreditError::InvalidAmount);
    }
    let most = purse.balance().max(purse.lifetime_earned()).checked_add(amount);
    if most.is_none_or(|most| most > MOST_IN_PURSE) {
        return Err(CreditError::TooMuch);
    }
    let debt_paid = amount.min(purse.debt());
    let rest = amount - debt_paid;
    let lot = NewLot { id: grant.lot, account: purse.points.id, granted: rest, expires_at: grant.expires_at };
    let draft = Draft {
        id: head.id,
        kind: head.kind,
        reverses: None,
        occasion,
        against: head.against,
        points: rest,
        debt: debt_paid,
        earned: head.earned,
        granted: if rest > 0 { vec![lot] } else { Vec::new() },
        uses: Vec::new(),
    };
    Ok(Credited { posting: draft.post(purse), debt_paid })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, occasion, purse, transfer};
    use super::*;
    use uuid::Uuid;

    fn grant() -> Grant {
        Grant { lot: LotId::new(Uuid::from_u128(50)), expires_at: Some(at(90)) }
    }

    #[test]
    fn a_credit_comes_in_one_lot() -> Result<(), CreditError> {
        let mut purse = purse(Vec::new());
        let credited = credit(&mut purse, transfer(1), occasion(at(0)), 20, grant())?;
        assert_eq!(credited.debt_paid, 0);
        assert_eq!((purse.balance(), purse.available(at(89)), purse.available(at(90))), (20, 20, 0));
        assert_eq!(purse.lifetime_earned(), 20);
        let amounts: Vec<_> = credited.posting.entries().iter().map(|entry| entry.amount).collect();
        assert_eq!(amounts, [20, -20]);
        Ok(())
    }

    #[test]
    fn a_debt_is_paid_first() -> Result<(), CreditError> {
        let mut purse = purse(Vec::new());
        purse.debt.balance = -30;
        let first = credit(&mut purse, transfer(1), occasion(at(0)), 20, grant())?;
        assert_eq!((first.debt_paid, purse.debt(), purse.balance()), (20, 10, 0));
        assert!(first.posting.granted().is_empty());
        assert_eq!(first.posting.entries().len(), 2);
        assert_eq!(first.posting.changes().len(), 2, "a lifetime's points grow though none came in");

        let second = credit(&mut purse, transfer(2), occasion(at(0)), 20, grant())?;
        assert_eq!((second.debt_paid, purse.debt(), purse.balance()), (10, 0, 10));
        let amounts: Vec<_> = second.posting.entries().iter().map(|entry| entry.amount).collect();
        assert_eq!(amounts, [10, 10, -20]);
        assert_eq!(purse.lifetime_earned(), 40);
        Ok(())
    }

    #[test]
    fn nonsense_is_refused() {
        let mut purse = purse(Vec::new());
        for amount in [0, -1, 1_000_001, i64::MAX] {
            let refused = credit(&mut purse, transfer(1), occasion(at(0)), amount, grant());
            assert_eq!(refused, Err(CreditError::InvalidAmount));
        }
        purse.points.balance = MOST_IN_PURSE;
        assert_eq!(credit(&mut purse, transfer(1), occasion(at(0)), 1, grant()), Err(CreditError::TooMuch));
    }
}
