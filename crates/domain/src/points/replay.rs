//! Replays (模拟): a chosen period decided again under other rules, member by member in time order, to see who would have
//! gained and who lost. Nothing is posted.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, Duration, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{EarnRule, Earned, RewardedEvent, Rulebook, Service, credit_for_event, credit_for_service};
use crate::code::codes;
use crate::id::MemberId;
use crate::time::{Instant, business_day, start_of_year};

codes! {
    /// How far a replay has come.
    SimulationState {
        Queued = "queued", "等待处理";
        Running = "running", "处理中";
        Done = "done", "已完成";
        Failed = "failed", "没有完成";
    }
}

/// The longest period that is decided again.
pub const LONGEST: Duration = Duration::days(366);

/// How many of the largest changes are kept.
const LARGEST: usize = 10;

/// An event as it was credited.
#[derive(Clone, Debug)]
pub struct Past {
    /// Who earned.
    pub member: MemberId,
    /// By which rule.
    pub rule: EarnRule,
    /// Minutes by the clock.
    pub timed_minutes: i64,
    /// Minutes made up.
    pub made_up_minutes: i64,
    /// When.
    pub at: Instant,
    /// What was credited.
    pub points: i64,
    /// Whether the other rules would have decided it.
    pub concerned: bool,
}

/// The time that is decided again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first instant.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
}

impl Period {
    /// From when on events are needed: what was earned earlier in the year counts towards its cap.
    pub fn remembered_from(&self) -> Instant {
        start_of_year(self.from)
    }
}

/// Points before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// As they were credited.
    pub before: i64,
    /// Under the other rules.
    pub after: i64,
}

/// How many members there are on one side, and what they gain or lose together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// How many.
    pub members: u64,
    /// How many points.
    pub points: i64,
}

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Events that were decided again.
    pub events: u64,
    /// Members whose events they are.
    pub members: u64,
    /// All points.
    pub totals: Totals,
    /// Who gains.
    pub gainers: Side,
    /// Who loses.
    pub losers: Side,
    /// By month, as in `2026-11`.
    pub months: BTreeMap<String, Totals>,
    /// The members whose points change most.
    pub largest: Vec<(MemberId, Totals)>,
}

/// A replay under way. It holds one member's sums and the outcome, however many events there are.
#[derive(Debug)]
pub struct Replay<'a> {
    rules: &'a Rulebook,
    period: Period,
    outcome: Outcome,
    member: Option<OneMember>,
}

#[derive(Debug)]
struct OneMember {
    id: MemberId,
    day: Option<NaiveDate>,
    earned: Earned,
    times: HashMap<RewardedEvent, u32>,
    events: u64,
    totals: Totals,
}

impl<'a> Replay<'a> {
    /// Begins a replay of the period under these rules.
    pub fn begin(rules: &'a Rulebook, period: Period) -> Self {
        Self { rules, period, outcome: Outcome::default(), member: None }
    }

    /// Takes the next event. They come member by member, each member's in time order, from
    /// [`Period::remembered_from`] on.
    pub fn take(&mut self, past: &Past) {
        if self.member.as_ref().is_none_or(|member| member.id != past.member) {
            self.close_member();
            self.member = Some(OneMember::new(past.member));
        }
        let Some(member) = &mut self.member else { return };
        let day = business_day(past.at);
        member.turn_to(day);
        let again = past.concerned && (self.period.from..self.period.to).contains(&past.at);
        let points = if again { member.decide(self.rules, past) } else { past.points };
        member.count(past.rule, points);
        if again {
            let month = self.outcome.months.entry(day.format("%Y-%m").to_string()).or_default();
            for totals in [&mut member.totals, &mut self.outcome.totals, month] {
                totals.before += past.points;
                totals.after += points;
            }
            member.events += 1;
            self.outcome.events += 1;
        }
    }

    /// Ends the replay.
    pub fn end(mut self) -> Outcome {
        self.close_member();
        self.outcome
    }

