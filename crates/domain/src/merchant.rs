//! Merchants (商家), their stores (门店), and the staff (店员) who confirm vouchers.

use chrono::Duration;
use thiserror::Error;

use crate::code::codes;
use crate::id::{InvitationId, MerchantId, NodeId, StaffId, StoreId};
use crate::time::Instant;
use crate::typed_code::TypedCode;

/// How long an invitation waits for its staff member.
pub const INVITATION_LIFETIME: Duration = Duration::days(7);

codes! {
    /// What a merchant or an offer is about.
    MerchantCategory {
        Food = "food", "餐饮";
        Retail = "retail", "零售";
        Health = "health", "健康";
        Culture = "culture", "文化";
        Sport = "sport", "体育";
        Housekeeping = "housekeeping", "家政";
        Beauty = "beauty", "美容美发";
        Education = "education", "教育";
        Other = "other", "其他";
    }
}

codes! {
    /// Whether a merchant takes part.
    MerchantState {
        Active = "active", "合作中";
        Suspended = "suspended", "暂停合作";
        Left = "left", "已退出";
    }
}

codes! {
    /// Whether a store is open for business.
    StoreState {
        Open = "open", "营业中";
        Closed = "closed", "已停业";
    }
}

/// A merchant who makes offers to members.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// The merchant.
    pub id: MerchantId,
    /// The organisation that looks after it.
    pub node: NodeId,
    /// Its name, unlike any other's.
    pub name: String,
    /// What it deals in.
    pub category: MerchantCategory,
    /// A few sentences for members.
    pub introduction: String,
    /// Whether it takes part.
    pub state: MerchantState,
    /// The home unit that regulates it, whose members may not redeem here.
    pub regulator: Option<NodeId>,
}

/// A place where vouchers are honoured.
#[derive(Clone, Debug)]
pub struct Store {
    /// The store.
    pub id: StoreId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Its name, unlike any other's of the merchant.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// The number to call.
    pub phone: String,
    /// When it is open, in words.
    pub opening_hours: String,
    /// Whether it is open for business.
    pub state: StoreState,
}

/// Somebody who confirms vouchers in a store.
#[derive(Clone, Debug)]
pub struct Staff {
    /// The staff member.
    pub id: StaffId,
    /// Whose vouchers they may confirm.
    pub merchant: MerchantId,
    /// The store they work in.
    pub store: StoreId,
    /// Their name, as the invitation gave it.
    pub name: String,
}

/// An invitation (店员邀请) to work in a store, opened once by a code.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The invitation.
    pub id: InvitationId,
    /// For whom the staff member will confirm vouchers.
    pub merchant: MerchantId,
    /// The store.
    pub store: StoreId,
    /// The name of the one invited.
    pub name: String,
    /// Until when it may be accepted.
    pub expires_at: Instant,
    /// Who accepted it.
    pub accepted_by: Option<StaffId>,
}

/// Why an invitation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvitationError {
    /// Somebody accepted it before.
    #[error("邀请码已被使用，请让商家重新邀请")]
    Used,
    /// Nobody accepted it in time.
    #[error("邀请码已过期，请让商家重新邀请")]
    Expired,
    /// The merchant no longer takes part.
    #[error("该商家已不在合作中")]
    MerchantNotActive,
}

/// What storage keeps of an invitation's code, and looks it up by.
pub fn invitation_code_hash(key: &[u8; 32], code: &TypedCode) -> [u8; 32] {
    code.lookup_hash(key, "staff invitation")
}

impl Invitation {
    /// Accepts the invitation: its bearer joins the store's staff.
    pub fn accept(&mut self, merchant: &Merchant, id: StaffId, now: Instant) -> Result<Staff, InvitationError> {
        if self.accepted_by.is_some() {
            return Err(InvitationError::Used);
        }
        if now >= self.expires_at {
            return Err(InvitationError::Expired);
        }
        if merchant.state != MerchantState::Active {
            return Err(InvitationError::MerchantNotActive);
        }
        self.accepted_by = Some(id);
        Ok(Staff { id, merchant: self.merchant, store: self.store, name: self.name.clone() })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn merchant() -> Merchant {
        Merchant {
            id: MerchantId::new(Uuid::from_u128(1)),
            node: NodeId::new(Uuid::from_u128(2)),
            name: "德胜面馆".into(),
            category: MerchantCategory::Food,
            introduction: "刀削面".into(),
            state: MerchantState::Active,
            regulator: None,
        }
    }

    fn invitation() -> Invitation {
        Invitation {
            id: InvitationId::new(Uuid::from_u128(3)),
            merchant: merchant().id,
            store: StoreId::new(Uuid::from_u128(4)),
            name: "王芳".into(),
            expires_at: Instant::UNIX_EPOCH + INVITATION_LIFETIME,
            accepted_by: None,
        }
    }

    #[test]
    fn an_invitation_opens_once_and_in_time() {
        let staff = StaffId::new(Uuid::from_u128(5));
        let last = Instant::UNIX_EPOCH + INVITATION_LIFETIME - Duration::microseconds(1);
        let mut first = invitation();
        assert_eq!(first.accept(&merchant(), staff, last).map(|s| s.name), Ok("王芳".into()));
        assert_eq!(first.accept(&merchant(), staff, last).map(|s| s.id), Err(InvitationError::Used));

        let late = Instant::UNIX_EPOCH + INVITATION_LIFETIME;
        assert_eq!(invitation().accept(&merchant(), staff, late).map(|s| s.id), Err(InvitationError::Expired));

        let gone = Merchant { state: MerchantState::Suspended, ..merchant() };
        let refused = invitation().accept(&gone, staff, last).map(|s| s.id);
        assert_eq!(refused, Err(InvitationError::MerchantNotActive));
    }
}
