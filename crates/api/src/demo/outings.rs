//! The demo's activities, one at every stage, and who came.

use chrono::Duration;
use domain::activity::{Activity, ActivityState, Plan, Proposal, Session};
use domain::enrolment::{Applicant, Enrolment};
use domain::id::{AdminId, NodeId};
use domain::official::Official;
use domain::points::rulebook::Absence;
use domain::service::{Evaluation, ServiceNature};
use domain::time::{Instant, business_day, start_of_day};

use super::cast::{Player, Stage};
use super::places::Tree;
use super::services::{IDEAS, Idea};
use super::{admins, ids};
use crate::failure::Failure;

/// How far an activity has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Proposed,
    Refused,
    Cancelled,
    Published,
    Running,
    Ended,
    Confirmed,
    Public,
    Credited,
}

/// What, by which organisation, led by whom (a number among the active), on which day, from which hour, for how many
/// hours, with how many seats, who signs up (every so many-th of the active, from which on), and how far it has come.
struct Outing {
    idea: usize,
    node: NodeId,
    lead: usize,
    day: i64,
    hour: i64,
    hours: i64,
    seats: i32,
    every: usize,
    most: usize,
    nature: ServiceNature,
    own_duty: bool,
    progress: Progress,
}

use Progress as P;
use ServiceNature::{PartyDuty, Voluntary};

/// Day, hour and hours; and every so many-th of the active up to so many.
type When = (i64, i64, i64);
type Who = (usize, usize);

const fn outing(
    idea: usize,
    node: NodeId,
    lead: usize,
    when: When,
    seats: i32,
    who: Who,
    progress: Progress,
) -> Outing {
    let (day, hour, hours) = when;
    let (every, most) = who;
    let (nature, own_duty) = (Voluntary, false);
    Outing { idea, node, lead, day, hour, hours, seats, every, most, nature, own_duty, progress }
}

impl Outing {
    const fn on_duty(self) -> Self {
        Self { nature: PartyDuty, ..self }
    }

    /// What those who come do at work anyway.
    const fn of_own_duty(self) -> Self {
        Self { own_duty: true, ..self }
    }
}

/// The order gives the ids: the first has free seats, the second runs now.
const OUTINGS: [Outing; 20] = [
    outing(0, ids::ESTATE, 1, (2, 9, 2), 30, (3, 6), P::Published),
    outing(1, ids::ESTATE, 1, (0, 0, 0), 20, (1, 6), P::Running),
    outing(2, ids::ESTATE, 4, (3, 9, 3), 4, (2, 6), P::Published),
    outing(6, ids::COMMUNITY, 5, (4, 19, 2), 60, (4, 8), P::Published).on_duty(),
    outing(3, ids::SUBDISTRICT, 6, (6, 9, 3), 40, (5, 5), P::Published).of_own_duty(),
    outing(5, ids::COMMUNITY, 7, (9, 14, 2), 25, (7, 3), P::Published),
    outing(11, ids::ESTATE, 1, (-1, 19, 2), 20, (2, 7), P::Ended),
    outing(13, ids::COMMUNITY, 2, (-2, 14, 2), 20, (3, 6), P::Confirmed),
    outing(4, ids::ESTATE, 3, (-3, 9, 3), 20, (2, 8), P::Public),
    outing(0, ids::ESTATE, 1, (-72, 9, 3), 30, (1, 24), P::Credited),
    outing(5, ids::COMMUNITY, 2, (-60, 14, 2), 30, (1, 30), P::Credited),
    outing(15, ids::SUBDISTRICT, 3, (-48, 9, 3), 40, (1, 34), P::Credited),
    outing(9, ids::COMMUNITY, 8, (-36, 9, 4), 30, (1, 28), P::Credited),
    outing(6, ids::COMMUNITY, 5, (-24, 19, 2), 60, (1, 34), P::Credited).on_duty(),
    outing(8, ids::SUBDISTRICT, 9, (-12, 7, 3), 30, (2, 15), P::Credited),
    outing(14, ids::ESTATE, 10, (8, 9, 3), 12, (1, 0), P::Proposed),
    outing(7, ids::COMMUNITY, 11, (10, 9, 3), 20, (1, 0), P::Proposed),
    outing(10, ids::UNIT, 12, (12, 8, 6), 10, (1, 0), P::Proposed),
    outing(12, ids::ESTATE, 13, (5, 7, 2), 15, (1, 0), P::Refused),
    outing(1, ids::ESTATE, 14, (1, 20, 2), 15, (4, 4), P::Cancelled),
];

