//! Crediting (入账): what the rulebook gives becomes a transfer, its event for ever, and the minutes of the service.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use domain::activity::Activity;
use domain::code::Code;
use domain::enrolment::Enrolment;
use domain::exclusion::stops_earning;
use domain::id::{LotId, MemberId, NodeId, TransferId};
use domain::official::Step;
use domain::points::{
    Actor, CreditDecision, Grant, Occasion, Posting, Purse, RewardedEvent, Service, Source, SourceKind, credit,
    credit_for_event, credit_for_service,
};
use domain::residency::Residency;
use domain::reward::Reward;
use domain::time::{Instant, business_day};
use storage::earn_events::{self, EarnEvent};
use storage::rulebooks::{self, RulebookVersion};
use storage::service_records::{self, ServiceRecord};
use storage::{activities, activity_sessions, exclusions, purses, transfers};
use uuid::Uuid;

use crate::error::{ApiError, ApiResult};
use crate::use_case::Work;

/// Credits the first time that a community accepted the member, by the rules that hold at the place. The event is the
/// member, so it happens once. Whoever is accepted while the unit has stopped what they earn gets nothing and leaves no
/// event, nor is it made up for later: as with service of that time, it is over.
pub async fn credit_first_residency(work: &mut Work, residency: &Residency, actor: Actor) -> ApiResult<()> {
    let member = residency.member;
    let rulebook = rulebooks::in_force_at(&work.tx, residency.estate, work.now).await?;
    let mut purse = purses::lock_accounts(&mut work.tx, member).await?;
    if earning_stopped(work, member, work.now).await? {
        return Ok(());
    }
    let earned = earn_events::earned(&work.tx, member, work.now).await?;
    let decision = credit_for_event(&rulebook.rules, RewardedEvent::FirstResidency, 0, earned);
    let source = Source { kind: SourceKind::FirstResidency, id: member.uuid() };
    let happened = Happened { source, actor, reason: "首次报到".into(), at: work.now };
    let credited = decide(work, &mut purse, &rulebook, decision, happened)?;
    keep(work, vec![credited]).await
}

/// Whether the member's unit had stopped what they earn at an instant. What is credited by it asks once the purse is locked.
pub async fn earning_stopped(work: &Work, member: MemberId, at: Instant) -> ApiResult<bool> {
    let exclusions = exclusions::earning_of(&work.tx, &BTreeSet::from([member])).await?;
    Ok(stops_earning(&exclusions, member, at))
}

/// Credits the service of enrolments whose publicity is over, by the rules that held when and where it was served. The
/// event is the enrolment, so it happens once. Lock the enrolments first.
pub async fn credit_enrolments(work: &mut Work, enrolments: &[Enrolment]) -> ApiResult<()> {
    let all = Served::load(work, enrolments).await?;
    let members: BTreeSet<MemberId> = enrolments.iter().map(|enrolment| enrolment.member).collect();
    let purses = purses::lock_accounts_of(&mut work.tx, &members).await?;
    let mut purses: BTreeMap<MemberId, Purse> = purses.into_iter().map(|purse| (purse.member, purse)).collect();
    let exclusions = exclusions::earning_of(&work.tx, &members).await?;
    let mut rules = BTreeMap::new();
    let mut earned = BTreeMap::new();
    for served in &all {
        let (place, at) = served.where_and_when();
        if let Entry::Vacant(unknown) = rules.entry((place, at)) {
            unknown.insert(rulebooks::in_force_at(&work.tx, place, at).await?);
        }
        if let Entry::Vacant(unknown) = earned.entry(business_day(at)) {
            unknown.insert(earn_events::earned_by(&work.tx, &members, business_day(at)).await?);
        }
    }
    let (mut credits, mut records) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
    let mut besides: BTreeMap<MemberId, Vec<(Instant, i64)>> = BTreeMap::new();
    for served in &all {
        let (member, (place, at)) = (served.enrolment.member, served.where_and_when());
        let purse = purses.get_mut(&member).ok_or_else(|| missing(served.enrolment, "purse"))?;
        let earned = earned[&business_day(at)].get(&member).copied().unwrap_or_default();
        let besides = besides.entry(member).or_default();
        let earned = besides.iter().fold(earned, |earned, (other, points)| earned.with(at, *other, *points));
        let rulebook = &rules[&(place, at)];
        let service = Service { excluded: stops_earning(&exclusions, member, at), ..served.service };
        let decision = credit_for_service(&rulebook.rules, &service, earned);
        besides.push((at, decision.points));
        credits.push(decide(work, purse, rulebook, decision, served.happened())?);
        records.push(served.record(work.now));
    }
    keep(work, credits).await?;
    Ok(service_records::insert_many(&mut work.tx, &records).await?)
}

