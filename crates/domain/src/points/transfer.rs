//! Transfers (记账) and their entries (分录): what was posted, why, by whom and when.

use chrono::SubsecRound;
use uuid::Uuid;

use super::chain::Hash;
use crate::code::codes;
use crate::id::{AccountId, AdminId, MemberId, StaffId, TransferId};
use crate::time::Instant;

codes! {
    /// What a transfer does.
    TransferKind {
        Earn = "earn", "获得";
        Redeem = "redeem", "兑换";
        Refund = "refund", "退还";
        Expire = "expire", "过期";
        Adjust = "adjust", "调整";
        Clawback = "clawback", "追回";
        Donate = "donate", "捐赠";
    }
}

codes! {
    /// The kind of thing for which points move.
    SourceKind {
        Enrolment = "enrolment", "活动报名";
        FirstResidency = "first_residency", "首次报到";
        Redemption = "redemption", "兑换";
        Lot = "lot", "积分批次";
        Transfer = "transfer", "记账";
        Refund = "refund", "积分退回";
        Adjustment = "adjustment", "积分调整";
        Donation = "donation", "积分捐赠";
        Misconduct = "misconduct", "违规处理";
        Hold = "hold", "积分冻结";
        Reward = "reward", "单项奖励";
    }
}

/// The thing for which points move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is.
    pub kind: SourceKind,
    /// Which one.
    pub id: Uuid,
}

/// Who moves points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The member.
    Member(MemberId),
    /// An admin.
    Admin(AdminId),
    /// Somebody in a shop.
    Staff(StaffId),
    /// A job.
    Job,
}

impl Actor {
    /// Who was written down as this kind and person.
    pub fn read(kind: &str, id: Option<Uuid>) -> Option<Self> {
        match (kind, id) {
            ("member", Some(id)) => Some(Self::Member(MemberId::new(id))),
            ("admin", Some(id)) => Some(Self::Admin(AdminId::new(id))),
            ("merchant", Some(id)) => Some(Self::Staff(StaffId::new(id))),
            ("job", None) => Some(Self::Job),
            _ => None,
        }
    }

    /// The kind, as storage and the audit trail spell it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Member(_) => "member",
            Self::Admin(_) => "admin",
            Self::Staff(_) => "merchant",
            Self::Job => "job",
        }
    }

    /// The person, if there is one.
    pub fn id(self) -> Option<Uuid> {
        match self {
            Self::Member(id) => Some(id.uuid()),
            Self::Admin(id) => Some(id.uuid()),
            Self::Staff(id) => Some(id.uuid()),
            Self::Job => None,
        }
    }
}

/// Why, by whom and when something is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// What the member reads beside the entry.
    pub reason: String,
    /// The thing for which points move.
    pub source: Source,
    /// Who moves them.
    pub actor: Actor,
    /// Business time, which decides what has expired.
    pub business_at: Instant,
    /// Wall time.
    pub posted_at: Instant,
}

/// The head of a posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The transfer; its id follows from the event or the key.
    pub id: TransferId,
    /// What it does.
    pub kind: TransferKind,
    /// The transfer that it takes back.
    pub reverses: Option<TransferId>,
    /// Why, by whom and when.
    pub occasion: Occasion,
}

impl Transfer {
    /// Makes the head of a posting. Times are cut to microseconds, so that both databases give back what was hashed.
    pub(super) fn new(
        id: TransferId,
        kind: TransferKind,
        reverses: Option<TransferId>,
        mut occasion: Occasion,
    ) -> Self {
        occasion.business_at = occasion.business_at.trunc_subsecs(6);
        occasion.posted_at = occasion.posted_at.trunc_subsecs(6);
        Self { id, kind, reverses, occasion }
    }
}

/// One leg of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number within the transfer, from 0.
    pub leg: i32,
    /// The account.
    pub account: AccountId,
    /// What comes in; negative, what goes out. The legs of a transfer sum to zero.
    pub amount: i64,
    /// Its place in the account's chain; none on the books' own accounts.
    pub link: Option<Link>,
}

/// An entry's place in its account's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number within the account, from 1, without gaps.
    pub sequence: i64,
    /// The account's balance once it is posted.
    pub balance_after: i64,
    /// The hash of the entry before.
    pub previous_hash: Option<Hash>,
    /// The hash of this entry.
    pub hash: Hash,
}
