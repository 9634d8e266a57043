//! Earning (积分核算): how many points the rulebook gives, with every number that led there.

use super::Rulebook;
use super::rulebook::Events;
use crate::code::{Code, codes};
use crate::service::{Evaluation, ServiceKind};
use crate::time::{Instant, business_day, start_of_month, start_of_year};

const ONE: i64 = 10_000;

/// Verified service that asks for points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// Minutes between check-in and check-out.
    pub timed_minutes: i64,
    /// Minutes that were made up afterwards (补录).
    pub made_up_minutes: i64,
    /// What kind of service it was.
    pub kind: ServiceKind,
    /// How it was judged.
    pub evaluation: Evaluation,
    /// When its session began, by the plan: the hour and day that may be off.
    pub starts_at: Instant,
    /// Whether it was the member's own duty, done in working hours: its hours count, and it earns nothing.
    pub own_duty: bool,
    /// Whether the member's unit had stopped what they earn: the hours count, and it earns nothing.
    pub excluded: bool,
}

codes! {
    /// A single event that the rules reward.
    RewardedEvent {
        WishDone = "wish_done", "完成微心愿";
        FirstResidency = "first_residency", "首次报到奖励";
        PostDutyMonth = "post_duty_month", "履行设岗定责";
        IssueValid = "issue_valid", "有效随手拍";
        IssueClosed = "issue_closed", "随手拍办结";
        PatrolPoint = "patrol_point", "巡查点位打卡";
        ProposalAdopted = "proposal_adopted", "议事建议被采纳";
        CoopItemDone = "coop_item_done", "完成共建事项";
        Bravery = "bravery", "见义勇为";
    }
}

impl RewardedEvent {
    fn points(self, events: &Events) -> i64 {
        match self {
            Self::FirstResidency => events.first_residency,
            Self::PostDutyMonth => events.post_duty_month,
            Self::WishDone => events.wish_done,
            Self::IssueValid => events.issue_valid,
            Self::IssueClosed => events.issue_closed,
            Self::PatrolPoint => events.patrol_point,
            Self::ProposalAdopted => events.proposal_adopted,
            Self::CoopItemDone => events.coop_item_done,
            Self::Bravery => events.bravery,
        }
    }

    /// How many of a day are rewarded, if not all.
    pub(super) fn per_day(self, events: &Events) -> Option<u32> {
        match self {
            Self::IssueValid => Some(events.issues_per_day),
            Self::PatrolPoint => Some(events.patrol_points_per_day),
            _ => None,
        }
    }

    /// Whether the cap of a day knows the event. It keeps anybody from filling a day with easy points; bravery is the
    /// district's decision, worth more than a whole day of service, and could never be paid whole. So it is not cut by
    /// the day's cap, and takes no room from the service of its day.
    pub fn is_under_day_cap(self) -> bool {
        self != Self::Bravery
    }
}

/// What the member had earned before, in the day, month and year of the service. The day's is what its cap knows; see
/// [`RewardedEvent::is_under_day_cap`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earned {
    /// On the business day.
    pub day: i64,
    /// In its month.
    pub month: i64,
    /// In its year.
    pub year: i64,
}

impl Earned {
    /// The same for an event at an instant, with what another event earned besides: that takes room only under the caps of
    /// a day, month or year in which both lie.
    #[must_use]
    pub fn with(self, at: Instant, other: Instant, points: i64) -> Self {
        let shared = |same: bool| if same { points } else { 0 };
        Self {
            day: self.day + shared(business_day(at) == business_day(other)),
            month: self.month + shared(start_of_month(at) == start_of_month(other)),
            year: self.year + shared(start_of_year(at) == start_of_year(other)),
        }
    }
}

codes! {
    /// The cap that cut a credit.
    Cap {
        Times = "times", "当日次数上限";
        Day = "day", "当日上限";
        Month = "month", "当月上限";
        Year = "year", "当年上限";
    }
}

/// The rule that gives points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarnRule {
    /// Service, by the half-hour.
    Service {
        /// What kind of service.
        kind: ServiceKind,
        /// How it was judged.
        evaluation: Evaluation,
        /// Whether it began at night or on a day off.
        off: bool,
    },
    /// Service that was the member's own duty, done in working hours: its hours count, and it earns nothing.
    OwnDuty {
        /// What kind of service.
        kind: ServiceKind,
        /// How it was judged.
        evaluation: Evaluation,
    },
    /// Service of a member whose unit had stopped what they earn: its hours count, and it earns nothing.
    Excluded {
        /// What kind of service.
        kind: ServiceKind,
        /// How it was judged.
        evaluation: Evaluation,
    },
    /// A single event.
    Event(RewardedEvent),
}

