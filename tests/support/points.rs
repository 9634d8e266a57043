//! Points for stories that are not about how they were earned.

use domain::id::{HoldId, LotId, TransferId};
use domain::points::{
    Actor, Grant, Hold, HoldPurpose, Occasion, Service, Source, SourceKind, credit, credit_for_service, spend,
};
use domain::service::{Evaluation, ServiceKind};
use domain::time::Instant;
use storage::earn_events::{self, EarnEvent};
use storage::{holds, purses, rulebooks, transfers};
use uuid::Uuid;

use crate::app::TestApp;

impl TestApp {
    /// Credits general service of a member of the world, well done, under the rules in force.
    pub async fn credit_service(&self, name: &str, minutes: i64, served_at: Instant) -> TransferId {
        let (member, now) = (self.world.member(name), self.state.clock.business());
        let source = Source { kind: SourceKind::Enrolment, id: Uuid::now_v7() };
        let id = TransferId::of_earning(source.kind, source.id, member);
        let mut tx = self.state.database.write().await.expect("a transaction");
        let rulebook = rulebooks::in_force(&tx, served_at).await.expect("the rules");
        let mut purse = purses::lock_accounts(&mut tx, member).await.expect("the purse");
        let earned = earn_events::earned(&tx, member, served_at).await.expect("what was earned");
        let (kind, evaluation) = (ServiceKind::General, Evaluation::B);
        let service = Service { timed_minutes: minutes, made_up_minutes: 0, kind, evaluation };
        let decision = credit_for_service(&rulebook.rules, &service, earned);
        let grant = Grant { lot: LotId::new(Uuid::now_v7()), expires_at: rulebook.rules.expires_at(now) };
        let why = occasion("参加活动：清扫小区", source, now);
        let credited = credit(&mut purse, id, why, decision.points, grant).expect("a credit");
        transfers::post(&mut tx, &credited.posting).await.expect("a posting");
        let (rulebook, debt_paid) = (rulebook.id, credited.debt_paid);
        let transfer = Some(id);
        let event = EarnEvent { member, source, transfer, rulebook, decision, debt_paid, business_at: served_at };
        earn_events::insert(&mut tx, &event).await.expect("an event");
        tx.commit().await.expect("kept");
        id
    }

    /// Takes points out of a member's purse, as a redemption would.
    pub async fn spend_points(&self, name: &str, amount: i64) -> TransferId {
        let (member, now) = (self.world.member(name), self.state.clock.business());
        let mut tx = self.state.database.write().await.expect("a transaction");
        let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
        let source = Source { kind: SourceKind::Redemption, id: Uuid::now_v7() };
        let id = TransferId::of_key(member.into(), "redeem_offer", &source.id.to_string());
        let posting = spend(&mut purse, id, occasion("兑换：理发券", source, now), amount).expect("enough points");
        transfers::post(&mut tx, &posting).await.expect("a posting");
        tx.commit().await.expect("kept");
        id
    }

    /// Reserves points of a member for so many days.
    pub async fn hold_points(&self, name: &str, amount: i64, days: i64) -> HoldId {
        let (member, now) = (self.world.member(name), self.state.clock.business());
        let mut tx = self.state.database.write().await.expect("a transaction");
        let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
        let (id, ends) = (HoldId::new(Uuid::now_v7()), now + chrono::Duration::days(days));
        let hold = Hold::place(&mut purse, id, HoldPurpose::Adjustment, amount, now, ends).expect("enough points");
        holds::place(&mut tx, &hold).await.expect("a hold");
        tx.commit().await.expect("kept");
        id
    }
}

/// Why an adjustment moves points.
pub fn adjusting(now: Instant) -> Occasion {
    occasion("更正", Source { kind: SourceKind::Adjustment, id: Uuid::now_v7() }, now)
}

fn occasion(reason: &str, source: Source, now: Instant) -> Occasion {
    Occasion { reason: reason.into(), source, actor: Actor::Job, business_at: now, posted_at: now }
}
