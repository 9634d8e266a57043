//! The books before they are written: purses in memory, moved by the same decisions that the service makes, so that what
//! is loaded is what would have happened.

use std::collections::HashMap;

use domain::enrolment::Enrolment;
use domain::id::{AccountId, AdminId, LotId, MemberId, RedemptionId, RulebookId, TransferId};
use domain::points::{
    self, Account, Actor, CreditDecision, Earned, Grant, Lot, Occasion, Posting, Purse, RewardedEvent, Rulebook,
    Service, Source, SourceKind, Spent,
};
use domain::service::{ServiceKind, ServiceNature};
use domain::time::{Instant, business_day, start_of_month, start_of_year};
use storage::earn_events::EarnEvent;
use storage::rulebooks::RulebookVersion;
use storage::service_records::ServiceRecord;

use super::ids;
use crate::failure::Failure;

/// A member's accounts as the postings so far leave them.
pub(super) struct Book {
    member: MemberId,
    points: Account,
    debt: Account,
    lots: Vec<Lot>,
    lifetime_earned: i64,
    verified_minutes: i64,
    earned: Vec<(Instant, i64)>,
    spent: HashMap<RedemptionId, Spent>,
}

/// Everything that is to be written, in the order in which it happened.
pub(super) struct Books {
    pub(super) rulebook: RulebookId,
    pub(super) rules: Rulebook,
    pub(super) postings: Vec<Posting>,
    pub(super) events: Vec<EarnEvent>,
    pub(super) records: Vec<ServiceRecord>,
    lots: u64,
    services: u64,
}

/// Service that is to be credited.
pub(super) struct Served<'a> {
    pub(super) enrolment: &'a Enrolment,
    pub(super) title: &'a str,
    pub(super) kind: ServiceKind,
    pub(super) nature: ServiceNature,
    pub(super) own_duty: bool,
    pub(super) starts_at: Instant,
}

struct Event {
    source: Source,
    actor: Actor,
    reason: String,
    earned_at: Instant,
}

impl Book {
    pub(super) fn empty(member: MemberId) -> Self {
        let account = |id| Account { id, balance: 0, held: 0, sequence: 0, last_hash: None, frozen: false };
        Self {
            member,
            points: account(AccountId::points_of(member)),
            debt: account(AccountId::debt_of(member)),
            lots: Vec::new(),
            lifetime_earned: 0,
            verified_minutes: 0,
            earned: Vec::new(),
            spent: HashMap::new(),
        }
    }

    /// The purse as storage would lock it.
    pub(super) fn purse(&self) -> Purse {
        let (points, debt) = (self.points.clone(), self.debt.clone());
        Purse::new(self.member, points, debt, self.lots.clone(), self.lifetime_earned, self.verified_minutes)
    }

    /// The spending behind a redemption.
    pub(super) fn spent(&self, redemption: RedemptionId) -> Option<&Spent> {
        self.spent.get(&redemption)
    }

    fn follow(&mut self, purse: &Purse, posting: &Posting) {
        for change in posting.changes() {
            let account = if change.after.id == self.points.id { &mut self.points } else { &mut self.debt };
            account.clone_from(&change.after);
        }
        self.lots = purse.lots().to_vec();
        self.lifetime_earned = purse.lifetime_earned();
    }

    fn earned(&self, at: Instant) -> Earned {
        let sum = |same: &dyn Fn(Instant) -> bool| -> i64 {
            self.earned.iter().filter(|(then, _)| same(*then)).map(|(_, points)| points).sum()
        };
        Earned {
            day: sum(&|then| business_day(then) == business_day(at)),
            month: sum(&|then| start_of_month(then) == start_of_month(at)),
            year: sum(&|then| start_of_year(then) == start_of_year(at)),
        }
    }
}

impl Books {
    /// Books under these rules.
    pub(super) fn open(rulebook: RulebookVersion) -> Self {
        let RulebookVersion { id: rulebook, rules, .. } = rulebook;
        Self { rulebook, rules, postings: Vec::new(), events: Vec::new(), records: Vec::new(), lots: 0, services: 0 }
    }