/// Behind the key of service that began at night or on a day off.
const OFF: &str = "off";

/// Behind the key of service that was the member's own duty.
const DUTY: &str = "duty";

/// Behind the key of service of a member whose unit had stopped what they earn.
const EXCLUDED: &str = "excluded";

impl EarnRule {
    /// The rule's key, such as `service.general.a`, or `service.general.a.off` at night and on days off, or
    /// `service.general.a.duty` of own duty, or `service.general.a.excluded` while earning was stopped.
    pub fn key(self) -> String {
        let service =
            |kind: ServiceKind, evaluation: Evaluation| format!("service.{}.{}", kind.code(), evaluation.code());
        match self {
            Self::Service { kind, evaluation, off: false } => service(kind, evaluation),
            Self::Service { kind, evaluation, off: true } => format!("{}.{OFF}", service(kind, evaluation)),
            Self::OwnDuty { kind, evaluation } => format!("{}.{DUTY}", service(kind, evaluation)),
            Self::Excluded { kind, evaluation } => format!("{}.{EXCLUDED}", service(kind, evaluation)),
            Self::Event(event) => format!("event.{}", event.code()),
        }
    }

    /// Whether the cap of a day knows what it gave; see [`RewardedEvent::is_under_day_cap`].
    pub fn is_under_day_cap(self) -> bool {
        match self {
            Self::Service { .. } | Self::OwnDuty { .. } | Self::Excluded { .. } => true,
            Self::Event(event) => event.is_under_day_cap(),
        }
    }

    /// Reads a key.
    pub fn from_key(key: &str) -> Option<Self> {
        let parts: Vec<_> = key.split('.').collect();
        let judged = |kind: &str, evaluation: &str| ServiceKind::from_code(kind).zip(Evaluation::from_code(evaluation));
        let service = |kind: &str, evaluation: &str, off| {
            judged(kind, evaluation).map(|(kind, evaluation)| Self::Service { kind, evaluation, off })
        };
        match parts[..] {
            ["service", kind, evaluation] => service(kind, evaluation, false),
            ["service", kind, evaluation, OFF] => service(kind, evaluation, true),
            ["service", kind, evaluation, DUTY] => {
                judged(kind, evaluation).map(|(kind, evaluation)| Self::OwnDuty { kind, evaluation })
            }
            ["service", kind, evaluation, EXCLUDED] => {
                judged(kind, evaluation).map(|(kind, evaluation)| Self::Excluded { kind, evaluation })
            }
            ["event", event] => RewardedEvent::from_code(event).map(Self::Event),
            _ => None,
        }
    }
}

/// How many points, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditDecision {
    /// The rule.
    pub rule: EarnRule,
    /// Minutes by the clock.
    pub timed_minutes: i64,
    /// Minutes made up.
    pub made_up_minutes: i64,
    /// Minutes that count towards points.
    pub counted_minutes: i64,
    /// Points before the coefficient.
    pub base_points: i64,
    /// The coefficient, in basis points.
    pub coefficient_bp: i32,
    /// Points before caps.
    pub uncapped_points: i64,
    /// The cap that took something away.
    pub cap: Option<Cap>,
    /// What is credited; may be nothing.
    pub points: i64,
}

/// Works out what verified service earns.
pub fn credit_for_service(rules: &Rulebook, service: &Service, earned: Earned) -> CreditDecision {
    let weighed = weighed_minutes(rules, service.timed_minutes, service.made_up_minutes);
    let served = weighed.min(rules.earning.max_minutes_per_session);
    let unit = rules.earning.unit_minutes.max(1);
    let counted_minutes = served / unit * unit;
    let base_points = counted_minutes.saturating_mul(rules.earning.points_per_half_hour) / 30;
    let (rule, coefficient_bp) = weigh(rules, service);
    let uncapped_points = base_points.saturating_mul(coefficient_bp.into()) / ONE;
    let (points, cap) = cut(&caps(rules, earned), uncapped_points);
    CreditDecision {
        rule,
        timed_minutes: service.timed_minutes,
        made_up_minutes: service.made_up_minutes,
        counted_minutes,
        base_points,
        coefficient_bp,
        uncapped_points,
        cap,
        points,
    }
}