/// Who proposes for an organisation, and who reviews it one level above.
pub(super) fn deciders(node: NodeId) -> (AdminId, AdminId) {
    match node {
        ids::ESTATE => (admins::ESTATE, admins::COMMUNITY),
        ids::COMMUNITY => (admins::COMMUNITY, admins::SUBDISTRICT),
        ids::SUBDISTRICT => (admins::SUBDISTRICT, admins::DISTRICT),
        _ => (admins::UNIT, admins::DISTRICT),
    }
}

/// An activity with its one session and everybody who signed up.
pub(super) struct Held {
    pub(super) activity: Activity,
    pub(super) session: Session,
    pub(super) enrolments: Vec<Enrolment>,
}

/// Everything that was, is and will be done.
pub(super) fn of_cast(players: &[Player], tree: &Tree, now: Instant) -> Result<Vec<Held>, Failure> {
    let active: Vec<&Player> = players.iter().filter(|player| player.stage == Stage::Active).collect();
    let mut enrolments = (0..).map(ids::enrolment);
    let mut held = Vec::new();
    let rules = Absence::default();
    for (number, outing) in OUTINGS.iter().enumerate() {
        let (starts_at, ends_at) = outing.times(now);
        let lead = active[outing.lead % active.len()];
        let mut one = publish(number as u64, outing, lead, tree, (starts_at, ends_at), now)?;
        // Everybody but the first, who finds the first activity still open to them.
        let from = usize::from(number == 0);
        let who = active.iter().skip(from).step_by(outing.every).take(outing.most);
        for ((player, id), place) in who.zip(&mut enrolments).zip(0_i64..) {
            let at = (starts_at - Duration::days(3)).min(now - Duration::hours(2)) + Duration::minutes(7 * place);
            let applicant = Applicant {
                member: player.member.id,
                is_resident: true,
                engagements: &[],
                absences: &[],
                rules: &rules,
            };
            let enrolment = Enrolment::enrol(id, applicant, &one.activity, &mut one.session, None, at);
            one.enrolments.push(enrolment.map_err(failed)?);
        }
        one.proceed(outing.progress, deciders(outing.node).1, now)?;
        held.push(one);
    }
    Ok(held)
}

impl Outing {
    fn times(&self, now: Instant) -> (Instant, Instant) {
        if self.progress == P::Running {
            let begun = now - Duration::minutes(40);
            return (begun, begun + Duration::hours(5));
        }
        let starts_at = start_of_day(business_day(now)) + Duration::days(self.day) + Duration::hours(self.hour);
        (starts_at, starts_at + Duration::hours(self.hours))
    }
}

fn publish(
    number: u64,
    outing: &Outing,
    lead: &Player,
    tree: &Tree,
    times: (Instant, Instant),
    now: Instant,
) -> Result<Held, Failure> {
    let (starts_at, ends_at) = times;
    let (proposer, reviewer) = deciders(outing.node);
    let proposed_at = (starts_at - Duration::days(8)).min(now - Duration::days(4));
    let plan = Plan { starts_at, ends_at, enrolment_closes_at: starts_at, capacity: outing.seats };
    let proposal = Proposal { own_duty: outing.own_duty, ..proposal(&IDEAS[outing.idea], outing.nature, vec![plan]) };
    let plan = proposal.plans[0].clone();
    let id = ids::activity(number);
    let publisher = tree.node(outing.node);
    let activity = Activity::propose(id, proposal, publisher, &lead.member, proposer, proposed_at);
    let mut activity =
        activity.map_err(|errors| Failure::Found(format!("the demo's activity {number}: {errors:?}")))?;
    let reviewed_at = proposed_at + Duration::hours(20);
    let (reviewer, proposer) = (Official::unlinked(reviewer), Official::unlinked(proposer));
    match outing.progress {
        P::Proposed => {}
        P::Refused => {
            let reason = "当日气温过低，请改到上午十点以后".into();
            activity.refuse(reviewer, proposer, reason, reviewed_at).map_err(failed)?;
        }
        _ => activity.publish(reviewer, proposer, None, reviewed_at).map_err(failed)?,
    }
    let session = Session::planned(ids::activity_session(number), id, &plan);
    Ok(Held { activity, session, enrolments: Vec::new() })
}

