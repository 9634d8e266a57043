//! Points (积分): money of a kind. Double entry with signed legs that sum to zero; nothing is ever changed, only reversed.
//!
//! A decision takes a [`Purse`] (积分账户) that storage locked and answers a [`Posting`] to be written down. After `Ok` the
//! purse shows the new state, so another decision in the same transaction sees it; after `Err` it is as it was.

mod account;
pub mod chain;
mod correct;
mod credit;
mod debt;
mod earning;
mod expire;
mod explain;
mod hold;
mod identity;
mod lot;
mod pending;
mod posting;
mod purse;
pub mod receipt;
pub mod record;
mod refund;
pub mod replay;
pub mod rulebook;
pub mod seal;
mod spend;
mod transfer;

pub use account::{Account, AccountChange, SystemAccount};
pub use correct::{AdjustError, adjust, clawback, deduct, restore};
pub use credit::{CreditError, Credited, Grant, credit};
pub use debt::pay_debt;
pub use earning::{
    Cap, CreditDecision, EarnRule, Earned, RewardedEvent, Service, credit_for_event, credit_for_service,
};
pub use expire::{ExpireError, expire};
pub use explain::{CreditExplanation, describe, explain};
pub use hold::{Hold, HoldError, HoldPurpose, HoldState};
pub use lot::{Lot, LotUse, NewLot};
pub use pending::{Awaited, foresee};
pub use posting::Posting;
pub use purse::Purse;
pub use refund::{Grace, RefundError, Spent, refund};
pub use rulebook::Rulebook;
pub use spend::{SpendError, donate, spend};
pub use transfer::{Actor, Entry, Link, Occasion, Source, SourceKind, Transfer, TransferKind};

/// The most that one posting may move; more is a mistake.
pub const MOST_PER_POSTING: i64 = 1_000_000;

/// The most that a purse may hold; far beyond what the rules can give.
const MOST_IN_PURSE: i64 = 1_000_000_000_000;

fn is_amount(amount: i64) -> bool {
    (1..=MOST_PER_POSTING).contains(&amount)
}

#[cfg(test)]
mod sample;