/// The rule under which service earns, and its coefficient in basis points; own duty is worth nothing, whatever its kind,
/// nor is what was served while earning was stopped. Own duty comes first: nobody need read there that something was.
fn weigh(rules: &Rulebook, service: &Service) -> (EarnRule, i32) {
    let (kind, evaluation) = (service.kind, service.evaluation);
    if service.own_duty {
        return (EarnRule::OwnDuty { kind, evaluation }, 0);
    }
    if service.excluded {
        return (EarnRule::Excluded { kind, evaluation }, 0);
    }
    let off = rules.calendar.is_off(service.starts_at);
    let judged = product(rules.coefficients.of_kind(kind), rules.coefficients.of_evaluation(evaluation));
    let coefficient_bp = if off { product(judged, rules.coefficients.night_or_holiday_bp) } else { judged };
    (EarnRule::Service { kind, evaluation, off }, coefficient_bp)
}

/// Works out what a single event earns. `times` is how often the same event of this member has happened on the business
/// day before. The caps of the month and the year cut every event; that of the day not bravery.
pub fn credit_for_event(rules: &Rulebook, event: RewardedEvent, times: u32, earned: Earned) -> CreditDecision {
    let flat = event.points(&rules.events).max(0);
    let spent = event.per_day(&rules.events).is_some_and(|most| times >= most);
    let caps = caps(rules, earned);
    let caps = if event.is_under_day_cap() { &caps[..] } else { &caps[1..] };
    let (points, cap) = if spent { (0, Some(Cap::Times)) } else { cut(caps, flat) };
    CreditDecision {
        rule: EarnRule::Event(event),
        timed_minutes: 0,
        made_up_minutes: 0,
        counted_minutes: 0,
        base_points: flat,
        coefficient_bp: 10_000,
        uncapped_points: flat,
        cap,
        points,
    }
}

/// Minutes by the clock, and of those made up as much as the rules count.
pub(super) fn weighed_minutes(rules: &Rulebook, timed: i64, made_up: i64) -> i64 {
    let made_up = made_up.max(0).saturating_mul(rules.coefficients.made_up_bp.into()) / ONE;
    timed.max(0).saturating_add(made_up)
}

fn product(first_bp: i32, second_bp: i32) -> i32 {
    let product = i64::from(first_bp.max(0)) * i64::from(second_bp.max(0)) / ONE;
    i32::try_from(product).unwrap_or(i32::MAX)
}

/// Each cap with its most and what was earned under it, the shortest period first.
fn caps(rules: &Rulebook, earned: Earned) -> [(Cap, i64, i64); 3] {
    let most = &rules.earning;
    [
        (Cap::Day, most.day_cap, earned.day),
        (Cap::Month, most.month_cap, earned.month),
        (Cap::Year, most.year_cap, earned.year),
    ]
}