/// Credits an event that two persons put on record, by the rules that held when it happened where the member lives. The
/// event is the reward, so it happens once. Lock the reward first.
pub async fn credit_reward(
    work: &mut Work,
    mut purse: Purse,
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
    let happened = Happened { source, actor: Actor::Admin(step.by.admin), reason, at: earned_at };
    let credited = decide(work, &mut purse, rulebook, decision, happened)?;
    keep(work, vec![credited]).await
}

/// Service that awaits its credit, with all that is known about it.
struct Served<'a> {
    enrolment: &'a Enrolment,
    activity: Activity,
    service: Service,
}

impl<'a> Served<'a> {
    async fn load(work: &Work, enrolments: &'a [Enrolment]) -> ApiResult<Vec<Self>> {
        let activities = enrolments.iter().map(|enrolment| enrolment.activity).collect();
        let sessions = enrolments.iter().map(|enrolment| enrolment.session).collect();
        let activities = activities::find_all(&work.tx, &activities).await?;
        let sessions = activity_sessions::find_all(&work.tx, &sessions).await?;
        let served = |enrolment: &'a Enrolment| {
            let activity = activities.get(&enrolment.activity).ok_or_else(|| missing(enrolment, "activity"))?;
            let session = sessions.get(&enrolment.session).ok_or_else(|| missing(enrolment, "session"))?;
            let confirmation = enrolment.confirmation.ok_or_else(|| missing(enrolment, "confirmation"))?;
            let service = Service {
                timed_minutes: enrolment.timed_minutes.ok_or_else(|| missing(enrolment, "minutes"))?,
                made_up_minutes: enrolment.made_up.as_ref().map_or(0, |made_up| made_up.minutes),
                kind: activity.kind,
                evaluation: confirmation.evaluation,
                starts_at: session.starts_at,
                own_duty: activity.own_duty,
                // Known once the purse is locked.
                excluded: false,
            };
            Ok(Self { enrolment, activity: activity.clone(), service })
        };
        enrolments.iter().map(served).collect()
    }

    fn where_and_when(&self) -> (NodeId, Instant) {
        (self.activity.node, self.service.starts_at)
    }

    fn source(&self) -> Source {
        Source { kind: SourceKind::Enrolment, id: self.enrolment.id.uuid() }
    }

    fn happened(&self) -> Happened {
        let reason = format!("参加活动：{}", self.activity.title);
        Happened { source: self.source(), actor: Actor::Job, reason, at: self.service.starts_at }
    }

    fn record(&self, now: Instant) -> ServiceRecord {
        ServiceRecord {
            id: Uuid::now_v7(),
            member: self.enrolment.member,
            source: self.source(),
            timed_minutes: self.service.timed_minutes,
            made_up_minutes: self.service.made_up_minutes,
            nature: self.activity.nature,
            served_at: self.service.starts_at,
            verified_at: now,
        }
    }
}

fn missing(enrolment: &Enrolment, what: &str) -> ApiError {
    ApiError::internal(format!("enrolment {} has no {what}", enrolment.id))
}

/// What earns points.
struct Happened {
    source: Source,
    actor: Actor,
    reason: String,
    at: Instant,
}

/// What is to be written down: the posting, if anything was earned, and the event in any case.
type Credited = (Option<Posting>, EarnEvent);

/// Credits the purse with what the rules decided.
fn decide(
    work: &Work,
    purse: &mut Purse,
    rulebook: &RulebookVersion,
    decision: CreditDecision,
    happened: Happened,
) -> ApiResult<Credited> {
    let Happened { source, actor, reason, at } = happened;
    let member = purse.member;
    let (mut posting, mut debt_paid) = (None, 0);
    if decision.points > 0 {
        let id = TransferId::of_earning(source.kind, source.id, member);
        let occasion = Occasion { reason, source, actor, business_at: work.now, posted_at: work.wall };
        let grant = Grant { lot: LotId::new(Uuid::now_v7()), expires_at: rulebook.rules.expires_at(work.now) };
        let credited = credit(purse, id, occasion, decision.points, grant).map_err(ApiError::internal)?;
        (posting, debt_paid) = (Some(credited.posting), credited.debt_paid);
    }
    let transfer = posting.as_ref().map(Posting::id);
    let event = EarnEvent { member, source, transfer, rulebook: rulebook.id, decision, debt_paid, business_at: at };
    Ok((posting, event))
}

async fn keep(work: &mut Work, credited: Vec<Credited>) -> ApiResult<()> {
    let (postings, events): (Vec<_>, Vec<_>) = credited.into_iter().unzip();
    let postings: Vec<Posting> = postings.into_iter().flatten().collect();
    transfers::post_all(&mut work.tx, &postings).await?;
    Ok(earn_events::insert_many(&mut work.tx, &events).await?)
}
