//! The demo's past, told in the order in which it happened: who arrived, served, redeemed, and used their vouchers.

use std::collections::HashMap;

use domain::enrolment::{Enrolment, EnrolmentState};
use domain::id::{AdminId, EnrolmentId, MemberId};
use domain::merchant::Staff;
use domain::redemption::Redemption;
use domain::residency::Residency;
use domain::time::Instant;
use storage::rulebooks::RulebookVersion;

use super::books::{Book, Books, Served};
use super::cast::{self, Player};
use super::outings::{self, Held};
use super::places::Tree;
use super::purchases::{self, Moment};
use super::shops::{self, Stall};
use super::{admins, ids, reports};
use crate::failure::Failure;

/// Shop, name, and person of the sandbox's login codes.
const STAFF: [(u64, &str, &str); 7] = [
    (0, "刘桂花", "liu-guihua"),
    (1, "史永红", "shi-yonghong"),
    (3, "郝思文", "hao-siwen"),
    (4, "崔俊伟", "cui-junwei"),
    (5, "邱玉梅", "qiu-yumei"),
    (6, "秦雅洁", "qin-yajie"),
    (8, "侯春燕", "hou-chunyan"),
];

/// Everything that the demo holds, decided and not yet written.
pub(super) struct Journey {
    pub(super) players: Vec<Player>,
    pub(super) residencies: Vec<Residency>,
    pub(super) stalls: Vec<Stall>,
    pub(super) staff: Vec<(Staff, String)>,
    pub(super) held: Vec<Held>,
    pub(super) redemptions: Vec<Redemption>,
    pub(super) books: Books,
}

/// One thing that happened.
enum Event {
    Accepted(MemberId, AdminId),
    Credited { outing: usize, place: usize },
    Purchase(Moment),
}

impl Journey {
    /// Lets everything happen, so that it is as it is now.
    pub(super) fn until(now: Instant, tree: &Tree, offers: usize, rulebook: RulebookVersion) -> Result<Self, Failure> {
        let players = cast::players(tree);
        let deciders = reports::Deciders { unit: admins::UNIT, community: admins::COMMUNITY };
        let residencies = reports::of_cast(&players, tree, deciders, now)?;
        let stalls = shops::stalls(tree, offers, admins::MERCHANT, admins::DISTRICT, now)
            .map_err(|refusal| Failure::Found(format!("the demo's offers: {refusal}")))?;
        let held = outings::of_cast(&players, tree, now)?;
        let books = Books::open(rulebook);
        let staff = staff(&stalls);
        let mut journey = Self { players, residencies, stalls, staff, held, redemptions: Vec::new(), books };
        journey.settle(now)?;
        Ok(journey)
    }

    /// Some service of this member that was credited.
    pub(super) fn credited_of(&self, member: MemberId) -> Result<&Enrolment, Failure> {
        let mut enrolments = self.held.iter().flat_map(|held| &held.enrolments);
        let credited = enrolments.find(|one| one.member == member && one.state == EnrolmentState::Credited);
        credited.ok_or_else(|| Failure::Found(format!("the demo's member {member} has served nowhere")))
    }

    /// One of the cast's enrolments.
    pub(super) fn enrolment(&self, id: EnrolmentId) -> Result<&Enrolment, Failure> {
        let found = self.held.iter().flat_map(|held| &held.enrolments).find(|one| one.id == id);
        found.ok_or_else(|| Failure::Found(format!("the demo has no enrolment {id}")))
    }

    /// The voucher that a shop confirmed last, and who did.
    pub(super) fn last_verified(&self) -> Result<(&Redemption, &Staff), Failure> {
        let verified = self.redemptions.iter().filter_map(|one| Some((one, one.verification?)));
        let last = verified.max_by_key(|(_, verification)| verification.at);
        let found = last.and_then(|(redemption, verification)| {
            let (clerk, _) = self.staff.iter().find(|(clerk, _)| clerk.id == verification.by)?;
            Some((redemption, clerk))
        });
        found.ok_or_else(|| Failure::Found("no shop of the demo has confirmed anything".into()))
    }

