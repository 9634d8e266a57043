//! Holds (冻结): points reserved until something is decided; each is posted, voided or expires, exactly once.

use thiserror::Error;

use super::posting::Draft;
use super::{Actor, Occasion, Posting, Purse, Source, SourceKind, SystemAccount, TransferKind, debt, is_amount};
use crate::code::{Code, codes};
use crate::id::{AccountId, HoldId, TransferId};
use crate::time::{Instant, spoken};

codes! {
    /// Where a hold stands.
    HoldState {
        Pending = "pending", "冻结中";
        Posted = "posted", "已扣减";
        Voided = "voided", "已解冻";
        Expired = "expired", "到期解冻";
    }
}

codes! {
    /// What points are reserved for.
    HoldPurpose {
        Adjustment = "adjustment", "积分调整";
    }
}

impl HoldPurpose {
    /// How points are posted that were reserved for it.
    fn posting(self) -> (TransferKind, SystemAccount) {
        match self {
            Self::Adjustment => (TransferKind::Adjust, SystemAccount::Adjustment),
        }
    }
}

/// A reservation of points, locked together with the purse it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The hold.
    pub id: HoldId,
    /// Whose points.
    pub account: AccountId,
    /// How many.
    pub amount: i64,
    /// What for.
    pub purpose: HoldPurpose,
    /// Where it stands.
    pub state: HoldState,
    /// Since when; lots that were good then are good for it.
    pub placed_at: Instant,
    /// The first instant at which it can no longer be posted.
    pub expires_at: Instant,
}

/// Why points are not held, or a hold does not end so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HoldError {
    /// Nothing, more than one posting may move, or more than was held.
    #[error("积分数额无效")]
    InvalidAmount,
    /// Too few points.
    #[error("积分不足：可用 {available} 分，需要 {needed} 分")]
    Insufficient {
        /// What can be held.
        available: i64,
        /// What was asked for.
        needed: i64,
    },
    /// It has ended before.
    #[error("这笔冻结{}", .0.label())]
    Ended(HoldState),
    /// Its time is over.
    #[error("这笔冻结已于 {} 到期", spoken(*.0))]
    Overdue(Instant),
    /// Its time is not over.
    #[error("这笔冻结至 {} 才到期", spoken(*.0))]
    NotDue(Instant),
}

impl Hold {
    /// Reserves points: from now on nobody else can have them.
    pub fn place(
        purse: &mut Purse,
        id: HoldId,
        purpose: HoldPurpose,
        amount: i64,
        now: Instant,
        expires_at: Instant,
    ) -> Result<Self, HoldError> {
        if !is_amount(amount) {
            return Err(HoldError::InvalidAmount);
        }
        let available = purse.available(now);
        if available < amount {
            return Err(HoldError::Insufficient { available, needed: amount });
        }
        purse.points.held += amount;
        let state = HoldState::Pending;
        Ok(Self { id, account: purse.points.id, amount, purpose, state, placed_at: now, expires_at })
    }

    /// Takes the points, at most those held; what is left of them is free again.
    pub fn post(
        &mut self,
        purse: &mut Purse,
        id: TransferId,
        occasion: Occasion,
        amount: i64,
    ) -> Result<Posting, HoldError> {
        if !(1..=self.amount).contains(&amount) {
            return Err(HoldError::InvalidAmount);
        }
        if self.state == HoldState::Pending && occasion.business_at >= self.expires_at {
            return Err(HoldError::Overdue(self.expires_at));
        }
        self.end(purse, HoldState::Posted)?;
        let uses = purse.draw(amount, self.placed_at);
        Ok(Draft::taking(id, self.purpose.posting(), occasion, uses).post(purse))
    }

    /// Lets the points go, because it was decided so.
    pub fn void(&mut self, purse: &mut Purse) -> Result<(), HoldError> {
        self.end(purse, HoldState::Voided)
    }

    /// Lets the points go, because nothing was decided in time.
    pub fn expire(&mut self, purse: &mut Purse, now: Instant) -> Result<(), HoldError> {
        if self.state == HoldState::Pending && now < self.expires_at {
            return Err(HoldError::NotDue(self.expires_at));
        }
        self.end(purse, HoldState::Expired)
    }

    /// Pays a debt that was made while these points were held, now that they are free again.
    pub fn pay_debt(&self, purse: &mut Purse, actor: Actor, now: Instant, posted_at: Instant) -> Option<Posting> {
        if !matches!(self.state, HoldState::Voided | HoldState::Expired) {
            return None;
        }
        let occasion = Occasion {
            reason: "积分解冻，先抵还欠分".into(),
            source: Source { kind: SourceKind::Hold, id: self.id.uuid() },
            actor,
            business_at: now,
            posted_at,
        };
        debt::pay(purse, TransferId::of_freed(self.id), occasion, self.amount)
    }

