//! Reversals (核销撤销): a shop asks within some hours that its confirmation of a voucher be undone, and an admin, another
//! person, has everything given back to the member.

use chrono::Duration;
use thiserror::Error;

use crate::code::{Code, codes};
use crate::id::{AdminId, MemberId, RedemptionId, ReversalId, StaffId};
use crate::merchant::Staff;
use crate::official::Official;
use crate::points::rulebook::Voucher;
use crate::redemption::{CloseError, Redemption, RedemptionState};
use crate::time::{Instant, spoken};

/// For how many days an admin may answer.
const ANSWERED_WITHIN_DAYS: i64 = 7;

codes! {
    /// Where a reversal stands. That it lapsed follows from the clock and is never stored.
    ReversalState {
        Requested = "requested", "待核准";
        Approved = "approved", "已撤销核销";
        Refused = "refused", "未通过";
        Lapsed = "lapsed", "已逾期";
    }
}

/// A shop's request that a confirmation be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// The request.
    pub id: ReversalId,
    /// The redemption whose voucher was confirmed.
    pub redemption: RedemptionId,
    /// The stored state; see [`Reversal::state_at`].
    pub state: ReversalState,
    /// Why, in the shop's words.
    pub reason: String,
    /// Who asks.
    pub requested_by: StaffId,
    /// When.
    pub requested_at: Instant,
    /// The first instant at which nobody may approve it any more.
    pub lapses_at: Instant,
    /// Who decided, and when.
    pub decided: Option<(AdminId, Instant)>,
    /// Why it was refused, if it was.
    pub refusal: Option<String>,
}

/// Why a confirmation is not undone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReversalError {
    /// There is no confirmation that could be undone.
    #[error("该兑换券当前为“{}”，没有可以撤销的核销", .0.label())]
    NotVerified(RedemptionState),
    /// The rules let nobody ask.
    #[error("按现行积分规则，核销后不能撤销")]
    Never,
    /// The hours are over.
    #[error("核销后 {hours} 小时内可以申请撤销，已于 {} 截止", spoken(*.until))]
    TooLate {
        /// How many there were.
        hours: u32,
        /// Until when.
        until: Instant,
    },
    /// It was decided before.
    #[error("该申请当前为“{}”，不能再办理", .0.label())]
    Decided(ReversalState),
    /// Nobody answered in time.
    #[error("该申请已于 {} 逾期，不能再核准", spoken(*.0))]
    Lapsed(Instant),
    /// Who asked, made somebody ask, or would get the points back, does not decide.
    #[error("不能核准本人提出、由本人邀请的店员提出或退还本人积分的申请，请由其他人办理")]
    SamePerson,
    /// The redemption does not take the step.
    #[error(transparent)]
    Close(#[from] CloseError),
}

/// The persons who must not decide: who asked, if they are a member, who brought them into the shop, and whose voucher it was.
#[derive(Clone, Copy, Debug)]
pub struct Concerned {
    /// The member who the staff member also is.
    pub requester: Option<MemberId>,
    /// The admin who invited the staff member.
    pub inviter: Option<Official>,
    /// The member who redeemed.
    pub holder: MemberId,
}

impl Reversal {
    /// Asks that the confirmation be undone, as long as the rules allow.
    pub fn request(
        id: ReversalId,
        redemption: &Redemption,
        by: &Staff,
        reason: String,
        rules: &Voucher,
        now: Instant,
    ) -> Result<Self, ReversalError> {
        let verification = redemption.verification.filter(|_| redemption.state == RedemptionState::Verified);
        let verification = verification.ok_or_else(|| ReversalError::NotVerified(redemption.state_at(now)))?;
        let hours = rules.reversal_hours;
        if hours == 0 {
            return Err(ReversalError::Never);
        }
        let until = verification.at + Duration::hours(hours.into());
        if now >= until {
            return Err(ReversalError::TooLate { hours, until });
        }
        Ok(Self {
            id,
            redemption: redemption.id,
            state: ReversalState::Requested,
            reason,
            requested_by: by.id,
            requested_at: now,
            lapses_at: now + Duration::days(ANSWERED_WITHIN_DAYS),
            decided: None,
            refusal: None,
        })
    }

    /// Where it stands now.
    pub fn state_at(&self, now: Instant) -> ReversalState {
        let lapsed = self.state == ReversalState::Requested && now >= self.lapses_at;
        if lapsed { ReversalState::Lapsed } else { self.state }
    }

    /// Another person approves: the redemption is closed, and the caller gives everything back.
    pub fn approve(
        &mut self,
        redemption: &mut Redemption,
        by: Official,
        concerned: Concerned,
        now: Instant,
    ) -> Result<(), ReversalError> {
        self.may_be_decided(by, concerned, now)?;
        redemption.reverse(now)?;
        self.state = ReversalState::Approved;
        self.decided = Some((by.admin, now));
        Ok(())
    }