/// An idea as an organisation proposes it.
pub(super) fn proposal(idea: &Idea, nature: ServiceNature, plans: Vec<Plan>) -> Proposal {
    Proposal {
        title: idea.title.into(),
        kind: idea.kind,
        nature,
        own_duty: false,
        emergency_declaration: None,
        description: idea.description.into(),
        place: idea.place.into(),
        risk: idea.risk(),
        qualification: idea.qualification(),
        plans,
    }
}

impl Held {
    fn proceed(&mut self, progress: Progress, reviewer: AdminId, now: Instant) -> Result<(), Failure> {
        match progress {
            P::Proposed | P::Refused | P::Published => Ok(()),
            P::Cancelled => self.call_off(reviewer, now),
            P::Running => self.run(now),
            P::Ended => self.end(),
            P::Confirmed => self.end().and_then(|()| self.confirm()),
            P::Public => self.end().and_then(|()| self.confirm()).and_then(|()| self.approve(reviewer)),
            P::Credited => {
                self.end()?;
                self.confirm()?;
                self.approve(reviewer)?;
                self.settle()
            }
        }
    }

    fn call_off(&mut self, by: AdminId, now: Instant) -> Result<(), Failure> {
        let at = now - Duration::hours(1);
        self.activity.cancel(by, "当晚供暖检修，改期另行通知".into(), at).map_err(failed)?;
        for enrolment in &mut self.enrolments {
            enrolment.cancel(&mut self.session, &Absence::default(), at).map_err(failed)?;
            enrolment.cancelled_late = false;
        }
        Ok(())
    }

    /// The first two have a seat and have not arrived, the others are here.
    fn run(&mut self, now: Instant) -> Result<(), Failure> {
        for enrolment in self.enrolments.iter_mut().skip(2) {
            enrolment.check_in(&self.session, None, now - Duration::minutes(30)).map_err(failed)?;
        }
        Ok(())
    }

    /// Everybody came but the last; the one before forgot to check out.
    fn end(&mut self) -> Result<(), Failure> {
        let (starts_at, ends_at) = (self.session.starts_at, self.session.ends_at);
        let last = self.enrolments.len().saturating_sub(1);
        for (place, enrolment) in self.enrolments.iter_mut().enumerate() {
            if place < last {
                enrolment.check_in(&self.session, None, starts_at - Duration::minutes(5)).map_err(failed)?;
            }
            if place + 1 < last {
                enrolment.check_out(&self.session, ends_at + Duration::minutes(5)).map_err(failed)?;
            }
            enrolment.close(&self.session, ends_at + Duration::minutes(20));
        }
        Ok(())
    }

    fn confirm(&mut self) -> Result<(), Failure> {
        let grades = [Evaluation::B, Evaluation::A, Evaluation::B, Evaluation::B, Evaluation::C];
        let (lead, at) = (self.activity.lead, self.session.ends_at + Duration::hours(2));
        for (place, enrolment) in self.enrolments.iter_mut().enumerate().filter(|(_, one)| one.timed_minutes.is_some())
        {
            let grade = if enrolment.member == lead { Evaluation::B } else { grades[place % grades.len()] };
            enrolment.confirm(&self.activity, lead, grade, at).map_err(failed)?;
        }
        Ok(())
    }

    fn approve(&mut self, reviewer: AdminId) -> Result<(), Failure> {
        let at = self.session.ends_at + Duration::hours(20);
        let reviewer = Official::unlinked(reviewer);
        for enrolment in self.enrolments.iter_mut().filter(|one| one.timed_minutes.is_some()) {
            enrolment.approve(reviewer, 3, at).map_err(failed)?;
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), Failure> {
        let at = self.session.ends_at + Duration::hours(20) + Duration::days(3);
        for enrolment in self.enrolments.iter_mut().filter(|one| one.timed_minutes.is_some()) {
            enrolment.credit(at).map_err(failed)?;
        }
        self.activity.state = ActivityState::Settled;
        Ok(())
    }
}

fn failed(refusal: impl std::fmt::Display) -> Failure {
    Failure::Found(format!("the demo's service: {refusal}"))
}
