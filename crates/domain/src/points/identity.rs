//! Ids that follow from what they name (派生编号): the same event or the same key always gives the same transfer,
//! so that nothing is ever posted twice, however long ago the first time was.

use uuid::Uuid;

use super::{SourceKind, SystemAccount};
use crate::code::Code;
use crate::id::{AccountId, AdjustmentId, HoldId, LotId, MemberId, MisconductId, PersonId, TransferId};

const NAMESPACE: Uuid = Uuid::from_u128(0xca2a_670f_ce17_4984_930c_f78f_df71_3c6c);

fn derive(name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

impl AccountId {
    /// The member's points account.
    pub fn points_of(member: MemberId) -> Self {
        Self::new(derive(&format!("account:points:{member}")))
    }

    /// The member's debt account.
    pub fn debt_of(member: MemberId) -> Self {
        Self::new(derive(&format!("account:debt:{member}")))
    }

    /// One of the books' own accounts.
    pub fn of_system(account: SystemAccount) -> Self {
        Self::new(derive(&format!("account:{}", account.code())))
    }
}

impl TransferId {
    /// The one credit for this event.
    pub fn of_earning(kind: SourceKind, id: Uuid, member: MemberId) -> Self {
        Self::new(derive(&format!("earn:{}:{id}:{member}", kind.code())))
    }

    /// The one expiry of this lot.
    pub fn of_expiry(lot: LotId) -> Self {
        Self::new(derive(&format!("expire:lot:{lot}")))
    }

    /// The one refund of this spending.
    pub fn of_refund(spent: TransferId) -> Self {
        Self::new(derive(&format!("refund:{spent}")))
    }

    /// The one clawback of this credit.
    pub fn of_clawback(earned: TransferId) -> Self {
        Self::new(derive(&format!("clawback:{earned}")))
    }

    /// The one posting of this adjustment.
    pub fn of_adjustment(id: AdjustmentId) -> Self {
        Self::new(derive(&format!("adjust:{id}")))
    }

    /// The one deduction of this case of misconduct.
    pub fn of_deduction(id: MisconductId) -> Self {
        Self::new(derive(&format!("deduct:{id}")))
    }

    /// The one payment of a debt out of the points that this hold freed.
    pub fn of_freed(id: HoldId) -> Self {
        Self::new(derive(&format!("freed:{id}")))
    }

    /// The one payment of a debt out of what this refund gave back.
    pub fn of_payment(refund: TransferId) -> Self {
        Self::new(derive(&format!("payment:{refund}")))
    }

    /// What this person asked of this operation under this idempotency key.
    pub fn of_key(person: PersonId, operation: &str, key: &str) -> Self {
        Self::new(derive(&format!("key:{}:{operation}:{key}", person.uuid())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_same_for_ever_and_another_for_each_name() {
        let member = MemberId::new(Uuid::from_u128(1));
        let earned = TransferId::of_earning(SourceKind::Enrolment, Uuid::from_u128(2), member);
        assert_eq!(earned.to_string(), "79955b26-8df9-5c6a-bd04-c13c4f175131");
        let key = |operation, key| TransferId::of_key(member.into(), operation, key);
        let others = [
            earned,
            TransferId::of_earning(SourceKind::FirstResidency, Uuid::from_u128(2), member),
            TransferId::of_refund(earned),
            TransferId::of_clawback(earned),
            TransferId::of_adjustment(AdjustmentId::new(earned.uuid())),
            TransferId::of_deduction(MisconductId::new(earned.uuid())),
            TransferId::of_freed(HoldId::new(earned.uuid())),
            TransferId::of_payment(earned),
            key("redeem_offer", "k1"),
            key("redeem_offer", "k2"),
            key("cancel_redemption", "k1"),
        ];
        let distinct: std::collections::HashSet<_> = others.iter().collect();
        assert_eq!(distinct.len(), others.len());
        assert_ne!(AccountId::points_of(member), AccountId::debt_of(member));
    }
}
