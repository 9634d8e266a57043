//! Points for stories that are not about how they were earned.

use api::state::App;
use domain::id::{HoldId, LotId, MemberId, TransferId};
use domain::points::{
    Actor, Grant, Hold, HoldPurpose, Occasion, Rulebook, Service, Source, SourceKind, clawback, credit,
    credit_for_service, spend,
};
use domain::service::{Evaluation, ServiceKind};
use domain::time::Instant;
use storage::earn_events::{self, EarnEvent};
use storage::{WriteTx, holds, purses, rulebooks, transfers};
use uuid::Uuid;

use crate::app::TestApp;
use crate::world;

impl TestApp {
    /// Credits general service of a member of the world, well done, under the rules in force.
    pub async fn credit_service(&self, name: &str, minutes: i64, served_at: Instant) -> TransferId {
        earn(&self.state, self.world.member(name), Uuid::now_v7(), minutes, served_at).await.expect("a credit")
    }

    /// So many further members who never served.
    pub async fn newcomers_to_service(&self, count: u32) -> Vec<MemberId> {
        let unit = self.world.node("health");
        let mut tx = self.state.database.write().await.expect("a transaction");
        let mut members = Vec::new();
        for number in 1..=count {
            let phone = format!("1360000{number:04}");
            members.push(world::member(&self.state, &mut tx, 2000 + number, "党员", &phone, unit).await);
        }
        tx.commit().await.expect("kept");
        members
    }

    /// So many further members, each with the points of one hour of service.
    pub async fn crowd(&self, count: u32) -> Vec<MemberId> {
        let (now, members) = (self.state.clock.business(), self.newcomers_to_service(count).await);
        let mut tx = self.state.database.write().await.expect("a transaction");
        for member in &members {
            let served = Served { member: *member, event: Uuid::now_v7(), minutes: 60, at: now };
            put_in(&mut tx, served, now).await.expect("a credit");
        }
        tx.commit().await.expect("kept");
        members
    }

    /// Changes the rules in force behind the application's back.
    pub async fn change_rules(&self, change: impl FnOnce(&mut Rulebook)) {
        let now = self.state.clock.business();
        let mut rules = rulebooks::in_force(&self.state.database.read(), now).await.expect("the rules").rules;
        change(&mut rules);
        let body = serde_json::to_string(&rules).expect("JSON");
        // Approved rules never change; the schema is told to look away.
        let (away, back) = if self.database_url.starts_with("postgres") {
            ("ALTER TABLE rulebook DISABLE TRIGGER rulebook_kept", "ALTER TABLE rulebook ENABLE TRIGGER rulebook_kept")
        } else {
            ("DROP TRIGGER IF EXISTS rulebook_kept_UPDATE", "SELECT 1")
        };
        self.tamper(away).await;
        self.tamper(&format!("UPDATE rulebook SET body = '{body}'")).await;
        self.tamper(back).await;
    }

    /// Claws back points of a credit of a member of the world.
    pub async fn claw_back(&self, name: &str, earned: TransferId, amount: i64) {
        let (member, now) = (self.world.member(name), self.state.clock.business());
        let mut tx = self.state.database.write().await.expect("a transaction");
        let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
        let source = Source { kind: SourceKind::Transfer, id: earned.uuid() };
        let posting = clawback(&mut purse, occasion("虚假打卡", source, now), earned, amount).expect("a clawback");
        transfers::post(&mut tx, &posting).await.expect("a posting");
        tx.commit().await.expect("kept");
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

/// Credits general service, well done, under the rules in force. Conflicts if the same event was credited before.
pub async fn earn(
    app: &App,
    member: MemberId,
    event: Uuid,
    minutes: i64,
    served_at: Instant,
) -> storage::Result<TransferId> {
    let mut tx = app.database.write().await?;
    let id = put_in(&mut tx, Served { member, event, minutes, at: served_at }, app.clock.business()).await?;
    tx.commit().await?;
    Ok(id)
}

/// General service, well done.
struct Served {
    member: MemberId,
    event: Uuid,
    minutes: i64,
    at: Instant,
}

async fn put_in(tx: &mut WriteTx, served: Served, now: Instant) -> storage::Result<TransferId> {
    let Served { member, event, minutes, at } = served;
    let source = Source { kind: SourceKind::Enrolment, id: event };
    let id = TransferId::of_earning(source.kind, source.id, member);
    let rulebook = rulebooks::in_force(tx, at).await?;
    let mut purse = purses::lock_accounts(tx, member).await?;
    let earned = earn_events::earned(tx, member, at).await?;
    let (kind, evaluation) = (ServiceKind::General, Evaluation::B);
    let (starts_at, own_duty, excluded) = (at, false, false);
    let service =
        Service { timed_minutes: minutes, made_up_minutes: 0, kind, evaluation, starts_at, own_duty, excluded };
    let decision = credit_for_service(&rulebook.rules, &service, earned);
    let grant = Grant { lot: LotId::new(Uuid::now_v7()), expires_at: rulebook.rules.expires_at(now) };
    let why = occasion("参加活动：清扫小区", source, now);
    let credited = credit(&mut purse, id, why, decision.points, grant).expect("points to credit");
    transfers::post(tx, &credited.posting).await?;
    let (rulebook, debt_paid) = (rulebook.id, credited.debt_paid);
    let event = EarnEvent { member, source, transfer: Some(id), rulebook, decision, debt_paid, business_at: at };
    earn_events::insert(tx, &event).await?;
    Ok(id)
}

/// Why an adjustment moves points.
pub fn adjusting(now: Instant) -> Occasion {
    occasion("更正", Source { kind: SourceKind::Adjustment, id: Uuid::now_v7() }, now)
}

fn occasion(reason: &str, source: Source, now: Instant) -> Occasion {
    Occasion { reason: reason.into(), source, actor: Actor::Job, business_at: now, posted_at: now }
}