/// Cuts points to the tightest cap; of equally tight ones the shortest period is named.
fn cut(caps: &[(Cap, i64, i64)], points: i64) -> (i64, Option<Cap>) {
    let room = caps
        .iter()
        .filter(|(_, most, _)| *most > 0)
        .map(|(cap, most, earned)| (*cap, (most - earned).max(0)))
        .min_by_key(|(_, room)| *room);
    match room {
        Some((cap, room)) if room < points => (room, Some(cap)),
        _ => (points, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(minutes: i64, kind: ServiceKind, evaluation: Evaluation) -> Service {
        let starts_at = Instant::UNIX_EPOCH;
        let (own_duty, excluded) = (false, false);
        Service { timed_minutes: minutes, made_up_minutes: 0, kind, evaluation, starts_at, own_duty, excluded }
    }

    fn credit(service: &Service, earned: Earned) -> CreditDecision {
        credit_for_service(&Rulebook::default_rules(), service, earned)
    }

    #[test]
    fn half_hours_are_counted_and_the_rest_is_left() {
        let cases = [(0, 0, 0), (29, 0, 0), (30, 30, 5), (59, 30, 5), (60, 60, 10), (240, 240, 40), (241, 240, 40)];
        for (minutes, counted, points) in cases {
            let decision = credit(&served(minutes, ServiceKind::General, Evaluation::B), Earned::default());
            assert_eq!((decision.counted_minutes, decision.points), (counted, points), "{minutes}");
        }
        let absurd = credit(&served(i64::MAX, ServiceKind::General, Evaluation::B), Earned::default());
        assert_eq!(absurd.points, 40);
        assert_eq!(credit(&served(-5, ServiceKind::General, Evaluation::B), Earned::default()).points, 0);
    }

    #[test]
    fn coefficients_multiply_and_fractions_fall() {
        let cases = [
            (ServiceKind::General, Evaluation::A, 12_000, 6),
            (ServiceKind::Training, Evaluation::B, 5_000, 2),
            (ServiceKind::Professional, Evaluation::A, 18_000, 9),
            (ServiceKind::Emergency, Evaluation::C, 10_000, 5),
            (ServiceKind::Emergency, Evaluation::D, 0, 0),
        ];
        for (kind, evaluation, coefficient, points) in cases {
            let decision = credit(&served(30, kind, evaluation), Earned::default());
            assert_eq!((decision.coefficient_bp, decision.points), (coefficient, points), "{kind:?} {evaluation:?}");
        }
    }

    #[test]
    fn made_up_minutes_earn_nothing_unless_the_rules_say_so() {
        let service = Service { made_up_minutes: 60, ..served(30, ServiceKind::General, Evaluation::B) };
        assert_eq!(credit(&service, Earned::default()).points, 5);
        let mut rules = Rulebook::default_rules();
        rules.coefficients.made_up_bp = 5_000;
        assert_eq!(credit_for_service(&rules, &service, Earned::default()).counted_minutes, 60);
    }

    #[test]
    fn the_tightest_cap_cuts_and_is_named() {
        let service = served(240, ServiceKind::General, Evaluation::B);
        let cases = [
            (Earned { day: 20, month: 20, year: 20 }, 40, None),
            (Earned { day: 21, month: 21, year: 21 }, 39, Some(Cap::Day)),
            (Earned { day: 60, month: 60, year: 60 }, 0, Some(Cap::Day)),
            (Earned { day: 99, month: 99, year: 99 }, 0, Some(Cap::Day)),
            (Earned { day: 0, month: 390, year: 390 }, 10, Some(Cap::Month)),
            (Earned { day: 0, month: 395, year: 2998 }, 2, Some(Cap::Year)),
        ];
        for (earned, points, cap) in cases {
            let decision = credit(&service, earned);
            assert_eq!((decision.points, decision.cap), (points, cap), "{earned:?}");
            assert_eq!(decision.uncapped_points, 40);
        }
        let mut rules = Rulebook::default_rules();
        (rules.earning.day_cap, rules.earning.month_cap, rules.earning.year_cap) = (0, 0, 0);
        let earned = Earned { day: 9_999, month: 9_999, year: 9_999 };
        assert_eq!(credit_for_service(&rules, &service, earned).points, 40);
    }

    #[test]
    fn what_was_earned_besides_takes_room_where_both_lie() {
        let at = |text: &str| text.parse::<Instant>().unwrap_or_default();
        let (before, evening) = (Earned { day: 1, month: 2, year: 3 }, at("2026-11-30T15:59:59Z"));
        let cases = [
            ("2026-11-29T16:00:00Z", (6, 7, 8)),
            ("2026-11-29T15:59:59Z", (1, 7, 8)),
            ("2026-11-30T16:00:00Z", (1, 2, 8)),
            ("2025-12-31T16:00:00Z", (1, 2, 8)),
            ("2025-12-31T15:59:59Z", (1, 2, 3)),
        ];
        for (other, (day, month, year)) in cases {
            assert_eq!(before.with(evening, at(other), 5), Earned { day, month, year }, "{other}");
        }
    }

    #[test]
    fn service_at_night_and_on_days_off_counts_more_where_the_rules_say_when_that_is() {
        let service = served(60, ServiceKind::General, Evaluation::A);
        let mut rules = Rulebook::default_rules();
        assert_eq!(credit_for_service(&rules, &service, Earned::default()).coefficient_bp, 12_000);
        // 1970 began at eight in the morning, on a Thursday.
        (rules.calendar.night_from, rules.calendar.night_until) = (8, 9);
        let decision = credit_for_service(&rules, &service, Earned::default());
        assert_eq!((decision.coefficient_bp, decision.points), (14_400, 14));
        assert_eq!(decision.rule.key(), "service.general.a.off");
        let later = Service { starts_at: Instant::UNIX_EPOCH + chrono::Duration::hours(1), ..service };
        assert_eq!(credit_for_service(&rules, &later, Earned::default()).points, 12);
    }

    #[test]
    fn own_duty_earns_nothing_whatever_it_is() {
        let mut rules = Rulebook::default_rules();
        (rules.calendar.night_from, rules.calendar.night_until) = (8, 9);
        for kind in ServiceKind::ALL {
            let duty = Service { own_duty: true, made_up_minutes: 60, ..served(240, *kind, Evaluation::A) };
            let decision = credit_for_service(&rules, &duty, Earned { day: 60, month: 400, year: 3_000 });
            assert_eq!((decision.timed_minutes, decision.made_up_minutes), (240, 60), "{kind:?}");
            assert_eq!((decision.coefficient_bp, decision.uncapped_points, decision.points), (0, 0, 0), "{kind:?}");
            assert_eq!((decision.cap, decision.rule.key()), (None, format!("service.{}.a.duty", kind.code())));
        }
    }

    #[test]
    fn what_is_served_while_earning_is_stopped_counts_its_minutes_and_earns_nothing() {
        let rules = Rulebook::default_rules();
        for kind in ServiceKind::ALL {
            let stopped = Service { excluded: true, made_up_minutes: 60, ..served(240, *kind, Evaluation::A) };
            let decision = credit_for_service(&rules, &stopped, Earned { day: 60, month: 400, year: 3_000 });
            assert_eq!((decision.timed_minutes, decision.made_up_minutes), (240, 60), "{kind:?}");
            assert_eq!((decision.coefficient_bp, decision.uncapped_points, decision.points), (0, 0, 0), "{kind:?}");
            assert_eq!((decision.cap, decision.rule.key()), (None, format!("service.{}.a.excluded", kind.code())));
            let duty = credit_for_service(&rules, &Service { own_duty: true, ..stopped }, Earned::default());
            assert_eq!(duty.rule, EarnRule::OwnDuty { kind: *kind, evaluation: Evaluation::A });
        }
    }

    #[test]
    fn an_event_earns_so_many_times_a_day_and_never_beyond_the_caps() {
        let rules = Rulebook::default_rules();
        let points = |event, times, earned| {
            let decision = credit_for_event(&rules, event, times, earned);
            (decision.points, decision.cap)
        };
        let none = Earned::default();
        assert_eq!(points(RewardedEvent::IssueValid, 2, none), (3, None));
        assert_eq!(points(RewardedEvent::IssueValid, 3, none), (0, Some(Cap::Times)));
        assert_eq!(points(RewardedEvent::PatrolPoint, 9, none), (2, None));
        assert_eq!(points(RewardedEvent::PatrolPoint, 10, none), (0, Some(Cap::Times)));
        assert_eq!(points(RewardedEvent::WishDone, 0, Earned { day: 55, month: 55, year: 55 }), (5, Some(Cap::Day)));
    }

    #[test]
    fn bravery_is_paid_beyond_the_day_but_not_beyond_the_month_and_the_year() {
        let paid = |day, month, year| {
            let decision =
                credit_for_event(&Rulebook::default_rules(), RewardedEvent::Bravery, 99, Earned { day, month, year });
            (decision.points, decision.cap)
        };
        assert_eq!(paid(0, 0, 0), (100, None));
        assert_eq!(paid(60, 300, 300), (100, None), "a day that is full");
        assert_eq!(paid(60, 310, 310), (90, Some(Cap::Month)));
        assert_eq!(paid(0, 0, 2_950), (50, Some(Cap::Year)));
        let others = RewardedEvent::ALL.iter().filter(|event| **event != RewardedEvent::Bravery);
        assert!(others.into_iter().all(|event| event.is_under_day_cap()));
    }

    #[test]
    fn a_rule_is_read_back_from_its_key() {
        for kind in ServiceKind::ALL {
            for off in [false, true] {
                let rule = EarnRule::Service { kind: *kind, evaluation: Evaluation::A, off };
                assert_eq!(EarnRule::from_key(&rule.key()), Some(rule));
            }
            let rule = EarnRule::OwnDuty { kind: *kind, evaluation: Evaluation::D };
            assert_eq!(EarnRule::from_key(&rule.key()), Some(rule));
            let rule = EarnRule::Excluded { kind: *kind, evaluation: Evaluation::D };
            assert_eq!(EarnRule::from_key(&rule.key()), Some(rule));
        }
        for event in RewardedEvent::ALL {
            let rule = EarnRule::Event(*event);
            assert_eq!(EarnRule::from_key(&rule.key()), Some(rule));
        }
        for key in [
            "",
            "service",
            "service.general",
            "service.general.z",
            "service.general.a.b",
            "service.duty",
            "event.x",
            "event",
        ] {
            assert_eq!(EarnRule::from_key(key), None, "{key}");
        }
    }
}
