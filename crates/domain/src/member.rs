//! Members (在职党员): people on the roster of a home unit.

use sha2::{Digest, Sha256};

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

/// The public number of a new member: eight digits that follow from the id and reveal neither it nor an order.
/// If somebody has the number, the next attempt gives another.
pub fn number(id: MemberId, attempt: u32) -> String {
    let digest = Sha256::new().chain_update(id.uuid().as_bytes()).chain_update(attempt.to_be_bytes()).finalize();
    let drawn = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    format!("PC{:08}", drawn % 100_000_000)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_number_is_drawn_anew_by_each_attempt() {
        let id = MemberId::new(Uuid::from_u128(1));
        let (first, second) = (number(id, 0), number(id, 1));
        assert_eq!((first.len(), &first[..2]), (10, "PC"));
        assert_eq!(first, number(id, 0));
        assert_ne!(first, second);
    }
}
