//! Members (在职党员): people on the roster of a home unit.

use crate::code::codes;
use crate::id::{MemberId, NodeId};

codes! {
    /// The register a member is kept in (党员台账).
    MemberCategory {
        InService = "in_service", "在职党员";
        Retired = "retired", "离退休党员";
        Floating = "floating", "流动党员";
        Direct = "direct", "直管党员";
    }
}

codes! {
    /// Whether the member is still on the roster.
    MemberState {
        Active = "active", "在册";
        Left = "left", "已离册";
    }
}

/// A member as everybody who deals with them needs it: no phone, no party record.
#[derive(Clone, Debug)]
pub struct Member {
    /// The member.
    pub id: MemberId,
    /// The public member number, which stands in for any identity number.
    pub number: String,
    /// The name.
    pub name: String,
    /// The last four digits of the phone number.
    pub phone_tail: String,
    /// The home unit.
    pub unit: NodeId,
    /// The register.
    pub category: MemberCategory,
    /// Whether still on the roster.
    pub state: MemberState,
}
