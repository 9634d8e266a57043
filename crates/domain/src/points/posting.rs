//! Postings (入账): a transfer with its entries, lots and account changes, which sum to zero by construction.

use super::chain::{self, Content};
use super::{
    Account, AccountChange, Entry, Link, Lot, LotUse, NewLot, Occasion, Purse, SystemAccount, Transfer, TransferKind,
};
use crate::id::{AccountId, TransferId};

/// What a decision asks storage to write down, whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    transfer: Transfer,
    entries: Vec<Entry>,
    granted: Vec<NewLot>,
    uses: Vec<LotUse>,
    changes: Vec<AccountChange>,
    balance_after: i64,
}

impl Posting {
    /// The transfer's id.
    pub fn id(&self) -> TransferId {
        self.transfer.id
    }

    /// The head.
    pub fn transfer(&self) -> &Transfer {
        &self.transfer
    }

    /// The legs.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The lots that come into being.
    pub fn granted(&self) -> &[NewLot] {
        &self.granted
    }

    /// What is taken out of lots, or given back.
    pub fn uses(&self) -> &[LotUse] {
        &self.uses
    }

    /// The accounts as they shall stand.
    pub fn changes(&self) -> &[AccountChange] {
        &self.changes
    }

    /// The member's balance once this is posted.
    pub fn balance_after(&self) -> i64 {
        self.balance_after
    }
}

/// What a decision fixed, before legs, links and hashes are worked out.
pub(super) struct Draft {
    pub(super) id: TransferId,
    pub(super) kind: TransferKind,
    pub(super) reverses: Option<TransferId>,
    pub(super) occasion: Occasion,
    /// Where the points come from or go to.
    pub(super) against: SystemAccount,
    /// What the points account gets.
    pub(super) points: i64,
    /// What the debt account gets; positive pays debt back.
    pub(super) debt: i64,
    /// What is added to the points earned in a lifetime.
    pub(super) earned: i64,
    pub(super) granted: Vec<NewLot>,
    pub(super) uses: Vec<LotUse>,
}

impl Draft {
    /// Takes points out of these lots, and nothing else.
    pub(super) fn taking(
        id: TransferId,
        (kind, against): (TransferKind, SystemAccount),
        occasion: Occasion,
        uses: Vec<LotUse>,
    ) -> Self {
        let points = -uses.iter().map(|used| used.amount).sum::<i64>();
        Self { id, kind, reverses: None, occasion, against, points, debt: 0, earned: 0, granted: Vec::new(), uses }
    }

    /// Moves the points in the purse and answers what is to be written down.
    pub(super) fn post(self, purse: &mut Purse) -> Posting {
        let granted: i64 = self.granted.iter().map(|lot| lot.granted).sum();
        let used: i64 = self.uses.iter().map(|used| used.amount).sum();
        assert!(self.points == granted - used, "the lots of {} differ from its entry", self.id);

        let transfer = Transfer::new(self.id, self.kind, self.reverses, self.occasion);
        let mut entries = Vec::with_capacity(3);
        let mut changes = Vec::with_capacity(2);
        let sequence_before = purse.points.sequence;
        if self.points != 0 {
            entries.push(link(&transfer, 0, &mut purse.points, self.points, &self.granted, &self.uses));
        }
        if self.points != 0 || self.earned != 0 {
            let after = purse.points.clone();
            changes.push(AccountChange { after, sequence_before, lifetime_earned: self.earned });
        }
        if self.debt != 0 {
            let sequence_before = purse.debt.sequence;
            entries.push(link(&transfer, leg(&entries), &mut purse.debt, self.debt, &[], &[]));
            changes.push(AccountChange { after: purse.debt.clone(), sequence_before, lifetime_earned: 0 });
        }
        let rest = -(self.points + self.debt);
        if rest != 0 {
            let account = AccountId::of_system(self.against);
            entries.push(Entry { leg: leg(&entries), account, amount: rest, link: None });
        }
        let sum: i64 = entries.iter().map(|entry| entry.amount).sum();
        assert!(sum == 0 && entries.len() >= 2, "the legs of {} do not balance", self.id);

        purse.lifetime_earned += self.earned;
        for used in &self.uses {
            if let Some(lot) = purse.lots.iter_mut().find(|lot| lot.id == used.lot) {
                lot.remaining -= used.amount;
            }
        }
        purse.lots.extend(self.granted.iter().map(|new| Lot {
            id: new.id,
            granted: new.granted,
            remaining: new.granted,
            expires_at: new.expires_at,
        }));
        purse.lots.sort_by_key(Lot::order);
        let balance_after = purse.points.balance;
        Posting { transfer, entries, granted: self.granted, uses: self.uses, changes, balance_after }
    }
}

fn leg(entries: &[Entry]) -> i32 {
    i32::try_from(entries.len()).unwrap_or(i32::MAX)
}

/// Adds an entry to the end of an account's chain.
fn link(
    transfer: &Transfer,
    leg: i32,
    account: &mut Account,
    amount: i64,
    granted: &[NewLot],
    uses: &[LotUse],
) -> Entry {
    account.balance += amount;
    account.sequence += 1;
    let (sequence, balance_after, previous_hash) = (account.sequence, account.balance, account.last_hash);
    let content =
        Content { previous: previous_hash, leg, account: account.id, amount, sequence, balance_after, granted, uses };
    let hash = chain::hash(transfer, &content);
    account.last_hash = Some(hash);
    Entry { leg, account: account.id, amount, link: Some(Link { sequence, balance_after, previous_hash, hash }) }
}
