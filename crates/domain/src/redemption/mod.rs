//! Redemptions (兑换): points, stock and quota taken together, and a voucher that is confirmed once or gives everything back.

mod close;
mod redeem;
#[cfg(test)]
pub(crate) mod sample;
mod verify;

pub use close::CloseError;
pub use redeem::{RedeemError, Usage, Wish, available, redeem};
pub use verify::VerifyError;

use crate::code::codes;
use crate::id::{MemberId, MerchantId, OfferId, RedemptionId, StaffId, StoreId, TransferId};
use crate::offer::FundingSource;
use crate::time::Instant;

codes! {
    /// Where a redemption stands.
    RedemptionState {
        Issued = "issued", "待使用";
        Verified = "verified", "已核销";
        Settled = "settled", "已结算";
        Cancelled = "cancelled", "已取消";
        Expired = "expired", "已过期";
        Reversed = "reversed", "核销已撤销";
    }
}

impl RedemptionState {
    /// The states in which the points, the piece and the quota are taken.
    pub const COUNTED: [Self; 3] = [Self::Issued, Self::Verified, Self::Settled];
}

/// Who confirmed a voucher (核销), where and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verification {
    /// When.
    pub at: Instant,
    /// Who.
    pub by: StaffId,
    /// Where.
    pub store: StoreId,
}

/// A redemption, with the offer's terms as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// The redemption.
    pub id: RedemptionId,
    /// The offer.
    pub offer: OfferId,
    /// Who honours the voucher.
    pub merchant: MerchantId,
    /// Who redeemed.
    pub member: MemberId,
    /// The offer's headline.
    pub title: String,
    /// The offer's terms.
    pub terms: String,
    /// The points taken.
    pub points: i64,
    /// The value in money, in fen.
    pub face_value_fen: i64,
    /// Who pays.
    pub funding: FundingSource,
    /// Where it stands.
    pub state: RedemptionState,
    /// The transfer that took the points.
    pub transfer: TransferId,
    /// When it was redeemed.
    pub issued_at: Instant,
    /// The first instant at which the voucher is no longer good: a midnight.
    pub expires_at: Instant,
    /// When everything was given back.
    pub closed_at: Option<Instant>,
    /// Who confirmed it.
    pub verification: Option<Verification>,
}

impl Redemption {
    /// Where it stands now: a voucher whose days are over is expired before anybody has closed it.
    pub fn state_at(&self, now: Instant) -> RedemptionState {
        let over = self.state == RedemptionState::Issued && now >= self.expires_at;
        if over { RedemptionState::Expired } else { self.state }
    }
}
