//! Receipts (记账凭证): everything by which somebody with nothing but a public key sees that a transfer was posted, and
//! sealed, just so. A receipt shows the legs of one member and of the books' own accounts, and nobody else's.

use thiserror::Error;

use super::chain::{self, Content};
use super::seal::{self, Seal, SealedLeg};
use super::{Entry, LotUse, NewLot, SystemAccount, Transfer};
use crate::code::Code;
use crate::id::{AccountId, MemberId};

/// A sealed transfer of one member, with the way from it up to the seal's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whose transfer it is.
    pub member: MemberId,
    /// Its head.
    pub transfer: Transfer,
    /// Its legs, by number.
    pub legs: Vec<ReceiptLeg>,
    /// The hashes of the records behind it.
    pub records: Vec<chain::Hash>,
    /// The seal that covers it.
    pub seal: Seal,
    /// Its place among the transfers of the seal, from 0.
    pub position: usize,
    /// The hashes beside the way up, from the bottom.
    pub path: Vec<chain::Hash>,
}

/// A leg with what its hash covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptLeg {
    /// The entry.
    pub entry: Entry,
    /// The lots that the transfer grants to this account.
    pub granted: Vec<NewLot>,
    /// The uses that the transfer makes of this account's lots.
    pub uses: Vec<LotUse>,
}

/// Why a receipt proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReceiptError {
    /// The legs do not sum to zero, or are no legs of one transfer.
    #[error("its legs do not balance")]
    Unbalanced,
    /// An account is neither the member's nor the books' own.
    #[error("leg {leg} is on an account of neither the member nor the books")]
    ForeignAccount {
        /// The leg.
        leg: i32,
    },
    /// An entry's hash is not that of what it says.
    #[error("the hash of leg {leg} is not that of what it says")]
    Hash {
        /// The leg.
        leg: i32,
    },
    /// The way up does not lead to the seal's root.
    #[error("it is not under the root of seal {seal}")]
    NotUnderRoot {
        /// The seal's number.
        seal: i64,
    },
}

impl ReceiptLeg {
    /// What the account is to the member, as storage spells its kind; none if it is somebody else's.
    pub fn account_kind(&self, member: MemberId) -> Option<&'static str> {
        let id = self.entry.account;
        if self.entry.link.is_none() {
            return SystemAccount::ALL.iter().find(|of| AccountId::of_system(**of) == id).map(|of| of.code());
        }
        match id {
            id if id == AccountId::points_of(member) => Some("points"),
            id if id == AccountId::debt_of(member) => Some("debt"),
            _ => None,
        }
    }
}

