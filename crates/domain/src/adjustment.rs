//! Adjustments (积分调整): points put right by hand, proposed by one person and decided by another.

use chrono::Duration;
use thiserror::Error;

use crate::code::{Code, codes};
use crate::id::{AdjustmentId, HoldId, LotId, MemberId, TransferId};
use crate::official::Step;
use crate::organisation::NodeKind;
use crate::points::{
    self, Actor, AdjustError, Grant, Hold, HoldError, HoldPurpose, Occasion, Posting, Purse, Rulebook, Source,
    SourceKind,
};
use crate::time::{Instant, spoken};

codes! {
    /// Where an adjustment stands.
    AdjustmentState {
        Proposed = "proposed", "待核准";
        Approved = "approved", "已核准";
        Refused = "refused", "未通过";
        Lapsed = "lapsed", "逾期作废";
    }
}

/// The most that one adjustment may move: more than any member can earn in three years.
pub const MOST: i64 = 10_000;

/// How long a proposal waits for an answer.
pub const ANSWERED_WITHIN: Duration = Duration::days(14);

/// An adjustment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// The adjustment.
    pub id: AdjustmentId,
    /// Whose points.
    pub member: MemberId,
    /// What comes in; negative, what goes out.
    pub amount: i64,
    /// Why; the member reads it.
    pub reason: String,
    /// Where it stands.
    pub state: AdjustmentState,
    /// Who proposed it.
    pub proposed: Step,
    /// The first instant at which it can no longer be decided.
    pub lapses_at: Instant,
    /// Who approved or refused it.
    pub decided: Option<Step>,
    /// Why it was refused.
    pub refusal: Option<String>,
    /// What reserves the points that are to go.
    pub hold: Option<HoldId>,
    /// What posted it.
    pub transfer: Option<TransferId>,
}

/// What somebody proposes.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Whose points.
    pub member: MemberId,
    /// What comes in; negative, what goes out.
    pub amount: i64,
    /// Why.
    pub reason: String,
}