    fn close_member(&mut self) {
        let Some(member) = self.member.take().filter(|member| member.events > 0) else { return };
        let (outcome, totals) = (&mut self.outcome, member.totals);
        outcome.members += 1;
        let change = totals.after - totals.before;
        if change == 0 {
            return;
        }
        let side = if change > 0 { &mut outcome.gainers } else { &mut outcome.losers };
        side.members += 1;
        side.points += change.abs();
        let extent = |totals: &Totals| (totals.after - totals.before).abs();
        let place = outcome.largest.partition_point(|(_, other)| extent(other) >= change.abs());
        outcome.largest.insert(place, (member.id, totals));
        outcome.largest.truncate(LARGEST);
    }
}

impl OneMember {
    fn new(id: MemberId) -> Self {
        let (times, totals) = (HashMap::new(), Totals::default());
        Self { id, day: None, earned: Earned::default(), times, events: 0, totals }
    }

    /// Forgets what was earned in a day, month or year that is over.
    fn turn_to(&mut self, day: NaiveDate) {
        let Some(before) = self.day.replace(day).filter(|before| *before != day) else { return };
        self.earned.day = 0;
        self.times.clear();
        if (before.year(), before.month()) != (day.year(), day.month()) {
            self.earned.month = 0;
        }
        if before.year() != day.year() {
            self.earned.year = 0;
        }
    }

    fn decide(&self, rules: &Rulebook, past: &Past) -> i64 {
        let (timed_minutes, made_up_minutes, starts_at) = (past.timed_minutes, past.made_up_minutes, past.at);
        let served = |kind, evaluation, (own_duty, excluded)| {
            let service = Service { timed_minutes, made_up_minutes, kind, evaluation, starts_at, own_duty, excluded };
            credit_for_service(rules, &service, self.earned)
        };
        let decision = match past.rule {
            EarnRule::Service { kind, evaluation, .. } => served(kind, evaluation, (false, false)),
            EarnRule::OwnDuty { kind, evaluation } => served(kind, evaluation, (true, false)),
            EarnRule::Excluded { kind, evaluation } => served(kind, evaluation, (false, true)),
            EarnRule::Event(event) => {
                let times = self.times.get(&event).copied().unwrap_or(0);
                credit_for_event(rules, event, times, self.earned)
            }
        };
        decision.points
    }

