//! Paying debts (抵还欠分): points that come free pay what their member owes, as an earning would. What could be spent beside
//! a debt would make the debt worth nothing.

use super::posting::Draft;
use super::{Actor, Occasion, Posting, Purse, Source, SourceKind, SystemAccount, TransferKind};
use crate::id::TransferId;
use crate::time::Instant;

/// Pays a debt out of so many points that came free. Nothing to post if nothing is owed, or all of them are held or have
/// expired.
pub(super) fn pay(purse: &mut Purse, id: TransferId, occasion: Occasion, freed: i64) -> Option<Posting> {
    let now = occasion.business_at;
    let paid = freed.min(purse.debt()).min(purse.available(now));
    if paid <= 0 {
        return None;
    }
    let draft = Draft {
        id,
        kind: TransferKind::Clawback,
        reverses: None,
        occasion,
        against: SystemAccount::Issuance,
        points: -paid,
        debt: paid,
        earned: 0,
        granted: Vec::new(),
        uses: purse.draw(paid, now),
    };
    Some(draft.post(purse))
}

/// Pays a debt out of what a refund gave back. The purse must show all its lots, which a purse that was locked to give
/// something back does not.
pub fn pay_debt(
    purse: &mut Purse,
    refund: &Posting,
    actor: Actor,
    now: Instant,
    posted_at: Instant,
) -> Option<Posting> {
    let account = purse.points.id;
    let back: i64 = refund.entries().iter().filter(|leg| leg.account == account).map(|leg| leg.amount).sum();
    let occasion = Occasion {
        reason: "积分退回，先抵还欠分".into(),
        source: Source { kind: SourceKind::Refund, id: refund.id().uuid() },
        actor,
        business_at: now,
        posted_at,
    };
    pay(purse, TransferId::of_payment(refund.id()), occasion, back)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::sample::{at, lot, occasion, purse, transfer};
    use super::super::{Grace, Spent, refund, spend};
    use super::*;
    use crate::id::LotId;

    #[test]
    fn points_that_come_back_pay_the_debt_that_was_made_meanwhile() {
        for (owed, amounts, left) in
            [(5, Some(vec![-5, 5]), (5, 0)), (12, Some(vec![-7, 7]), (3, 5)), (0, None, (10, 0))]
        {
            let mut purse = purse(vec![lot(1, 5, Some(at(10))), lot(2, 5, None)]);
            let spending = spend(&mut purse, transfer(1), occasion(at(0)), 7).expect("enough");
            let uses = spending.uses().to_vec();
            let spent = Spent {
                transfer: spending.id(),
                kind: TransferKind::Redeem,
                uses,
                expired: Vec::new(),
                reversed_by: None,
            };
            purse.debt.balance = -owed;
            let grace = Grace { days: 7, lot: LotId::new(Uuid::from_u128(99)) };
            let back = refund(&mut purse, occasion(at(1)), &spent, grace).expect("a refund");
            let paid = pay_debt(&mut purse, &back, Actor::Job, at(1), at(1));
            let legs = paid.as_ref().map(|paid| paid.entries().iter().map(|leg| leg.amount).collect::<Vec<_>>());
            assert_eq!(legs, amounts, "{owed}");
            assert_eq!((purse.balance(), purse.debt()), left, "{owed}: no more than came back");
            assert!(paid.is_none_or(|paid| paid.id() == TransferId::of_payment(back.id())));
        }
    }
}
