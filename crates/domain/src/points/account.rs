//! Accounts (账户): the member's two, which cache what they hold, and the books' own, which cache nothing.

use super::chain::Hash;
use crate::code::codes;
use crate::id::AccountId;

codes! {
    /// An account of the books themselves. Its balance is the sum of its entries and stands nowhere, so nobody queues for it.
    SystemAccount {
        Issuance = "issuance", "积分发放";
        Redemption = "redemption", "积分兑换";
        Expiry = "expiry", "积分过期";
        Adjustment = "adjustment", "积分调整";
        Donation = "donation", "积分捐赠";
    }
}

/// A member's points account (积分账户) or debt account (欠分账户) as it stands, locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The account.
    pub id: AccountId,
    /// The sum of its entries: what the member has, or from zero downwards what the member owes.
    pub balance: i64,
    /// What is reserved of it.
    pub held: i64,
    /// How many entries it has.
    pub sequence: i64,
    /// The hash of the last entry.
    pub last_hash: Option<Hash>,
    /// Whether spending is stopped.
    pub frozen: bool,
}

/// What a posting makes of an account, provided it still stands where the decision saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// The account as it shall stand.
    pub after: Account,
    /// The sequence the decision saw.
    pub sequence_before: i64,
    /// What is added to the points earned in a lifetime; not zero only on a points account.
    pub lifetime_earned: i64,
}
