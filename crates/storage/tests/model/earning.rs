//! What earns points, told twice: service, many at once, and the first residency.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate};
use domain::id::{MemberId, TransferId};
use domain::points::{
    self, CreditDecision, RewardedEvent, Service, Source, SourceKind, credit_for_event, credit_for_service,
};
use domain::service::{Evaluation, ServiceKind, ServiceNature};
use domain::time::{Instant, business_day};
use storage::earn_events::{self, EarnEvent};
use storage::service_records::{self, ServiceRecord};
use storage::{purses, rulebooks, transfers};
use uuid::Uuid;

use crate::ledger::{Ledger, done_before, moved_by};
use crate::model::{
    DAY_CAP, Event, FIRST_RESIDENCY, MADE_UP_PERCENT, MONTH_CAP, Model, Moved, Outcome, Refusal, YEAR_CAP, newest,
};
use crate::operation::{Outing, Pick};

/// Something that earns points: service at some time, or the first residency.
#[derive(Clone)]
pub struct Earning {
    member: MemberId,
    source: Source,
    service: Option<(Service, Instant)>,
}

/// What was earned, as it may be taken back.
pub struct Credit {
    pub member: MemberId,
    pub transfer: TransferId,
    pub points: i64,
    pub at: Instant,
}

impl Model {
    pub fn serve(&mut self, outing: Outing) -> Moved {
        let Outing { member, minutes, made_up, kind, evaluation, own_duty, days_ago } = outing;
        let day = (self.now - Days::new(days_ago)).date();
        let counted = (minutes + made_up * MADE_UP_PERCENT / 100).min(240) / 30;
        let wanted = counted * 5 * percent_of_kind(kind) * percent_of_evaluation(evaluation) / 10_000;
        self.people[member].minutes += minutes + made_up;
        self.earn(member, day, if own_duty { 0 } else { wanted })
    }

    pub fn serve_together(&mut self, minutes: [i64; 3], days_ago: u64) -> Moved {
        let day = (self.now - Days::new(days_ago)).date();
        let mut moved = Moved::default();
        for (number, minutes) in minutes.into_iter().enumerate() {
            let member = number % self.people.len();
            self.people[member].minutes += minutes;
            moved = moved + self.earn(member, day, minutes.min(240) / 30 * 5);
        }
        moved
    }

    pub fn settle(&mut self, member: Pick) -> Outcome {
        if std::mem::replace(&mut self.people[member].settled, true) {
            return Err(Refusal::DoneBefore);
        }
        Ok(self.earn(member, self.now.date(), FIRST_RESIDENCY))
    }

    /// Gives what the caps leave of it.
    fn earn(&mut self, member: Pick, day: NaiveDate, wanted: i64) -> Moved {
        let earned = |same: &dyn Fn(NaiveDate) -> bool| {
            let mine = self.events.iter().filter(|event| event.member == member && same(event.day));
            mine.map(|event| event.points).sum::<i64>()
        };
        let month = |date: NaiveDate| (date.year(), date.month());
        let room = [
            DAY_CAP - earned(&|date| date == day),
            MONTH_CAP - earned(&|date| month(date) == month(day)),
            YEAR_CAP - earned(&|date| date.year() == day.year()),
        ];
        let points = wanted.min(room.into_iter().min().unwrap_or(0)).max(0);
        self.events.push(Event { member, points, day, at: self.now, taken: None });
        self.people[member].earned += points;
        self.put_in(member, points)
    }
}

fn percent_of_kind(kind: ServiceKind) -> i64 {
    match kind {
        ServiceKind::General => 100,
        ServiceKind::Training => 50,
        ServiceKind::Professional => 150,
        ServiceKind::Emergency => 200,
    }
}

fn percent_of_evaluation(evaluation: Evaluation) -> i64 {
    match evaluation {
        Evaluation::A => 120,
        Evaluation::B => 100,
        Evaluation::C => 50,
        Evaluation::D => 0,
    }
}

impl Ledger {
    pub async fn serve(&mut self, outing: Outing) -> Outcome {
        let Outing { member, minutes, made_up, kind, evaluation, own_duty, days_ago } = outing;
        let starts_at = self.now() - Days::new(days_ago);
        let service = Service {
            timed_minutes: minutes,
            made_up_minutes: made_up,
            kind,
            evaluation,
            starts_at,
            own_duty,
            excluded: false,
        };
        let source = Source { kind: SourceKind::Enrolment, id: Uuid::now_v7() };
        self.decide(Earning { member: self.cast.members[member], source, service: Some((service, starts_at)) }).await
    }

    pub async fn settle(&mut self, member: MemberId) -> Outcome {
        let source = Source { kind: SourceKind::FirstResidency, id: member.uuid() };
        self.decide(Earning { member, source, service: None }).await
    }

    pub async fn serve_again(&self, event: Pick) -> Outcome {
        let number = newest(&self.events, event).ok_or(Refusal::NotThere)?;
        self.earn(&self.events[number]).await.map(|_| Moved::default())
    }