    /// Another person refuses, with the reason.
    pub fn refuse(
        &mut self,
        by: Official,
        concerned: Concerned,
        reason: String,
        now: Instant,
    ) -> Result<(), ReversalError> {
        self.may_be_decided(by, concerned, now)?;
        self.state = ReversalState::Refused;
        self.decided = Some((by.admin, now));
        self.refusal = Some(reason);
        Ok(())
    }

    fn may_be_decided(&self, by: Official, concerned: Concerned, now: Instant) -> Result<(), ReversalError> {
        match self.state_at(now) {
            ReversalState::Requested => {}
            ReversalState::Lapsed => return Err(ReversalError::Lapsed(self.lapses_at)),
            decided => return Err(ReversalError::Decided(decided)),
        }
        let asked = concerned.requester.is_some_and(|requester| by.is(requester))
            || concerned.inviter.is_some_and(|inviter| by.is_same_person(inviter));
        if asked || by.is(concerned.holder) { Err(ReversalError::SamePerson) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::redemption::sample::{Case, staff};

    fn member(number: u128) -> MemberId {
        MemberId::new(Uuid::from_u128(number))
    }

    fn official(member: Option<MemberId>) -> Official {
        Official { admin: AdminId::new(Uuid::from_u128(5)), member }
    }

    fn verified() -> (Redemption, Instant) {
        let mut case = Case::new(80);
        let (mut redemption, _) = case.redeem().expect("a redemption");
        redemption.verify(&staff(), case.now).expect("verified");
        (redemption, case.now)
    }

    fn request(redemption: &Redemption, hours: u32, now: Instant) -> Result<Reversal, ReversalError> {
        let rules = Voucher { reversal_hours: hours, ..Voucher::default() };
        Reversal::request(ReversalId::new(Uuid::from_u128(9)), redemption, &staff(), "扫错了券".into(), &rules, now)
    }

    fn concerned(redemption: &Redemption) -> Concerned {
        let inviter = Official { admin: AdminId::new(Uuid::from_u128(6)), member: Some(member(71)) };
        Concerned { requester: Some(member(70)), inviter: Some(inviter), holder: redemption.member }
    }

    #[test]
    fn a_confirmation_can_be_undone_for_as_many_hours_as_the_rules_say() {
        let (redemption, at) = verified();
        let until = at + Duration::hours(24);
        assert!(request(&redemption, 24, until - Duration::microseconds(1)).is_ok());
        assert_eq!(request(&redemption, 24, until), Err(ReversalError::TooLate { hours: 24, until }));
        assert_eq!(request(&redemption, 0, at), Err(ReversalError::Never));
        for state in [RedemptionState::Issued, RedemptionState::Settled, RedemptionState::Reversed] {
            let other = Redemption { state, ..redemption.clone() };
            assert_eq!(request(&other, 24, at), Err(ReversalError::NotVerified(state)));
        }
    }

    #[test]
    fn another_person_approves_once_and_in_time() {
        let (mut redemption, at) = verified();
        let mut reversal = request(&redemption, 24, at).expect("a request");
        for same in [member(70), member(71), redemption.member] {
            let who = concerned(&redemption);
            let own = reversal.approve(&mut redemption, official(Some(same)), who, at);
            assert_eq!(own, Err(ReversalError::SamePerson));
        }
        let (who, lapses_at) = (concerned(&redemption), reversal.lapses_at);
        let late = reversal.clone().approve(&mut redemption, official(None), who, lapses_at);
        assert_eq!(late, Err(ReversalError::Lapsed(lapses_at)));
        assert_eq!(reversal.state_at(lapses_at), ReversalState::Lapsed);
        assert_eq!(reversal.approve(&mut redemption, official(None), who, at), Ok(()));
        assert_eq!((redemption.state, redemption.closed_at), (RedemptionState::Reversed, Some(at)));
        let again = reversal.approve(&mut redemption, official(None), who, at);
        assert_eq!(again, Err(ReversalError::Decided(ReversalState::Approved)));
        assert_eq!(reversal.state_at(lapses_at), ReversalState::Approved);
    }

    #[test]
    fn a_refusal_leaves_the_voucher_confirmed() {
        let (redemption, at) = verified();
        let mut reversal = request(&redemption, 24, at).expect("a request");
        let who = concerned(&redemption);
        assert_eq!(reversal.refuse(official(None), who, "顾客已取餐".into(), at), Ok(()));
        assert_eq!((reversal.state, reversal.refusal.as_deref()), (ReversalState::Refused, Some("顾客已取餐")));
        let again = reversal.refuse(official(None), who, "x".into(), at);
        assert_eq!(again, Err(ReversalError::Decided(ReversalState::Refused)));
    }
}