/// Why an adjustment is not proposed, decided or posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AdjustmentError {
    /// It would change nothing.
    #[error("调整的积分不能为 0")]
    Zero,
    /// It would move more than one may.
    #[error("一次最多调整 {MOST} 分")]
    TooLarge,
    /// Nobody puts their own points right, and nobody decides about their own proposal.
    #[error("不能调整本人的积分，也不能核准本人提出的调整，请由其他人办理")]
    SamePerson,
    /// It was decided before.
    #[error("该调整{}，不能再办理", .0.label())]
    Decided(AdjustmentState),
    /// Nobody decided in time.
    #[error("该调整已于 {} 逾期作废", spoken(*.0))]
    Lapsed(Instant),
    /// It still waits.
    #[error("该调整至 {} 才逾期", spoken(*.0))]
    NotDue(Instant),
    /// The points are not to be had.
    #[error(transparent)]
    Hold(#[from] HoldError),
    /// The points cannot be put in.
    #[error(transparent)]
    Adjust(#[from] AdjustError),
}

impl Adjustment {
    /// Proposes an adjustment. What is to go is reserved at once, so that it is still there when another person agrees.
    pub fn propose(id: AdjustmentId, proposal: Proposal, step: Step) -> Result<Self, AdjustmentError> {
        let Proposal { member, amount, reason } = proposal;
        if amount == 0 {
            return Err(AdjustmentError::Zero);
        }
        if amount.unsigned_abs() > MOST.unsigned_abs() {
            return Err(AdjustmentError::TooLarge);
        }
        if step.by.is(member) {
            return Err(AdjustmentError::SamePerson);
        }
        Ok(Self {
            id,
            member,
            amount,
            reason,
            state: AdjustmentState::Proposed,
            proposed: step,
            lapses_at: step.at + ANSWERED_WITHIN,
            decided: None,
            refusal: None,
            hold: None,
            transfer: None,
        })
    }

    /// Reserves what is to go; nothing if points are to come.
    pub fn reserve(&mut self, purse: &mut Purse, id: HoldId) -> Result<Option<Hold>, AdjustmentError> {
        if self.amount > 0 {
            return Ok(None);
        }
        let now = self.proposed.at;
        let hold = Hold::place(purse, id, HoldPurpose::Adjustment, -self.amount, now, self.lapses_at)?;
        self.hold = Some(id);
        Ok(Some(hold))
    }

    /// Where it stands now: what nobody decided in time has lapsed before any job says so.
    pub fn state_at(&self, now: Instant) -> AdjustmentState {
        let over = self.state == AdjustmentState::Proposed && now >= self.lapses_at;
        if over { AdjustmentState::Lapsed } else { self.state }
    }

    /// Another person agrees, and the points move: out of the hold, or into a lot that lasts as the rules say.
    pub fn approve(
        &mut self,
        purse: &mut Purse,
        hold: Option<&mut Hold>,
        (rules, lot): (&Rulebook, LotId),
        step: Step,
        posted_at: Instant,
    ) -> Result<Posting, AdjustmentError> {
        self.may_be_decided(step)?;
        let transfer = TransferId::of_adjustment(self.id);
        let occasion = Occasion {
            reason: self.reason.clone(),
            source: Source { kind: SourceKind::Adjustment, id: self.id.uuid() },
            actor: Actor::Admin(step.by.admin),
            business_at: step.at,
            posted_at,
        };
        let posting = match hold {
            Some(hold) => hold.post(purse, transfer, occasion, -self.amount)?,
            None => {
                let grant = Grant { lot, expires_at: rules.expires_at(step.at) };
                points::adjust(purse, transfer, occasion, self.amount, grant)?
            }
        };
        self.state = AdjustmentState::Approved;
        self.decided = Some(step);
        self.transfer = Some(transfer);
        Ok(posting)
    }

    /// Another person says no, and what was reserved is free again.
    pub fn refuse(
        &mut self,
        purse: &mut Purse,
        hold: Option<&mut Hold>,
        step: Step,
        reason: String,
    ) -> Result<(), AdjustmentError> {
        self.may_be_decided(step)?;
        if let Some(hold) = hold {
            hold.void(purse)?;
        }
        self.state = AdjustmentState::Refused;
        self.decided = Some(step);
        self.refusal = Some(reason);
        Ok(())
    }

    /// Nobody decided in time. Its hold expires by itself.
    pub fn lapse(&mut self, now: Instant) -> Result<(), AdjustmentError> {
        if self.state != AdjustmentState::Proposed {
            return Err(AdjustmentError::Decided(self.state));
        }
        if now < self.lapses_at {
            return Err(AdjustmentError::NotDue(self.lapses_at));
        }
        self.state = AdjustmentState::Lapsed;
        Ok(())
    }

    fn may_be_decided(&self, step: Step) -> Result<(), AdjustmentError> {
        match self.state_at(step.at) {
            AdjustmentState::Proposed => {}
            AdjustmentState::Lapsed => return Err(AdjustmentError::Lapsed(self.lapses_at)),
            decided => return Err(AdjustmentError::Decided(decided)),
        }
        if step.by.is(self.member) || step.by.is_same_person(self.proposed.by) {
            return Err(AdjustmentError::SamePerson);
        }
        Ok(())
    }
}

/// At which levels an adjustment was proposed and approved; people are not named to the member.
pub fn decided_at_levels(proposer: (NodeKind, &str), approver: (NodeKind, &str)) -> String {
    let level = |(kind, name): (NodeKind, &str)| format!("{}“{name}”", kind.label());
    format!("{}提出，{}核准", level(proposer), level(approver))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{AccountId, AdminId, NodeId};
    use crate::official::Official;
    use crate::points::{Account, Lot};

    const NOW: Instant = Instant::UNIX_EPOCH;

    fn member(number: u128) -> MemberId {
        MemberId::new(Uuid::from_u128(number))
    }

    fn step(admin: u128, also: Option<MemberId>, at: Instant) -> Step {
        let by = Official { admin: AdminId::new(Uuid::from_u128(admin)), member: also };
        Step { by, node: NodeId::new(Uuid::from_u128(1)), at }
    }

    fn proposal(amount: i64) -> Proposal {
        Proposal { member: member(1), amount, reason: "补记".into() }
    }

    fn propose(amount: i64) -> Result<Adjustment, AdjustmentError> {
        Adjustment::propose(AdjustmentId::new(Uuid::from_u128(9)), proposal(amount), step(1, Some(member(2)), NOW))
    }

    fn purse(points: i64) -> Purse {
        let account = |id, balance| Account { id, balance, held: 0, sequence: 0, last_hash: None, frozen: false };
        let lot = Lot { id: LotId::new(Uuid::from_u128(5)), granted: points, remaining: points, expires_at: None };
        let (points_id, debt) = (AccountId::points_of(member(1)), AccountId::debt_of(member(1)));
        Purse::new(member(1), account(points_id, points), account(debt, 0), vec![lot], points, 0)
    }

    fn approve(
        adjustment: &mut Adjustment,
        purse: &mut Purse,
        hold: Option<&mut Hold>,
        step: Step,
    ) -> Result<Posting, AdjustmentError> {
        let rules = (&Rulebook::default_rules(), LotId::new(Uuid::from_u128(6)));
        adjustment.approve(purse, hold, rules, step, NOW)
    }

    #[test]
    fn nonsense_and_own_points_are_refused() {
        assert_eq!(propose(0), Err(AdjustmentError::Zero));
        for amount in [MOST + 1, -MOST - 1, i64::MAX, i64::MIN] {
            assert_eq!(propose(amount), Err(AdjustmentError::TooLarge));
        }
        let id = AdjustmentId::new(Uuid::from_u128(9));
        let own = Adjustment::propose(id, proposal(5), step(1, Some(member(1)), NOW));
        assert_eq!(own, Err(AdjustmentError::SamePerson));
    }

    #[test]
    fn another_person_decides_whatever_account_they_use() {
        let mut adjustment = propose(5).expect("proposed");
        let mut purse = purse(10);
        for same in [step(1, None, NOW), step(2, Some(member(2)), NOW), step(3, Some(member(1)), NOW)] {
            assert_eq!(approve(&mut adjustment, &mut purse, None, same), Err(AdjustmentError::SamePerson));
            let refused = adjustment.refuse(&mut purse, None, same, "不".into());
            assert_eq!(refused, Err(AdjustmentError::SamePerson));
        }
        let posting = approve(&mut adjustment, &mut purse, None, step(2, None, NOW)).expect("approved");
        assert_eq!((purse.balance(), posting.id()), (15, TransferId::of_adjustment(adjustment.id)));
        let again = approve(&mut adjustment, &mut purse, None, step(3, None, NOW));
        assert_eq!(again, Err(AdjustmentError::Decided(AdjustmentState::Approved)));
        assert_eq!(adjustment.lapse(adjustment.lapses_at), Err(AdjustmentError::Decided(AdjustmentState::Approved)));
    }

    #[test]
    fn what_is_to_go_is_reserved_and_then_taken_or_freed() {
        let mut poor = purse(4);
        let refused = propose(-5).expect("proposed").reserve(&mut poor, HoldId::new(Uuid::from_u128(7)));
        assert_eq!(refused, Err(HoldError::Insufficient { available: 4, needed: 5 }.into()));
        let mut adjustment = propose(-5).expect("proposed");
        let mut purse = purse(8);
        let mut hold = adjustment.reserve(&mut purse, HoldId::new(Uuid::from_u128(7))).expect("held").expect("a hold");
        assert_eq!((purse.available(NOW), adjustment.hold), (3, Some(hold.id)));

        let (mut refused, mut freed, mut void) = (adjustment.clone(), purse.clone(), hold.clone());
        refused.refuse(&mut freed, Some(&mut void), step(2, None, NOW), "理由不足".into()).expect("refused");
        assert_eq!((freed.available(NOW), refused.state), (8, AdjustmentState::Refused));

        approve(&mut adjustment, &mut purse, Some(&mut hold), step(2, None, NOW)).expect("approved");
        assert_eq!((purse.balance(), purse.available(NOW)), (3, 3));
    }

    #[test]
    fn an_unanswered_proposal_lapses() {
        let mut adjustment = propose(5).expect("proposed");
        let over = adjustment.lapses_at;
        assert_eq!(over, NOW + Duration::days(14));
        let before = over - Duration::microseconds(1);
        assert_eq!(adjustment.lapse(before), Err(AdjustmentError::NotDue(over)));
        let late = approve(&mut adjustment, &mut purse(1), None, step(2, None, over));
        assert_eq!(late, Err(AdjustmentError::Lapsed(over)));
        assert_eq!(
            (adjustment.state_at(before), adjustment.state_at(over)),
            (AdjustmentState::Proposed, AdjustmentState::Lapsed)
        );
        adjustment.lapse(over).expect("lapsed");
    }

    #[test]
    fn levels_are_named_and_people_are_not() {
        let said = decided_at_levels((NodeKind::Community, "文源社区"), (NodeKind::Subdistrict, "水泊寺街道"));
        assert_eq!(said, "社区党委“文源社区”提出，街道党工委“水泊寺街道”核准");
    }
}
