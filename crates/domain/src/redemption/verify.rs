//! Confirming (核销): the merchant's own staff, once, while the voucher is good.

use thiserror::Error;

use super::{Redemption, RedemptionState, Verification};
use crate::merchant::Staff;
use crate::time::Instant;

/// Why a voucher cannot be confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// It is another merchant's.
    #[error("这不是本店的兑换券")]
    AnotherMerchant,
    /// Somebody was quicker.
    #[error("该兑换券已核销")]
    AlreadyVerified(Verification),
    /// Its days are over.
    #[error("该兑换券已过期，不能核销")]
    Expired,
    /// The member gave it back.
    #[error("该兑换券已取消，不能核销")]
    Cancelled,
    /// Its confirmation was taken back.
    #[error("该兑换券的核销已撤销，不能再次核销")]
    Reversed,
}

impl Redemption {
    /// Confirms the voucher in the staff member's store.
    pub fn verify(&mut self, staff: &Staff, now: Instant) -> Result<Verification, VerifyError> {
        if self.merchant != staff.merchant {
            return Err(VerifyError::AnotherMerchant);
        }
        if let Some(verification) = self.verification
            && self.state != RedemptionState::Reversed
        {
            return Err(VerifyError::AlreadyVerified(verification));
        }
        match self.state {
            RedemptionState::Cancelled => Err(VerifyError::Cancelled),
            RedemptionState::Reversed => Err(VerifyError::Reversed),
            RedemptionState::Expired => Err(VerifyError::Expired),
            _ if now >= self.expires_at => Err(VerifyError::Expired),
            _ => {
                let verification = Verification { at: now, by: staff.id, store: staff.store };
                self.state = RedemptionState::Verified;
                self.verification = Some(verification);
                Ok(verification)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use uuid::Uuid;

    use super::super::sample::{Case, staff};
    use super::*;
    use crate::id::{MerchantId, StaffId};

    #[test]
    fn the_second_learns_who_was_first() {
        let case = &mut Case::new(80);
        let (mut redemption, _) = case.redeem().expect("a redemption");
        let first = redemption.verify(&staff(), case.now).expect("verified");
        assert_eq!((first.by, first.store, first.at), (staff().id, staff().store, case.now));
        let second = Staff { id: StaffId::new(Uuid::from_u128(77)), ..staff() };
        assert_eq!(redemption.verify(&second, case.now), Err(VerifyError::AlreadyVerified(first)));
        redemption.state = RedemptionState::Settled;
        assert_eq!(redemption.verify(&second, case.now), Err(VerifyError::AlreadyVerified(first)));
        redemption.state = RedemptionState::Reversed;
        assert_eq!(redemption.verify(&second, case.now), Err(VerifyError::Reversed));
    }

    #[test]
    fn other_merchants_and_late_or_closed_vouchers_are_refused() {
        let case = &mut Case::new(80);
        let (issued, _) = case.redeem().expect("a redemption");
        let other = Staff { merchant: MerchantId::new(Uuid::from_u128(78)), ..staff() };
        assert_eq!(issued.clone().verify(&other, case.now), Err(VerifyError::AnotherMerchant));
        assert_eq!(issued.clone().verify(&staff(), issued.expires_at), Err(VerifyError::Expired));
        let last = issued.expires_at - Duration::microseconds(1);
        assert!(issued.clone().verify(&staff(), last).is_ok());
        for (state, refusal) in
            [(RedemptionState::Cancelled, VerifyError::Cancelled), (RedemptionState::Expired, VerifyError::Expired)]
        {
            let mut closed = Redemption { state, ..issued.clone() };
            assert_eq!(closed.verify(&staff(), case.now), Err(refusal));
            assert_eq!(closed.verification, None);
        }
    }
}
