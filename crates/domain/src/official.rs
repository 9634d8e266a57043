//! Officials (经办人): admins as the decisions see them, who must not decide about themselves.

use crate::id::{AdminId, MemberId};

/// Who acts for an organisation: the account, and the member the same person also is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Official {
    /// The account.
    pub admin: AdminId,
    /// The member who uses it, if the account is linked to one.
    pub member: Option<MemberId>,
}

impl Official {
    /// Whether the member is the same person.
    pub fn is(self, member: MemberId) -> bool {
        self.member == Some(member)
    }

    /// Whether the other account is this one, or another one of the same person.
    pub fn is_person_of(self, other: Self) -> bool {
        self.admin == other.admin || (self.member.is_some() && self.member == other.member)
    }
}