    /// Goes on with numbers that the demo's people do not use.
    pub(super) fn begin_behind_the_cast(&mut self) {
        (self.lots, self.services) = (1_000_000, 1_000_000);
    }

    /// A lot's id that no other has.
    pub(super) fn new_lot(&mut self) -> LotId {
        self.lots += 1;
        ids::lot(self.lots)
    }

    /// Takes note of a spending or refund that was decided on the book's purse.
    pub(super) fn keep(&mut self, book: &mut Book, purse: &Purse, posting: Posting, redemption: RedemptionId) {
        book.follow(purse, &posting);
        let (transfer, kind, uses) = (posting.id(), posting.transfer().kind, posting.uses().to_vec());
        book.spent.entry(redemption).or_insert(Spent { transfer, kind, uses, expired: Vec::new(), reversed_by: None });
        self.postings.push(posting);
    }

    /// Credits the first residency of a lifetime.
    pub(super) fn first_residency(&mut self, book: &mut Book, by: AdminId, now: Instant) -> Result<(), Failure> {
        let decision = points::credit_for_event(&self.rules, RewardedEvent::FirstResidency, 0, book.earned(now));
        let source = Source { kind: SourceKind::FirstResidency, id: book.member.uuid() };
        let event = Event { source, actor: Actor::Admin(by), reason: "首次报到".into(), earned_at: now };
        self.credit(book, event, decision, now)
    }

    /// Credits service whose publicity is over.
    pub(super) fn service(&mut self, book: &mut Book, served: &Served<'_>, now: Instant) -> Result<(), Failure> {
        let enrolment = served.enrolment;
        let (Some(minutes), Some(confirmation)) = (enrolment.timed_minutes, enrolment.confirmation) else {
            return Err(Failure::Found(format!("the demo's enrolment {} was not confirmed", enrolment.id)));
        };
        let source = Source { kind: SourceKind::Enrolment, id: enrolment.id.uuid() };
        let service = Service {
            timed_minutes: minutes,
            made_up_minutes: 0,
            kind: served.kind,
            evaluation: confirmation.evaluation,
            starts_at: served.starts_at,
            own_duty: served.own_duty,
            excluded: false,
        };
        let earned_at = served.starts_at;
        let decision = points::credit_for_service(&self.rules, &service, book.earned(earned_at));
        self.services += 1;
        self.records.push(ServiceRecord {
            id: ids::service_record(self.services),
            member: book.member,
            source,
            timed_minutes: minutes,
            made_up_minutes: 0,
            nature: served.nature,
            served_at: served.starts_at,
            verified_at: now,
        });
        book.verified_minutes += minutes;
        let event = Event { source, actor: Actor::Job, reason: format!("参加活动：{}", served.title), earned_at };
        self.credit(book, event, decision, now)
    }

    fn credit(&mut self, book: &mut Book, event: Event, decision: CreditDecision, now: Instant) -> Result<(), Failure> {
        let Event { source, actor, reason, earned_at } = event;
        let (transfer, debt_paid) = if decision.points > 0 {
            let id = TransferId::of_earning(source.kind, source.id, book.member);
            let grant = Grant { lot: self.new_lot(), expires_at: self.rules.expires_at(now) };
            let occasion = Occasion { reason, source, actor, business_at: now, posted_at: now };
            let mut purse = book.purse();
            let credited = points::credit(&mut purse, id, occasion, decision.points, grant);
            let credited = credited.map_err(|refusal| Failure::Found(format!("the demo's points: {refusal}")))?;
            book.follow(&purse, &credited.posting);
            self.postings.push(credited.posting);
            (Some(id), credited.debt_paid)
        } else {
            (None, 0)
        };
        book.earned.push((earned_at, decision.points));
        self.events.push(EarnEvent {
            member: book.member,
            source,
            transfer,
            rulebook: self.rulebook,
            decision,
            debt_paid,
            business_at: earned_at,
        });
        Ok(())
    }
}