    fn settle(&mut self, now: Instant) -> Result<(), Failure> {
        let mut books: HashMap<MemberId, Book> =
            self.players.iter().map(|player| (player.member.id, Book::empty(player.member.id))).collect();
        for (_, event) in self.events(now) {
            match event {
                Event::Accepted(member, by) => {
                    let at = self.accepted_at(member);
                    self.books.first_residency(of(&mut books, member)?, by, at)?;
                }
                Event::Credited { outing, place } => {
                    let held = &self.held[outing];
                    let enrolment = &held.enrolments[place];
                    let served = Served {
                        enrolment,
                        title: &held.activity.title,
                        kind: held.activity.kind,
                        nature: held.activity.nature,
                        own_duty: held.activity.own_duty,
                        starts_at: held.session.starts_at,
                    };
                    let at = enrolment.settled_at.unwrap_or(now);
                    self.books.service(of(&mut books, enrolment.member)?, &served, at)?;
                }
                Event::Purchase(moment) => self.purchase(&mut books, moment)?,
            }
        }
        Ok(())
    }

    fn purchase(&mut self, books: &mut HashMap<MemberId, Book>, moment: Moment) -> Result<(), Failure> {
        let (who, ..) = purchases::PURCHASES[moment.purchase];
        let player = self.players.iter().find(|player| player.number == who);
        let player = player.ok_or_else(|| Failure::Found("the demo lacks a player".into()))?;
        let book = of(books, player.member.id)?;
        let (ledger, stalls) = (&mut self.books, &mut self.stalls);
        if !moment.closing {
            let redemption = purchases::redeem(ledger, book, player, stalls, &self.redemptions, moment)?;
            self.redemptions.push(redemption);
            return Ok(());
        }
        let id = ids::redemption(moment.purchase as u64);
        let redemption = self.redemptions.iter_mut().find(|one| one.id == id);
        let redemption = redemption.ok_or_else(|| Failure::Found("the demo closes what was never redeemed".into()))?;
        let staff: Vec<Staff> = self.staff.iter().map(|(staff, _)| staff.clone()).collect();
        purchases::close(ledger, book, redemption, stalls, &staff, moment)
    }

    fn accepted_at(&self, member: MemberId) -> Instant {
        let accepted = self.residencies.iter().filter(|one| one.member == member).find_map(|one| one.accepted);
        accepted.map_or(Instant::UNIX_EPOCH, |accepted| accepted.at)
    }

    fn events(&self, now: Instant) -> Vec<(Instant, Event)> {
        let mut events = Vec::new();
        for residency in &self.residencies {
            events.extend(residency.accepted.map(|by| (by.at, Event::Accepted(residency.member, by.by))));
        }
        for (outing, held) in self.held.iter().enumerate() {
            for (place, enrolment) in held.enrolments.iter().enumerate() {
                events.extend(enrolment.settled_at.map(|at| (at, Event::Credited { outing, place })));
            }
        }
        events.extend(purchases::moments(now, &self.stalls).into_iter().map(|one| (one.at, Event::Purchase(one))));
        events.sort_by_key(|(at, _)| *at);
        events
    }
}

fn of(books: &mut HashMap<MemberId, Book>, member: MemberId) -> Result<&mut Book, Failure> {
    books.get_mut(&member).ok_or_else(|| Failure::Found(format!("the demo knows no member {member}")))
}

/// The named staff, and one nameless hand in every other shop: person `s<shop>`.
fn staff(stalls: &[Stall]) -> Vec<(Staff, String)> {
    let hired = |number: u64, name: &str, person: String| {
        let stall = usize::try_from(number).ok().and_then(|at| stalls.get(at))?;
        let (id, name) = (ids::staff(number), name.into());
        Some((Staff { id, merchant: stall.merchant.id, store: stall.store.id, name }, person))
    };
    (0..stalls.len() as u64)
        .filter_map(|number| match STAFF.iter().find(|(shop, ..)| *shop == number) {
            Some((_, name, person)) => hired(number, name, (*person).into()),
            None => hired(number, "值班店员", format!("s{number}")),
        })
        .collect()
}
