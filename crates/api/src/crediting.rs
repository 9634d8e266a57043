//! Crediting (入账): what the rulebook gives becomes a transfer, its event for ever, and the minutes of the service.

use domain::activity::{Activity, Session};
use domain::code::Code;
use domain::enrolment::Enrolment;
use domain::id::{LotId, TransferId};
use domain::official::Step;
use domain::points::{
    Actor, CreditDecision, Grant, Occasion, Purse, RewardedEvent, Service, Source, SourceKind, credit,
    credit_for_event, credit_for_service,
};
use domain::residency::Residency;
use domain::reward::Reward;
use domain::time::Instant;
use storage::earn_events::{self, EarnEvent};
use storage::rulebooks::{self, RulebookVersion};
use storage::service_records::{self, ServiceRecord};
use storage::{purses, transfers};
use uuid::Uuid;

use crate::error::{ApiError, ApiResult};
use crate::use_case::Work;

/// Credits the first time that a community accepted the member, by the rules that hold at the place. The event is the
/// member, so it happens once.
pub async fn credit_first_residency(work: &mut Work, residency: &Residency, actor: Actor) -> ApiResult<()> {
    let member = residency.member;
    let rulebook = rulebooks::in_force_at(&work.tx, residency.estate, work.now).await?;
    let purse = purses::lock_accounts(&mut work.tx, member).await?;
    let earned = earn_events::earned(&work.tx, member, work.now).await?;
    let decision = credit_for_event(&rulebook.rules, RewardedEvent::FirstResidency, 0, earned);
    let source = Source { kind: SourceKind::FirstResidency, id: member.uuid() };
    let event = Event { source, actor, reason: "首次报到".into(), earned_at: work.now };
    post(work, purse, &rulebook, decision, event).await
}

/// Credits the service of an enrolment whose publicity is over, by the rules that held when and where it was served. The
/// event is the enrolment, so it happens once. Lock the enrolment first.
pub async fn credit_enrolment(
    work: &mut Work,
    enrolment: &Enrolment,
    activity: &Activity,
    session: &Session,
) -> ApiResult<()> {
    let member = enrolment.member;
    let missing = || ApiError::internal(format!("enrolment {} has no confirmed minutes", enrolment.id));
    let confirmation = enrolment.confirmation.ok_or_else(missing)?;
    let timed_minutes = enrolment.timed_minutes.ok_or_else(missing)?;
    let made_up_minutes = enrolment.made_up.as_ref().map_or(0, |made_up| made_up.minutes);
    let served_at = session.starts_at;
    let rulebook = rulebooks::in_force_at(&work.tx, activity.node, served_at).await?;
    let purse = purses::lock_accounts(&mut work.tx, member).await?;
    let earned = earn_events::earned(&work.tx, member, served_at).await?;
    let service = Service {
        timed_minutes,
        made_up_minutes,
        kind: activity.kind,
        evaluation: confirmation.evaluation,
        starts_at: served_at,
    };
    let decision = credit_for_service(&rulebook.rules, &service, earned);
    let source = Source { kind: SourceKind::Enrolment, id: enrolment.id.uuid() };
    let reason = format!("参加活动：{}", activity.title);
    let event = Event { source, actor: Actor::Job, reason, earned_at: served_at };
    post(work, purse, &rulebook, decision, event).await?;
    let record = ServiceRecord {
        id: Uuid::now_v7(),
        member,
        source,
        timed_minutes,
        made_up_minutes,
        nature: activity.nature,
        served_at,
        verified_at: work.now,
    };
    Ok(service_records::insert(&mut work.tx, &record).await?)
}

/// Credits an event that two persons put on record, by the rules that held when it happened where the member lives. The
/// event is the reward, so it happens once. Lock the reward first.
pub async fn credit_reward(
    work: &mut Work,
    purse: Purse,
    rulebook: &RulebookVersion,
    reward: &Reward,
    step: Step,
) -> ApiResult<()> {
    let (member, earned_at) = (reward.member, reward.happened_at);
    let times = earn_events::times(&work.tx, member, reward.event, earned_at).await?;
    let earned = earn_events::earned(&work.tx, member, earned_at).await?;
    let decision = credit_for_event(&rulebook.rules, reward.event, times, earned);
    let source = Source { kind: SourceKind::Reward, id: reward.id.uuid() };
    let reason = format!("{}：{}", reward.event.label(), reward.reference);
    post(work, purse, rulebook, decision, Event { source, actor: Actor::Admin(step.by.admin), reason, earned_at }).await
}

struct Event {
    source: Source,
    actor: Actor,
    reason: String,
    earned_at: Instant,
}

async fn post(
    work: &mut Work,
    mut purse: Purse,
    rulebook: &RulebookVersion,
    decision: CreditDecision,
    event: Event,
) -> ApiResult<()> {
    let Event { source, actor, reason, earned_at } = event;
    let member = purse.member;
    let (mut transfer, mut debt_paid) = (None, 0);
    if decision.points > 0 {
        let id = TransferId::of_earning(source.kind, source.id, member);
        let occasion = Occasion { reason, source, actor, business_at: work.now, posted_at: work.wall };
        let grant = Grant { lot: LotId::new(Uuid::now_v7()), expires_at: rulebook.rules.expires_at(work.now) };
        let credited = credit(&mut purse, id, occasion, decision.points, grant).map_err(ApiError::internal)?;
        transfers::post(&mut work.tx, &credited.posting).await?;
        (transfer, debt_paid) = (Some(id), credited.debt_paid);
    }
    let event =
        EarnEvent { member, source, transfer, rulebook: rulebook.id, decision, debt_paid, business_at: earned_at };
    Ok(earn_events::insert(&mut work.tx, &event).await?)
}
