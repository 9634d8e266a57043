//! Refunds (退还): spent points go back, once, to the lots they came from.

use chrono::Days;
use thiserror::Error;

use super::posting::Draft;
use super::{LotUse, NewLot, Occasion, Posting, Purse, SystemAccount, TransferKind};
use crate::id::{LotId, TransferId};
use crate::time::{Instant, business_day, start_of_day};

/// A spending as it was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The transfer.
    pub transfer: TransferId,
    /// What it did.
    pub kind: TransferKind,
    /// What it took out of which lots.
    pub uses: Vec<LotUse>,
    /// The lots among them that were posted as expired, which happens once for each.
    pub expired: Vec<LotId>,
    /// The transfer that took it back, if one did.
    pub reversed_by: Option<TransferId>,
}

/// What becomes of points whose lot has expired meanwhile: one new lot that lasts to the end of so many days.
#[derive(Clone, Copy, Debug)]
pub struct Grace {
    /// How many days, as the rulebook says.
    pub days: u32,
    /// The id for the new lot, if one is needed.
    pub lot: LotId,
}

/// Why a spending cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RefundError {
    /// No spending, or not this member's.
    #[error("这笔记账不是兑换，不能退还")]
    NotASpend,
    /// Nothing was taken back by it.
    #[error("这笔记账没有追回积分，不能恢复")]
    NotTaken,
    /// It was taken back before.
    #[error("这笔积分已经退还")]
    AlreadyRefunded,
}

/// Gives back what was spent. A lot that has expired stays closed, and its points come back as a grace lot of their own.
/// One that was posted as expired is closed whatever this clock says: another machine's may be a little ahead.
pub fn refund(purse: &mut Purse, occasion: Occasion, spent: &Spent, grace: Grace) -> Result<Posting, RefundError> {
    if spent.kind != TransferKind::Redeem || spent.uses.is_empty() {
        return Err(RefundError::NotASpend);
    }
    if spent.reversed_by.is_some() {
        return Err(RefundError::AlreadyRefunded);
    }
    let now = occasion.business_at;
    let (uses, late) = purse.give_back(spent, now).ok_or(RefundError::NotASpend)?;
    let granted = NewLot {
        id: grace.lot,
        account: purse.points.id,
        granted: late,
        expires_at: Some(end_of_grace(now, grace.days)),
    };
    let draft = Draft {
        id: TransferId::of_refund(spent.transfer),
        kind: TransferKind::Refund,
        reverses: Some(spent.transfer),
        occasion,
        against: SystemAccount::Redemption,
        points: spent.uses.iter().map(|used| used.amount).sum(),
        debt: 0,
        earned: 0,
        granted: if late > 0 { vec![granted] } else { Vec::new() },
        uses,
    };
    Ok(draft.post(purse))
}

impl Purse {
    /// What goes back into which lots, and what has no lot to go back to; none if the lots are not this purse's.
    pub(super) fn give_back(&self, spent: &Spent, now: Instant) -> Option<(Vec<LotUse>, i64)> {
        let mut uses = Vec::with_capacity(spent.uses.len());
        let mut late = 0;
        for used in &spent.uses {
            let lot = self.lots.iter().find(|lot| lot.id == used.lot)?;
            if lot.has_expired(now) || spent.expired.contains(&lot.id) {
                late += used.amount;
            } else {
                uses.push(LotUse { lot: used.lot, amount: -used.amount });
            }
        }
        Some((uses, late))
    }
}

/// The midnight in Beijing that follows so many whole days.
pub(super) fn end_of_grace(now: Instant, days: u32) -> Instant {
    start_of_day(business_day(now) + Days::new(u64::from(days) + 1))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, lot, occasion, purse, transfer};
    use super::super::{SpendError, spend};
    use super::*;
    use uuid::Uuid;

    const GRACE: Grace = Grace { days: 7, lot: LotId::new(Uuid::from_u128(99)) };

    fn spent(posting: &Posting) -> Spent {
        let (transfer, kind) = (posting.id(), posting.transfer().kind);
        Spent { transfer, kind, uses: posting.uses().to_vec(), expired: Vec::new(), reversed_by: None }
    }

    #[test]
    fn points_go_back_to_the_lots_they_came_from() -> Result<(), SpendError> {
        let mut purse = purse(vec![lot(1, 5, Some(at(10))), lot(2, 5, None)]);
        let before = purse.lots().to_vec();
        let spending = spent(&spend(&mut purse, transfer(1), occasion(at(0)), 7)?);
        let posting = refund(&mut purse, occasion(at(9)), &spending, GRACE).map_err(|_| SpendError::InvalidAmount)?;
        assert_eq!(purse.lots(), before);
        assert_eq!((purse.balance(), posting.transfer().reverses), (10, Some(transfer(1))));
        assert!(posting.granted().is_empty());
        Ok(())
    }

    #[test]
    fn an_expired_lot_gives_a_grace_lot() -> Result<(), SpendError> {
        let mut purse = purse(vec![lot(1, 5, Some(at(10))), lot(2, 5, Some(at(40)))]);
        let spending = spent(&spend(&mut purse, transfer(1), occasion(at(0)), 7)?);
        let posting = refund(&mut purse, occasion(at(10)), &spending, GRACE).map_err(|_| SpendError::InvalidAmount)?;
        let [grace] = posting.granted() else { panic!("one grace lot") };
        assert_eq!((grace.id, grace.granted, grace.expires_at), (GRACE.lot, 5, Some(at(18))));
        assert_eq!(posting.uses().iter().map(|used| used.amount).collect::<Vec<_>>(), [-2]);
        assert_eq!((purse.balance(), purse.available(at(10)), purse.available(at(18))), (10, 10, 5));
        Ok(())
    }

    #[test]
    fn a_lot_that_was_posted_as_expired_stays_closed() -> Result<(), SpendError> {
        let mut purse = purse(vec![lot(1, 5, Some(at(10)))]);
        let mut spending = spent(&spend(&mut purse, transfer(1), occasion(at(0)), 2)?);
        spending.expired.push(LotId::new(Uuid::from_u128(1)));
        let just_before = at(10) - chrono::Duration::microseconds(1);
        let posting = refund(&mut purse, occasion(just_before), &spending, GRACE).map_err(|_| SpendError::Frozen)?;
        assert_eq!((posting.uses().len(), posting.granted().len()), (0, 1));
        Ok(())
    }

    #[test]
    fn a_refund_happens_once_and_only_to_a_spending() -> Result<(), SpendError> {
        let mut purse = purse(vec![lot(1, 5, None)]);
        let spending = spent(&spend(&mut purse, transfer(1), occasion(at(0)), 5)?);
        let mut other = spending.clone();
        other.kind = TransferKind::Expire;
        assert_eq!(refund(&mut purse, occasion(at(0)), &other, GRACE), Err(RefundError::NotASpend));
        other = Spent { reversed_by: Some(transfer(2)), ..spending.clone() };
        assert_eq!(refund(&mut purse, occasion(at(0)), &other, GRACE), Err(RefundError::AlreadyRefunded));
        let mut stranger = super::super::sample::purse(vec![lot(8, 5, None)]);
        assert_eq!(refund(&mut stranger, occasion(at(0)), &spending, GRACE), Err(RefundError::NotASpend));
        assert_eq!(stranger.balance(), 5);
        Ok(())
    }
}
