//! Writes the demo, and the crowd behind it, in one transaction: whatever happens, there is a whole demo or none.

use domain::consent::{POLICY_VERSION, Purpose};
use domain::enrolment::Enrolment;
use domain::id::{IdentityId, MemberId};
use domain::residency::Residency;
use domain::time::Instant;
use domain::voucher;
use storage::database::CHUNK;
use storage::identities::Identity;
use storage::members::{self, Entry};
use storage::{
    WriteTx, accounts, activities, activity_sessions, audit, consents, earn_events, enrolments, identities, merchants,
    offers, organisations, redemptions, residencies, rulebooks, service_records, staff, stores, transfers,
    unit_pairings,
};

use super::admins::{self, Account};
use super::books::Books;
use super::cast::Stage;
use super::crowd::Crowd;
use super::journey::Journey;
use super::places::Tree;
use super::size::Size;
use super::{corrections, desks, ids, misconduct, objection, people};
use crate::failure::Failure;
use crate::state::App;

/// How many postings one statement carries.
const POSTINGS: usize = 120;

/// One load under way.
struct Load<'a> {
    app: &'a App,
    tx: WriteTx,
    now: Instant,
}

/// Loads a district of this size into an empty database; `sealed` is told the accounts before anything is kept.
pub(super) async fn load(
    app: &App,
    size: Size,
    progress: impl Fn(&str, u64, u64),
    sealed: impl FnOnce(&[Account], &Journey) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let admins = admins::prepare().await?;
    let now = app.clock.business();
    let tree = Tree::grow(size.estates, size.units);
    let mut load = Load { app, tx: app.database.write().await?, now };
    organisations::insert_district(&mut load.tx, &tree.nodes, now).await?;
    load.pairings(&tree).await?;
    admins::keep(&mut load.tx, &app.vault, &admins, now).await?;
    let rulebook = rulebooks::in_force(&load.tx, now).await?;
    let rules = rulebook.rules.clone();
    let mut journey = Journey::until(now, &tree, size.offers, rulebook.clone())?;
    let crowd = Crowd::plan(&tree, size, journey.held.len(), now)?;

    load.cast(&tree, &journey).await?;
    load.crowd(&crowd, &progress).await?;
    load.mall(&journey).await?;
    load.service(&journey, &crowd).await?;
    load.books(&mut journey.books).await?;
    load.redemptions(&journey).await?;
    corrections::make(&mut load.tx, &rules, now).await?;
    misconduct::make(&mut load.tx, &journey, now).await?;
    objection::make(&mut load.tx, &journey, now).await?;
    let (redemption, clerk) = journey.last_verified()?;
    corrections::reverse(&mut load.tx, &rules, redemption, clerk, now).await?;
    load.past(&crowd, Books::open(rulebook), &progress).await?;
    load.audit().await?;
    sealed(&admins, &journey)?;
    load.tx.commit().await?;
    Ok(())
}