    async fn decide(&mut self, earning: Earning) -> Outcome {
        let (decision, moved) = self.earn(&earning).await?;
        if decision.points > 0 {
            let transfer = TransferId::of_earning(earning.source.kind, earning.source.id, earning.member);
            self.credits.push(Credit { member: earning.member, transfer, points: decision.points, at: self.now() });
        }
        self.events.push(earning);
        Ok(moved)
    }

    /// One round of the job: all purses at once, each decision seeing those before it, and everything kept together.
    pub async fn serve_together(&mut self, minutes: [i64; 3], days_ago: u64) -> Outcome {
        let at = self.now() - chrono::Days::new(days_ago);
        let members: BTreeSet<MemberId> = self.cast.members.iter().copied().collect();
        let mut tx = self.write().await;
        let rulebook = rulebooks::in_force(&tx, at).await.expect("the rules").id;
        let purses = purses::lock_accounts_of(&mut tx, &members).await.expect("the purses");
        let mut purses: BTreeMap<_, _> = purses.into_iter().map(|purse| (purse.member, purse)).collect();
        let earned = earn_events::earned_by(&tx, &members, business_day(at)).await.expect("what was earned");
        let mut besides: BTreeMap<MemberId, i64> = BTreeMap::new();
        let (mut postings, mut events, mut records) = (Vec::new(), Vec::new(), Vec::new());
        for (member, minutes) in self.cast.members.clone().into_iter().cycle().zip(minutes) {
            let service = Service {
                timed_minutes: minutes,
                made_up_minutes: 0,
                kind: ServiceKind::General,
                evaluation: Evaluation::B,
                starts_at: at,
                own_duty: false,
                excluded: false,
            };
            let source = Source { kind: SourceKind::Enrolment, id: Uuid::now_v7() };
            let beside = besides.entry(member).or_default();
            let earned = earned.get(&member).copied().unwrap_or_default().with(at, at, *beside);
            let decision = credit_for_service(&self.rules, &service, earned);
            *beside += decision.points;
            let (mut transfer, mut debt_paid) = (None, 0);
            if decision.points > 0 {
                let id = TransferId::of_earning(source.kind, source.id, member);
                let why = self.occasion("活动积分", source.kind, source.id);
                let purse = purses.get_mut(&member).expect("the purse");
                let credited = points::credit(purse, id, why, decision.points, self.grant()).expect("a sound credit");
                (transfer, debt_paid) = (Some(id), credited.debt_paid);
                postings.push(credited.posting);
                self.credits.push(Credit { member, transfer: id, points: decision.points, at: self.now() });
            }
            events.push(EarnEvent { member, source, transfer, rulebook, decision, debt_paid, business_at: at });
            records.push(self.record(member, source, &service, at));
            self.events.push(Earning { member, source, service: Some((service, at)) });
        }
        transfers::post_all(&mut tx, &postings).await.expect("postings");
        earn_events::insert_many(&mut tx, &events).await.expect("events");
        service_records::insert_many(&mut tx, &records).await.expect("records");
        tx.commit().await.expect("kept");
        let moved = |posting| members.iter().fold(Moved::default(), |sum, member| sum + moved_by(*member, posting));
        Ok(postings.iter().fold(Moved::default(), |sum, posting| sum + moved(posting)))
    }

    fn record(&self, member: MemberId, source: Source, service: &Service, served_at: Instant) -> ServiceRecord {
        ServiceRecord {
            id: Uuid::now_v7(),
            member,
            source,
            timed_minutes: service.timed_minutes,
            made_up_minutes: service.made_up_minutes,
            nature: ServiceNature::Voluntary,
            served_at,
            verified_at: self.now(),
        }
    }

    async fn earn(&self, Earning { member, source, service }: &Earning) -> Result<(CreditDecision, Moved), Refusal> {
        let (member, source) = (*member, *source);
        let at = service.map_or(self.now(), |(_, served_at)| served_at);
        let mut tx = self.write().await;
        let rulebook = rulebooks::in_force(&tx, at).await.expect("the rules").id;
        let mut purse = purses::lock_accounts(&mut tx, member).await.expect("the purse");
        let earned = earn_events::earned(&tx, member, at).await.expect("what was earned");
        let decision = match service {
            Some((service, _)) => credit_for_service(&self.rules, service, earned),
            None => credit_for_event(&self.rules, RewardedEvent::FirstResidency, 0, earned),
        };
        let (mut transfer, mut debt_paid, mut moved) = (None, 0, Moved::default());
        if decision.points > 0 {
            let id = TransferId::of_earning(source.kind, source.id, member);
            let why = self.occasion("活动积分", source.kind, source.id);
            let credited = points::credit(&mut purse, id, why, decision.points, self.grant()).expect("a sound credit");
            transfers::post(&mut tx, &credited.posting).await.map_err(done_before)?;
            (transfer, debt_paid, moved) = (Some(id), credited.debt_paid, moved_by(member, &credited.posting));
        }
        let event = EarnEvent { member, source, transfer, rulebook, decision, debt_paid, business_at: at };
        earn_events::insert(&mut tx, &event).await.map_err(done_before)?;
        if let Some((service, served_at)) = *service {
            let record = self.record(member, source, &service, served_at);
            service_records::insert(&mut tx, &record).await.expect("a record");
        }
        tx.commit().await.expect("kept");
        Ok((decision, moved))
    }
}
