//! The many beside the demo's people: each follows from a number, so that a thousand are made, written and forgotten.
//!
//! The member with number `i` signs in as `login:m<i>:…`. The first so many have served four times and may redeem.

use chrono::Duration;
use domain::activity::{Activity, ActivityState, Plan, Session};
use domain::enrolment::{Applicant, Enrolment};
use domain::id::{EnrolmentId, IdentityId, NodeId};
use domain::member::Member;
use domain::official::Official;
use domain::personal::{PartyRecord, Phone};
use domain::points::rulebook::Absence;
use domain::residency::Residency;
use domain::service::{Evaluation, ServiceNature};
use domain::time::{Instant, business_day, start_of_day};

use super::books::{Book, Books, Served};
use super::draw::Draw;
use super::places::Tree;
use super::services::IDEAS;
use super::size::Size;
use super::{admins, cast, ids, outings, people, reports};
use crate::failure::Failure;

/// How often each of those has served.
const SERVICES: u64 = 4;

/// Sessions of each past activity.
const SESSIONS: u64 = 4;

const EVALUATIONS: [Evaluation; 5] = [Evaluation::A, Evaluation::B, Evaluation::B, Evaluation::A, Evaluation::C];

/// The crowd of a district.
pub(super) struct Crowd<'a> {
    tree: &'a Tree,
    size: Size,
    now: Instant,
    /// Past activities with their sessions, all of them settled.
    pub(super) past: Vec<(Activity, Vec<Session>)>,
    /// Activities to come.
    pub(super) future: Vec<(Activity, Vec<Session>)>,
}

/// One of the crowd.
pub(super) struct Newcomer {
    pub(super) member: Member,
    pub(super) phone: Phone,
    pub(super) record: PartyRecord,
    pub(super) identity: IdentityId,
    pub(super) person: String,
    pub(super) residency: Residency,
}

impl<'a> Crowd<'a> {
    /// Plans the crowd's activities, and counts who will have come.
    pub(super) fn plan(tree: &'a Tree, size: Size, cast_activities: usize, now: Instant) -> Result<Self, Failure> {
        let mut crowd = Self { tree, size, now, past: Vec::new(), future: Vec::new() };
        let missing = size.activities.saturating_sub(cast_activities) as u64;
        if crowd.len() == 0 || missing == 0 {
            return Ok(crowd);
        }
        let past = missing * 3 / 4;
        let first = cast_activities as u64;
        for number in 0..past {
            let held = crowd.activity(first + number, SESSIONS, past_day(number, past))?;
            crowd.past.push(held);
        }
        for number in past..missing {
            let day = 2 + i64::try_from(number % 40).unwrap_or(0);
            let held = crowd.activity(first + number, 1, day)?;
            crowd.future.push(held);
        }
        for member in 0..crowd.credited() {
            for place in crowd.places(member) {
                crowd.session_mut(place).enrolled += 1;
            }
        }
        for (activity, sessions) in &mut crowd.past {
            activity.state = ActivityState::Settled;
            for session in sessions {
                session.capacity = session.capacity.max(session.enrolled);
            }
        }
        Ok(crowd)
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.size.members.saturating_sub(cast::size())
    }

    /// How many of them have served.
    pub(super) fn credited(&self) -> u64 {
        if self.past.is_empty() { 0 } else { self.size.credited.min(self.len()) }
    }

    /// The member with this number.
    pub(super) fn newcomer(&self, number: u64) -> Result<Newcomer, Failure> {
        let place = cast::size() + number;
        let person = people::one_of_many(number);
        let unit = self.unit_of(number);
        let estate = self.estate_of(number);
        let member = cast::in_service(ids::member(place), person.name, &person.phone, unit);
        let organisation = self.tree.node(unit).party_organisation.clone().unwrap_or_default();
        let residency = self.residency(place, &member, estate)?;
        Ok(Newcomer {
            member,
            phone: person.phone,
            record: people::party_record(&organisation, number),
            identity: ids::identity(place),
            person: format!("m{number}"),
            residency,
        })
    }

    /// The home unit of the member with this number.
    pub(super) fn unit_of(&self, number: u64) -> NodeId {
        let units = &self.tree.units;
        units[usize::try_from(number).unwrap_or(0) % units.len()]
    }

    fn estate_of(&self, number: u64) -> NodeId {
        *Draw::of("estate", number).pick(&self.tree.estates)
    }

    fn residency(&self, place: u64, member: &Member, estate: NodeId) -> Result<Residency, Failure> {
        let at = start_of_day(business_day(self.now)) - Duration::days(84)
            + Duration::seconds(i64::try_from(place % 36_000).unwrap_or(0));
        let official = |admin| Official { admin, member: None };
        let declaration = reports::declaration(place);
        let mut residency =
            Residency::report(ids::residency(place), member, self.tree.node(estate), declaration, None, at)
                .map_err(failed)?;
        residency.confirm(official(admins::UNIT), at + Duration::hours(10)).map_err(failed)?;
        residency.accept(official(admins::COMMUNITY), at + Duration::hours(30)).map_err(failed)?;
        Ok(residency)
    }