impl Load<'_> {
    async fn pairings(&mut self, tree: &Tree) -> Result<(), Failure> {
        let communities = tree.communities.iter().cycle().skip(1);
        for ((unit, community), number) in tree.units.iter().zip(communities).zip(0..) {
            unit_pairings::insert(&mut self.tx, ids::pairing(number), *unit, *community, self.now).await?;
        }
        Ok(())
    }

    async fn cast(&mut self, tree: &Tree, journey: &Journey) -> Result<(), Failure> {
        let entries: Vec<Entry> = journey
            .players
            .iter()
            .map(|player| {
                let organisation = tree.node(player.member.unit).party_organisation.clone().unwrap_or_default();
                let record = people::party_record(&organisation, player.number);
                Entry { member: player.member.clone(), phone: player.phone.clone(), record }
            })
            .collect();
        members::insert_many(&mut self.tx, &self.app.vault, &entries, self.now).await?;
        let bound = journey.players.iter().filter(|player| player.stage != Stage::Unbound);
        let bound: Vec<Identity> =
            bound.map(|player| identity(ids::identity(player.number), player.person, Some(player.member.id))).collect();
        self.identities(&bound).await?;
        desks::cover(self.app, &mut self.tx, self.now).await?;
        residencies::insert_many(&mut self.tx, &journey.residencies).await?;
        let members: Vec<MemberId> = journey.players.iter().map(|player| player.member.id).collect();
        Ok(accounts::open_many(&mut self.tx, &members).await?)
    }

    async fn identities(&mut self, identities: &[Identity]) -> Result<(), Failure> {
        identities::insert_many(&mut self.tx, &self.app.wechat_app_id, identities, self.now).await?;
        let who: Vec<IdentityId> = identities.iter().map(|identity| identity.id).collect();
        Ok(consents::insert_many(&mut self.tx, &who, Purpose::PrivacyPolicy, POLICY_VERSION, self.now).await?)
    }

    async fn crowd(&mut self, crowd: &Crowd<'_>, progress: &impl Fn(&str, u64, u64)) -> Result<(), Failure> {
        let mut next = 0;
        while next < crowd.len() {
            let end = (next + CHUNK as u64).min(crowd.len());
            let mut entries = Vec::with_capacity(CHUNK);
            let mut bound = Vec::with_capacity(CHUNK);
            let mut reports: Vec<Residency> = Vec::with_capacity(CHUNK);
            for newcomer in (next..end).map(|number| crowd.newcomer(number)) {
                let newcomer = newcomer?;
                bound.push(identity(newcomer.identity, &newcomer.person, Some(newcomer.member.id)));
                reports.push(newcomer.residency);
                entries.push(Entry { member: newcomer.member, phone: newcomer.phone, record: newcomer.record });
            }
            let members: Vec<MemberId> = entries.iter().map(|entry| entry.member.id).collect();
            members::insert_many(&mut self.tx, &self.app.vault, &entries, self.now).await?;
            self.identities(&bound).await?;
            residencies::insert_many(&mut self.tx, &reports).await?;
            accounts::open_many(&mut self.tx, &members).await?;
            next = end;
            progress("members", next, crowd.len());
        }
        Ok(())
    }

    async fn mall(&mut self, journey: &Journey) -> Result<(), Failure> {
        for stall in &journey.stalls {
            merchants::insert(&mut self.tx, &stall.merchant, self.now).await?;
            stores::insert(&mut self.tx, &stall.store, self.now).await?;
            for offer in &stall.offers {
                offers::insert(&mut self.tx, offer, self.now).await?;
            }
        }
        for ((one, person), number) in journey.staff.iter().zip(0..) {
            let identity = identity(ids::staff_identity(number), person, None);
            self.identities(std::slice::from_ref(&identity)).await?;
            staff::insert(&mut self.tx, one, identity.id, self.now).await?;
        }
        desks::invite(self.app, &mut self.tx, self.now).await
    }

    async fn service(&mut self, journey: &Journey, crowd: &Crowd<'_>) -> Result<(), Failure> {
        for held in &journey.held {
            activities::insert(&mut self.tx, &held.activity).await?;
            activity_sessions::insert_all(&mut self.tx, std::slice::from_ref(&held.session)).await?;
            enrolments::insert_many(&mut self.tx, &held.enrolments).await?;
        }
        for (activity, sessions) in crowd.past.iter().chain(&crowd.future) {
            activities::insert(&mut self.tx, activity).await?;
            activity_sessions::insert_all(&mut self.tx, sessions).await?;
        }
        Ok(())
    }

    /// Writes down what happened in the books since the last time.
    async fn books(&mut self, books: &mut Books) -> Result<(), Failure> {
        for postings in std::mem::take(&mut books.postings).chunks(POSTINGS) {
            transfers::post_all(&mut self.tx, postings).await?;
        }
        earn_events::insert_many(&mut self.tx, &std::mem::take(&mut books.events)).await?;
        service_records::insert_many(&mut self.tx, &std::mem::take(&mut books.records)).await?;
        Ok(())
    }

    async fn redemptions(&mut self, journey: &Journey) -> Result<(), Failure> {
        let key = &self.app.voucher_key;
        for redemption in &journey.redemptions {
            let hash = voucher::lookup_hash(key, &voucher::code(key, redemption.id));
            redemptions::insert(&mut self.tx, redemption, hash).await?;
        }
        Ok(())
    }

    /// The crowd's past, some hundred members at a time.
    async fn past(
        &mut self,
        crowd: &Crowd<'_>,
        mut books: Books,
        progress: &impl Fn(&str, u64, u64),
    ) -> Result<(), Failure> {
        books.begin_behind_the_cast();
        let mut enrolments: Vec<Enrolment> = Vec::with_capacity(CHUNK);
        for number in 0..crowd.credited() {
            let residency = crowd.newcomer(number)?.residency;
            let (theirs, _) = crowd.live(number, &residency, &mut books)?;
            enrolments.extend(theirs);
            let last = number + 1 == crowd.credited();
            if last || enrolments.len() + 8 > CHUNK {
                enrolments::insert_many(&mut self.tx, &enrolments).await?;
                enrolments.clear();
                self.books(&mut books).await?;
                progress("members with points", number + 1, crowd.credited());
            }
        }
        Ok(())
    }

    async fn audit(&mut self) -> Result<(), Failure> {
        let record = audit::Record {
            at: self.app.clock.wall(),
            business_at: self.now,
            actor_kind: "operator",
            actor: None,
            action: "load_demo",
            object_kind: "organisation",
            object: Some(ids::DISTRICT.uuid()),
            reason: None,
            refused: None,
            ip: None,
            request_id: String::new(),
        };
        Ok(audit::record(&mut self.tx, record).await?)
    }
}

/// The identity that the sandbox gives this person.
fn identity(id: IdentityId, person: &str, member: Option<MemberId>) -> Identity {
    Identity { id, open_id: wechat_auth::sandbox::openid_of(person), member }
}
