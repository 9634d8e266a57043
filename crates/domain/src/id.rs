//! Identifiers (编号): a UUID behind a type of its own, so that a member's id cannot stand where an offer's belongs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that is known to name such a thing.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The bare UUID, for storage and for hashing.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

id! {
    /// A node of the organisation tree (组织).
    NodeId,
    /// A member on the roster (在职党员).
    MemberId,
    /// One WeChat user of this mini-program (微信身份).
    IdentityId,
    /// An administrator's account (管理员).
    AdminId,
    /// A grant of one role at one node (授权).
    RoleGrantId,
    /// A sign-in: one refresh-token family (会话).
    SessionId,
    /// An application to be put on the roster (入册申请).
    ApplicationId,
    /// A roster import job (名册导入).
    ImportId,
    /// A residency (报到).
    ResidencyId,
    /// A service activity (志愿服务活动).
    ActivityId,
    /// One session of an activity (场次).
    ActivitySessionId,
    /// A member's enrolment in a session (报名).
    EnrolmentId,
    /// A ledger account (账户).
    AccountId,
    /// A ledger transfer (记账); a UUID v5 of its event or of person, operation and key.
    TransferId,
    /// A lot of points with one expiry (积分批次).
    LotId,
    /// A reservation of points (冻结).
    HoldId,
    /// A manual adjustment of points (积分调整).
    AdjustmentId,
    /// A donation of points (捐赠).
    DonationId,
    /// A single event that the rules reward (单项奖励).
    RewardId,
    /// What stops a member from earning or spending (不参与名单).
    ExclusionId,
    /// A case of misconduct (违规处理).
    MisconductId,
    /// An objection to service in its publicity (异议).
    ObjectionId,
    /// A version of the rulebook (积分规则).
    RulebookId,
    /// A replay of the past under a draft of the rulebook (规则模拟).
    SimulationId,
    /// A merchant (商家).
    MerchantId,
    /// A merchant's store (门店).
    StoreId,
    /// A merchant's staff member (店员).
    StaffId,
    /// An invitation for shop staff (店员邀请).
    InvitationId,
    /// An offer in the mall (优惠).
    OfferId,
    /// A redemption and its voucher (兑换).
    RedemptionId,
    /// A shop's request that a confirmation be undone (核销撤销).
    ReversalId,
    /// A complaint or suggestion (投诉建议).
    ComplaintId,
    /// A notice that points go (到期提醒).
    NoticeId,
    /// An issuance budget (积分发放预算).
    BudgetId,
    /// Something that reconciliation found wrong (账目差异).
    FindingId,
}

/// The person behind a request, whatever account they use; what "same person" and idempotency compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(Uuid);

impl PersonId {
    /// The person whom storage noted down.
    pub const fn from_stored(id: Uuid) -> Self {
        Self(id)
    }

    /// The bare UUID.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<MemberId> for PersonId {
    fn from(id: MemberId) -> Self {
        Self(id.0)
    }
}

impl From<AdminId> for PersonId {
    fn from(id: AdminId) -> Self {
        Self(id.0)
    }
}

impl From<StaffId> for PersonId {
    fn from(id: StaffId) -> Self {
        Self(id.0)
    }
}

impl From<IdentityId> for PersonId {
    fn from(id: IdentityId) -> Self {
        Self(id.0)
    }
}