    fn count(&mut self, rule: EarnRule, points: i64) {
        self.earned.month += points;
        self.earned.year += points;
        if rule.is_under_day_cap() {
            self.earned.day += points;
        }
        if let EarnRule::Event(event) = rule {
            *self.times.entry(event).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::service::{Evaluation, ServiceKind};

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn member(number: u128) -> MemberId {
        MemberId::new(Uuid::from_u128(number))
    }

    fn served(number: u128, minutes: i64, begun: &str, points: i64) -> Past {
        Past {
            member: member(number),
            rule: EarnRule::Service { kind: ServiceKind::General, evaluation: Evaluation::B, off: false },
            timed_minutes: minutes,
            made_up_minutes: 0,
            at: at(begun),
            points,
            concerned: true,
        }
    }

    fn replay(rules: &Rulebook, pasts: &[Past]) -> Outcome {
        let period = Period { from: at("2026-03-01T00:00:00+08:00"), to: at("2026-05-01T00:00:00+08:00") };
        assert_eq!(period.remembered_from(), at("2026-01-01T00:00:00+08:00"));
        let mut replay = Replay::begin(rules, period);
        for past in pasts {
            replay.take(past);
        }
        replay.end()
    }

    #[test]
    fn the_same_rules_change_nothing() {
        let pasts = [
            served(1, 240, "2026-03-02T09:00:00+08:00", 40),
            served(1, 240, "2026-03-02T14:00:00+08:00", 20),
            served(2, 20, "2026-04-02T14:00:00+08:00", 0),
        ];
        let outcome = replay(&Rulebook::default_rules(), &pasts);
        assert_eq!((outcome.events, outcome.members, outcome.totals), (3, 2, Totals { before: 60, after: 60 }));
        assert_eq!((outcome.gainers, outcome.losers, outcome.largest.len()), (Side::default(), Side::default(), 0));
        let months: Vec<_> = outcome.months.iter().map(|(month, totals)| (month.as_str(), totals.after)).collect();
        assert_eq!(months, [("2026-03", 60), ("2026-04", 0)]);
    }

    #[test]
    fn who_gains_and_who_loses_is_told_with_the_largest_changes_first() {
        let mut rules = Rulebook::default_rules();
        rules.earning.points_per_half_hour = 10;
        rules.earning.day_cap = 30;
        let pasts = [
            served(1, 60, "2026-03-02T09:00:00+08:00", 10),
            served(2, 240, "2026-03-02T09:00:00+08:00", 40),
            served(2, 240, "2026-03-02T14:00:00+08:00", 20),
            served(3, 30, "2026-04-02T14:00:00+08:00", 5),
        ];
        let outcome = replay(&rules, &pasts);
        assert_eq!(outcome.totals, Totals { before: 75, after: 60 });
        assert_eq!(
            (outcome.gainers, outcome.losers),
            (Side { members: 2, points: 15 }, Side { members: 1, points: 30 })
        );
        let largest: Vec<_> = outcome.largest.iter().map(|(id, totals)| (*id, totals.after - totals.before)).collect();
        assert_eq!(largest, [(member(2), -30), (member(1), 10), (member(3), 5)]);
    }

    #[test]
    fn what_the_rules_do_not_concern_stays_and_counts_towards_the_caps() {
        let mut rules = Rulebook::default_rules();
        rules.earning.points_per_half_hour = 50;
        (rules.earning.day_cap, rules.earning.month_cap, rules.earning.year_cap) = (0, 120, 150);
        let elsewhere = Past { concerned: false, ..served(1, 240, "2026-03-03T09:00:00+08:00", 40) };
        let pasts = [
            served(1, 240, "2026-02-27T09:00:00+08:00", 40),
            elsewhere,
            served(1, 60, "2026-03-04T09:00:00+08:00", 10),
            served(1, 60, "2026-04-04T09:00:00+08:00", 10),
            served(1, 60, "2026-05-01T00:00:00+08:00", 10),
        ];
        let outcome = replay(&rules, &pasts);
        let after: Vec<_> = outcome.months.values().map(|totals| totals.after).collect();
        assert_eq!(after, [70, 0], "40 before the period and 40 elsewhere leave 70 of the year");
        assert_eq!((outcome.events, outcome.totals.before), (2, 20));
    }

    #[test]
    fn own_duty_and_what_was_served_while_earning_was_stopped_earn_nothing_under_any_rules() {
        let mut rules = Rulebook::default_rules();
        (rules.earning.points_per_half_hour, rules.coefficients.emergency_bp) = (50, 30_000);
        let (kind, evaluation) = (ServiceKind::Emergency, Evaluation::A);
        for rule in [EarnRule::OwnDuty { kind, evaluation }, EarnRule::Excluded { kind, evaluation }] {
            let outcome = replay(&rules, &[Past { rule, ..served(1, 240, "2026-03-02T09:00:00+08:00", 0) }]);
            assert_eq!((outcome.events, outcome.totals), (1, Totals::default()), "{rule:?}");
        }
    }

    #[test]
    fn bravery_takes_no_room_from_the_service_of_its_day() {
        let bravery = EarnRule::Event(RewardedEvent::Bravery);
        let pasts = [
            Past { rule: bravery, ..served(1, 0, "2026-03-02T08:00:00+08:00", 100) },
            served(1, 240, "2026-03-02T09:00:00+08:00", 40),
            served(1, 240, "2026-03-02T14:00:00+08:00", 20),
        ];
        let outcome = replay(&Rulebook::default_rules(), &pasts);
        assert_eq!(outcome.totals, Totals { before: 160, after: 160 });
    }

    #[test]
    fn events_of_a_day_are_counted_and_only_ten_changes_are_kept() {
        let mut rules = Rulebook::default_rules();
        rules.events.issue_valid = 4;
        rules.events.issues_per_day = 2;
        let report = |number| Past {
            rule: EarnRule::Event(RewardedEvent::IssueValid),
            ..served(number, 0, "2026-03-02T09:00:00+08:00", 3)
        };
        let pasts: Vec<_> = (1..=12).flat_map(|number| [report(number), report(number), report(number)]).collect();
        let outcome = replay(&rules, &pasts);
        assert_eq!(outcome.losers, Side { members: 12, points: 12 }, "nine points each became eight");
        assert_eq!(outcome.largest.len(), 10);
    }
}
