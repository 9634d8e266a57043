//! Expiry (过期): what is left of a lot goes once its time has come.

use thiserror::Error;

use super::posting::Draft;
use super::{LotUse, Occasion, Posting, Purse, SystemAccount, TransferKind};
use crate::id::{LotId, TransferId};

/// Why a lot does not expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ExpireError {
    /// Its time has not come, or nothing is left of it.
    #[error("该批积分尚未到期或已无剩余")]
    NotDue,
    /// Points are reserved, of this lot first as the earliest to go; once the hold has ended it goes.
    #[error("积分被冻结，待解冻后过期")]
    Held,
}

/// Takes what is left of an expired lot. While anything is held nothing expires, so that a hold can be posted out of the lots
/// that were good when it was placed.
pub fn expire(purse: &mut Purse, occasion: Occasion, lot: LotId) -> Result<Posting, ExpireError> {
    let due = purse.lots.iter().find(|found| found.id == lot && found.has_expired(occasion.business_at));
    let left = due.map(|found| found.remaining).filter(|left| *left > 0).ok_or(ExpireError::NotDue)?;
    if purse.held() > 0 {
        return Err(ExpireError::Held);
    }
    let how = (TransferKind::Expire, SystemAccount::Expiry);
    Ok(Draft::taking(TransferId::of_expiry(lot), how, occasion, vec![LotUse { lot, amount: left }]).post(purse))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, lot, occasion, purse, transfer};
    use super::super::spend;
    use super::*;
    use uuid::Uuid;

    const FIRST: LotId = LotId::new(Uuid::from_u128(1));

    #[test]
    fn only_what_is_left_goes_and_only_when_it_is_due() {
        let mut purse = purse(vec![lot(1, 5, Some(at(10))), lot(2, 5, None)]);
        assert!(spend(&mut purse, transfer(1), occasion(at(0)), 2).is_ok());
        let just_before = at(10) - chrono::Duration::microseconds(1);
        assert_eq!(expire(&mut purse, occasion(just_before), FIRST), Err(ExpireError::NotDue));
        let posting = expire(&mut purse, occasion(at(10)), FIRST);
        assert_eq!(posting.map(|posting| posting.uses()[0].amount), Ok(3));
        assert_eq!(purse.balance(), 5);
        assert_eq!(expire(&mut purse, occasion(at(10)), FIRST), Err(ExpireError::NotDue));
        let never = LotId::new(Uuid::from_u128(2));
        assert_eq!(expire(&mut purse, occasion(at(9_999)), never), Err(ExpireError::NotDue));
    }

    #[test]
    fn an_expiry_waits_for_a_hold() {
        let mut purse = purse(vec![lot(1, 5, Some(at(10))), lot(2, 5, None)]);
        purse.points.held = 1;
        assert_eq!(expire(&mut purse, occasion(at(10)), FIRST), Err(ExpireError::Held));
        purse.points.held = 0;
        assert!(expire(&mut purse, occasion(at(10)), FIRST).is_ok());
    }
}
