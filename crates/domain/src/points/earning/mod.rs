//! Earning (积分核算): how many points the rulebook gives, with every number that led there.

mod cap;
mod event;
mod rule;

pub use self::cap::{Cap, Earned};
use self::cap::{caps, cut};
pub use self::event::RewardedEvent;
pub use self::rule::EarnRule;
use super::Rulebook;
use crate::service::{Evaluation, ServiceKind};
use crate::time::Instant;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;

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
}
