//! Cancelling and expiring: a voucher that was not used gives everything back, once.

use thiserror::Error;

use super::{Redemption, RedemptionState};
use crate::code::Code;
use crate::points::{self, Actor, Grace, Occasion, Posting, Purse, RefundError, Source, SourceKind, Spent};
use crate::time::Instant;

/// Why a redemption cannot be cancelled or expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CloseError {
    /// The merchant has honoured it.
    #[error("该兑换券已核销，不能取消")]
    Verified,
    /// Everything was given back before.
    #[error("该兑换券{}，积分已退回", .0.label())]
    Closed(RedemptionState),
    /// Nobody has honoured it.
    #[error("该兑换券没有核销，不能撤销核销")]
    NotVerified,
    /// It is still good.
    #[error("该兑换券尚未到期")]
    NotDue,
}

impl Redemption {
    /// The member gives the voucher back before it is used.
    pub fn cancel(&mut self, now: Instant) -> Result<(), CloseError> {
        self.close(RedemptionState::Cancelled, now)
    }

    /// The voucher's days are over.
    pub fn expire(&mut self, now: Instant) -> Result<(), CloseError> {
        if self.state == RedemptionState::Issued && now < self.expires_at {
            return Err(CloseError::NotDue);
        }
        self.close(RedemptionState::Expired, now)
    }

    /// The shop's confirmation is undone.
    pub fn reverse(&mut self, now: Instant) -> Result<(), CloseError> {
        match self.state {
            RedemptionState::Verified => {
                self.state = RedemptionState::Reversed;
                self.closed_at = Some(now);
                Ok(())
            }
            RedemptionState::Issued | RedemptionState::Settled => Err(CloseError::NotVerified),
            closed => Err(CloseError::Closed(closed)),
        }
    }

    fn close(&mut self, to: RedemptionState, now: Instant) -> Result<(), CloseError> {
        match self.state {
            RedemptionState::Issued => {
                self.state = to;
                self.closed_at = Some(now);
                Ok(())
            }
            RedemptionState::Verified | RedemptionState::Settled => Err(CloseError::Verified),
            closed => Err(CloseError::Closed(closed)),
        }
    }

    /// Gives the points of a redemption that was just closed back to the lots they came from.
    pub fn refund(
        &self,
        purse: &mut Purse,
        spent: &Spent,
        grace: Grace,
        actor: Actor,
        posted_at: Instant,
    ) -> Result<Posting, RefundError> {
        let occasion = Occasion {
            reason: format!("{}退回：{}", self.state.label(), self.title),
            source: Source { kind: SourceKind::Redemption, id: self.id.uuid() },
            actor,
            business_at: self.closed_at.unwrap_or(posted_at),
            posted_at,
        };
        points::refund(purse, occasion, spent, grace)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::super::sample::{Case, spent, staff};
    use super::*;

    #[test]
    fn a_cancelled_redemption_gives_its_points_back_once() {
        let mut case = Case::new(100);
        let (mut redemption, posting) = case.redeem().expect("a redemption");
        let grace = || Grace { days: 7, lot: crate::id::LotId::new(uuid::Uuid::from_u128(99)) };
        assert_eq!(redemption.cancel(case.now), Ok(()));
        let mut spent = spent(&posting);
        let back = redemption.refund(&mut case.purse, &spent, grace(), Actor::Job, case.now);
        assert_eq!(back.map(|posting| posting.transfer().occasion.reason.clone()), Ok("已取消退回：刀削面一碗".into()));
        assert_eq!(case.purse.balance(), 100);
        assert_eq!(redemption.cancel(case.now), Err(CloseError::Closed(RedemptionState::Cancelled)));
        assert_eq!(redemption.expire(redemption.expires_at), Err(CloseError::Closed(RedemptionState::Cancelled)));
        spent.reversed_by = Some(posting.id());
        let again = redemption.refund(&mut case.purse, &spent, grace(), Actor::Job, case.now);
        assert_eq!(again.map(|posting| posting.id()), Err(RefundError::AlreadyRefunded));
    }

    #[test]
    fn what_was_honoured_is_not_given_back() {
        let mut case = Case::new(100);
        let (mut redemption, _) = case.redeem().expect("a redemption");
        redemption.verify(&staff(), case.now).expect("verified");
        let before = redemption.clone();
        assert_eq!(redemption.cancel(case.now), Err(CloseError::Verified));
        assert_eq!(redemption.expire(redemption.expires_at), Err(CloseError::Verified));
        assert_eq!(redemption, before);
    }

    #[test]
    fn a_confirmation_that_is_undone_gives_its_points_back_once() {
        let mut case = Case::new(100);
        let (mut redemption, posting) = case.redeem().expect("a redemption");
        assert_eq!(redemption.reverse(case.now), Err(CloseError::NotVerified));
        redemption.verify(&staff(), case.now).expect("verified");
        assert_eq!(redemption.reverse(case.now), Ok(()));
        let grace = Grace { days: 7, lot: crate::id::LotId::new(uuid::Uuid::from_u128(99)) };
        redemption.refund(&mut case.purse, &spent(&posting), grace, Actor::Job, case.now).expect("a refund");
        assert_eq!(case.purse.balance(), 100);
        assert_eq!(redemption.reverse(case.now), Err(CloseError::Closed(RedemptionState::Reversed)));
    }

    #[test]
    fn nothing_expires_before_its_midnight() {
        let mut case = Case::new(100);
        let (mut redemption, _) = case.redeem().expect("a redemption");
        let last = redemption.expires_at - Duration::microseconds(1);
        assert_eq!(redemption.expire(last), Err(CloseError::NotDue));
        assert_eq!(redemption.expire(redemption.expires_at), Ok(()));
        assert_eq!((redemption.state, redemption.closed_at), (RedemptionState::Expired, Some(redemption.expires_at)));
        assert_eq!(redemption.expire(redemption.expires_at), Err(CloseError::Closed(RedemptionState::Expired)));
    }
}