    /// Everything that the member with this number has done: their enrolments, and the credits in the books.
    pub(super) fn live(
        &self,
        number: u64,
        residency: &Residency,
        books: &mut Books,
    ) -> Result<(Vec<Enrolment>, Book), Failure> {
        let member = residency.member;
        let mut book = Book::empty(member);
        let accepted = residency.accepted.map_or(self.now, |accepted| accepted.at);
        books.first_residency(&mut book, admins::COMMUNITY, accepted)?;
        let mut enrolments = Vec::new();
        for (place, nth) in self.places(number).into_iter().zip(0..) {
            let (activity, sessions) = &self.past[place.0];
            let session = &sessions[place.1];
            let id = ids::enrolment(1_000 + number * SERVICES + nth);
            let grade = *Draw::of("grade", number * SERVICES + nth).pick(&EVALUATIONS);
            let enrolment = attend(id, residency, activity, session, grade)?;
            let served = Served {
                enrolment: &enrolment,
                title: &activity.title,
                kind: activity.kind,
                nature: activity.nature,
                own_duty: activity.own_duty,
                starts_at: session.starts_at,
            };
            books.service(&mut book, &served, enrolment.settled_at.unwrap_or(self.now))?;
            enrolments.push(enrolment);
        }
        Ok((enrolments, book))
    }

    /// The sessions that the member with this number came to, oldest first: far apart, and each as full as the others.
    fn places(&self, number: u64) -> Vec<(usize, usize)> {
        let sessions = self.past.len() as u64 * SESSIONS;
        let at = |place: u64| usize::try_from(place).unwrap_or(0);
        let mut places: Vec<(usize, usize)> = (0..SERVICES.min(sessions))
            .map(|nth| (number + nth * (sessions / SERVICES)) % sessions)
            .map(|place| (at(place / SESSIONS), at(place % SESSIONS)))
            .collect();
        places.sort_by_key(|(activity, session)| self.past[*activity].1[*session].starts_at);
        places
    }

    fn session_mut(&mut self, place: (usize, usize)) -> &mut Session {
        &mut self.past[place.0].1[place.1]
    }

    fn activity(&self, number: u64, sessions: u64, first_day: i64) -> Result<(Activity, Vec<Session>), Failure> {
        let mut draw = Draw::of("activity", number);
        let idea = draw.pick(&IDEAS);
        let communities = &self.tree.communities;
        let publisher = communities[usize::try_from(number).unwrap_or(0) % communities.len()];
        let hour = draw.between(8, 15);
        let plan = |session| {
            let weeks = i64::try_from(session).unwrap_or(0);
            let starts_at =
                start_of_day(business_day(self.now)) + Duration::days(first_day + 7 * weeks) + Duration::hours(hour);
            let ends_at = starts_at + Duration::hours(3);
            Plan { starts_at, ends_at, enrolment_closes_at: starts_at, capacity: 60 }
        };
        let plans: Vec<Plan> = (0..sessions).map(plan).collect();
        let first = plans.iter().map(|plan| plan.starts_at).min().unwrap_or(self.now);
        let at = (first - Duration::days(7)).min(self.now - Duration::days(3));
        let proposal = outings::proposal(idea, ServiceNature::Voluntary, plans.clone());
        let lead = number % self.len();
        let lead = self.newcomer(lead)?.member;
        let id = ids::activity(number);
        let activity = Activity::propose(id, proposal, self.tree.node(publisher), &lead, admins::COMMUNITY, at);
        let mut activity = activity.map_err(|errors| failed(format!("{errors:?}")))?;
        let (reviewer, proposer) = (Official::unlinked(admins::SUBDISTRICT), Official::unlinked(admins::COMMUNITY));
        activity.publish(reviewer, proposer, None, at + Duration::hours(20)).map_err(failed)?;
        let first = number * SESSIONS;
        let sessions =
            plans.iter().zip(first..).map(|(plan, number)| Session::planned(ids::activity_session(number), id, plan));
        Ok((activity, sessions.collect()))
    }
}

/// The day of a past activity's first session, from 78 to 29 days ago; the others follow week by week.
fn past_day(number: u64, of: u64) -> i64 {
    i64::try_from(number * 49 / of.max(1)).unwrap_or(0) - 78
}

fn attend(
    id: EnrolmentId,
    residency: &Residency,
    activity: &Activity,
    session: &Session,
    grade: Evaluation,
) -> Result<Enrolment, Failure> {
    let (starts_at, ends_at) = (session.starts_at, session.ends_at);
    let rules = Absence::default();
    let applicant =
        Applicant { member: residency.member, is_resident: true, engagements: &[], absences: &[], rules: &rules };
    let mut seats = Session { enrolled: 0, ..session.clone() };
    let before = Activity { state: ActivityState::Published, ..activity.clone() };
    let mut enrolment =
        Enrolment::enrol(id, applicant, &before, &mut seats, None, starts_at - Duration::hours(30)).map_err(failed)?;
    enrolment.check_in(session, None, starts_at - Duration::minutes(5)).map_err(failed)?;
    enrolment.check_out(session, ends_at + Duration::minutes(5)).map_err(failed)?;
    let own = activity.lead == residency.member;
    enrolment
        .confirm(activity, activity.lead, if own { Evaluation::B } else { grade }, ends_at + Duration::hours(2))
        .map_err(failed)?;
    let reviewer = Official::unlinked(admins::COMMUNITY);
    enrolment.approve(reviewer, 3, ends_at + Duration::hours(20)).map_err(failed)?;
    enrolment.credit(ends_at + Duration::hours(92)).map_err(failed)?;
    Ok(enrolment)
}

fn failed(refusal: impl std::fmt::Display) -> Failure {
    Failure::Found(format!("the crowd: {refusal}"))
}