    fn end(&mut self, purse: &mut Purse, state: HoldState) -> Result<(), HoldError> {
        if self.state != HoldState::Pending {
            return Err(HoldError::Ended(self.state));
        }
        self.state = state;
        purse.points.held -= self.amount;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::sample::{at, lot, occasion, purse, transfer};
    use super::super::{ExpireError, SpendError, expire, spend};
    use super::*;
    use crate::id::LotId;

    fn place(purse: &mut Purse, amount: i64) -> Result<Hold, HoldError> {
        Hold::place(purse, HoldId::new(Uuid::from_u128(1)), HoldPurpose::Adjustment, amount, at(5), at(19))
    }

    #[test]
    fn what_is_held_cannot_be_had_by_others() -> Result<(), HoldError> {
        let mut purse = purse(vec![lot(1, 5, Some(at(10))), lot(2, 5, None)]);
        place(&mut purse, 6)?;
        assert_eq!((purse.balance(), purse.held(), purse.available(at(5))), (10, 6, 4));
        let refused = SpendError::Insufficient { available: 4, needed: 5 };
        assert_eq!(spend(&mut purse, transfer(1), occasion(at(5)), 5), Err(refused));
        let before = purse.clone();
        assert_eq!(place(&mut purse, 5), Err(HoldError::Insufficient { available: 4, needed: 5 }));
        for amount in [0, -1, i64::MIN, i64::MAX] {
            assert_eq!(place(&mut purse, amount), Err(HoldError::InvalidAmount));
        }
        assert_eq!(purse, before, "a refusal changes nothing");
        Ok(())
    }

    #[test]
    fn freed_points_pay_the_debt_that_was_made_while_they_were_held() -> Result<(), HoldError> {
        let mut purse = purse(vec![lot(1, 5, Some(at(10))), lot(2, 5, None)]);
        let mut hold = place(&mut purse, 6)?;
        purse.debt.balance = -7;
        assert_eq!(hold.clone().pay_debt(&mut purse, Actor::Job, at(6), at(6)), None, "they are not free");
        hold.void(&mut purse)?;
        let posting = hold.pay_debt(&mut purse, Actor::Job, at(6), at(6)).expect("a posting");
        let amounts: Vec<_> = posting.entries().iter().map(|entry| entry.amount).collect();
        assert_eq!((amounts, posting.id()), (vec![-6, 6], TransferId::of_freed(hold.id)));
        assert_eq!((purse.balance(), purse.debt(), purse.lifetime_earned()), (4, 1, 10), "no more than was held");

        purse.debt.balance = -9;
        assert!(hold.pay_debt(&mut purse, Actor::Job, at(11), at(11)).is_some(), "what has not expired");
        assert_eq!((purse.debt(), purse.available(at(11))), (5, 0));
        assert_eq!(hold.pay_debt(&mut purse, Actor::Job, at(11), at(11)), None, "nothing is left");
        purse.debt.balance = 0;
        assert_eq!(hold.pay_debt(&mut purse, Actor::Job, at(6), at(6)), None, "nothing is owed");
        Ok(())
    }

    #[test]
    fn a_hold_is_posted_out_of_lots_that_were_good_when_it_was_placed() -> Result<(), HoldError> {
        let mut purse = purse(vec![lot(1, 5, Some(at(10))), lot(2, 5, None)]);
        let mut hold = place(&mut purse, 6)?;
        let first = LotId::new(Uuid::from_u128(1));
        assert_eq!(expire(&mut purse, occasion(at(10)), first), Err(ExpireError::Held));
        let posting = hold.post(&mut purse, transfer(1), occasion(at(18)), 6)?;
        let uses: Vec<_> = posting.uses().iter().map(|used| (used.lot.uuid().as_u128(), used.amount)).collect();
        assert_eq!(uses, [(1, 5), (2, 1)]);
        assert_eq!((purse.balance(), purse.held(), hold.state), (4, 0, HoldState::Posted));
        Ok(())
    }

    #[test]
    fn less_than_was_held_may_be_taken_and_not_more() -> Result<(), HoldError> {
        let mut purse = purse(vec![lot(1, 9, None)]);
        let mut hold = place(&mut purse, 6)?;
        for amount in [0, 7, -1] {
            let refused = hold.post(&mut purse, transfer(1), occasion(at(6)), amount);
            assert_eq!(refused, Err(HoldError::InvalidAmount));
        }
        hold.post(&mut purse, transfer(1), occasion(at(6)), 2)?;
        assert_eq!((purse.balance(), purse.held(), purse.available(at(6))), (7, 0, 7));
        Ok(())
    }

    type End = fn(&mut Hold, &mut Purse) -> Result<(), HoldError>;

    #[test]
    fn a_hold_ends_once_and_at_its_time() -> Result<(), HoldError> {
        let mut purse = purse(vec![lot(1, 9, None)]);
        let mut hold = place(&mut purse, 6)?;
        let just_before = at(19) - chrono::Duration::microseconds(1);
        assert_eq!(hold.expire(&mut purse, just_before), Err(HoldError::NotDue(at(19))));
        assert_eq!(hold.post(&mut purse, transfer(1), occasion(at(19)), 6), Err(HoldError::Overdue(at(19))));
        let ends: [(End, HoldState); 3] = [
            (|hold, purse| hold.expire(purse, at(19)), HoldState::Expired),
            (|hold, purse| hold.void(purse), HoldState::Voided),
            (|hold, purse| hold.post(purse, transfer(1), occasion(at(18)), 6).map(|_| ()), HoldState::Posted),
        ];
        for (end, state) in ends {
            let (mut hold, mut purse) = (hold.clone(), purse.clone());
            end(&mut hold, &mut purse)?;
            assert_eq!((hold.state, purse.held()), (state, 0));
            for (again, _) in ends {
                assert_eq!(again(&mut hold, &mut purse), Err(HoldError::Ended(state)));
            }
        }
        Ok(())
    }
}