/// Checks a receipt against itself, from its entries' hashes up to the seal's root. Whether the seal was signed, and is
/// the one that was published, is another question.
pub fn check(receipt: &Receipt) -> Result<(), ReceiptError> {
    let Receipt { member, transfer, legs, records, seal, position, path } = receipt;
    let sum = legs.iter().try_fold(0_i64, |sum, leg| sum.checked_add(leg.entry.amount));
    let in_order = legs.windows(2).all(|pair| pair[0].entry.leg < pair[1].entry.leg);
    if legs.len() < 2 || sum != Some(0) || !in_order {
        return Err(ReceiptError::Unbalanced);
    }
    let mut sealed = Vec::with_capacity(legs.len());
    for leg in legs {
        let Entry { leg: number, account, amount, ref link } = leg.entry;
        leg.account_kind(*member).ok_or(ReceiptError::ForeignAccount { leg: number })?;
        let hash = link.as_ref().map(|link| {
            let content = Content {
                previous: link.previous_hash,
                leg: number,
                account,
                amount,
                sequence: link.sequence,
                balance_after: link.balance_after,
                granted: &leg.granted,
                uses: &leg.uses,
            };
            (link.hash, chain::hash(transfer, &content))
        });
        let of_the_books = hash.is_none() && (!leg.granted.is_empty() || !leg.uses.is_empty());
        if of_the_books || hash.is_some_and(|(named, is)| named != is) {
            return Err(ReceiptError::Hash { leg: number });
        }
        sealed.push(SealedLeg { leg: number, account, amount, hash: hash.map(|(hash, _)| hash) });
    }
    let leaves = usize::try_from(seal.transfers).unwrap_or(0);
    let root = seal::root_of_path(seal::leaf(transfer, &sealed, records), *position, leaves, path);
    if root == Some(seal.root) { Ok(()) } else { Err(ReceiptError::NotUnderRoot { seal: seal.number }) }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, lot, occasion, purse, transfer};
    use super::super::{Posting, spend};
    use super::*;

    fn leg(posting: &Posting, number: usize) -> ReceiptLeg {
        let entry = posting.entries()[number].clone();
        let uses = if entry.link.is_some() { posting.uses().to_vec() } else { Vec::new() };
        ReceiptLeg { entry, granted: Vec::new(), uses }
    }

    fn receipt() -> Receipt {
        let mut purse = purse(vec![lot(1, 7, None)]);
        let posting = spend(&mut purse, transfer(1), occasion(at(0)), 5).expect("enough points");
        let legs = vec![leg(&posting, 0), leg(&posting, 1)];
        let sealed = legs.iter().map(|leg| {
            let hash = leg.entry.link.as_ref().map(|link| link.hash);
            SealedLeg { leg: leg.entry.leg, account: leg.entry.account, amount: leg.entry.amount, hash }
        });
        let leaves = [[9; 32], seal::leaf(posting.transfer(), &sealed.collect::<Vec<_>>(), &[[7; 32]]), [8; 32]];
        let root = seal::root(&leaves).expect("a root");
        let seal = Seal { number: 1, previous_root: None, root, transfers: 3, signed_at: at(1) };
        let path = seal::path(&leaves, 1).expect("a path");
        let (member, transfer, records) = (purse.member, posting.transfer().clone(), vec![[7; 32]]);
        Receipt { member, transfer, legs, records, seal, position: 1, path }
    }

    #[test]
    fn a_receipt_holds_as_it_is() {
        assert_eq!(check(&receipt()), Ok(()));
    }

    #[test]
    fn whatever_is_changed_is_noticed() {
        let refused = |change: fn(&mut Receipt), error| {
            let mut changed = receipt();
            change(&mut changed);
            assert_eq!(check(&changed), Err(error));
        };
        let not_under_root = ReceiptError::NotUnderRoot { seal: 1 };
        refused(|receipt| receipt.legs.truncate(1), ReceiptError::Unbalanced);
        refused(|receipt| receipt.legs.reverse(), ReceiptError::Unbalanced);
        refused(|receipt| receipt.legs[1].entry.amount += 1, ReceiptError::Unbalanced);
        refused(|receipt| receipt.member = MemberId::new(uuid::Uuid::nil()), ReceiptError::ForeignAccount { leg: 0 });
        refused(|receipt| receipt.legs[0].entry.link = None, ReceiptError::ForeignAccount { leg: 0 });
        refused(|receipt| receipt.transfer.occasion.reason.push('x'), ReceiptError::Hash { leg: 0 });
        refused(|receipt| receipt.legs[0].uses.clear(), ReceiptError::Hash { leg: 0 });
        refused(|receipt| receipt.legs[1].uses = receipt.legs[0].uses.clone(), ReceiptError::Hash { leg: 1 });
        refused(|receipt| receipt.legs[1].entry.leg = 9, not_under_root);
        refused(|receipt| receipt.records.clear(), not_under_root);
        refused(|receipt| receipt.position = 2, not_under_root);
        refused(|receipt| receipt.path.reverse(), not_under_root);
        refused(|receipt| receipt.seal.transfers = 2, not_under_root);
        refused(|receipt| receipt.seal.root = [0; 32], not_under_root);
    }
}
