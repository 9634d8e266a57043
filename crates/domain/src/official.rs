//! Officials (经办人): admins as the decisions see them, who must not decide about themselves.

use crate::id::{AdminId, MemberId, NodeId};
use crate::time::Instant;

/// Who took a step, for which organisation, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who.
    pub by: Official,
    /// The organisation whose authority they used.
    pub node: NodeId,
    /// When.
    pub at: Instant,
}

/// Who acts for an organisation: the account, and the member the same person also is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Official {
    /// The account.
    pub admin: AdminId,
    /// The member who uses it, if the account is linked to one.
    pub member: Option<MemberId>,
}

impl Official {
    /// An account that no member uses.
    pub fn unlinked(admin: AdminId) -> Self {
        Self { admin, member: None }
    }

    /// Whether the member is the same person.
    pub fn is(self, member: MemberId) -> bool {
        self.member == Some(member)
    }

    /// Whether the other account is used by the same person.
    pub fn is_same_person(self, other: Self) -> bool {
        self.admin == other.admin || (self.member.is_some() && self.member == other.member)
    }
}
