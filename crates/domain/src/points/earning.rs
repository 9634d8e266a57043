//! Earning (积分核算): how many points the rulebook gives, with every number that led there.

use super::Rulebook;
use crate::code::{Code, codes};
use crate::service::{Evaluation, ServiceKind};

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
}

/// What the member had earned before, in the day, month and year of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earned {
    /// On the business day.
    pub day: i64,
    /// In its month.
    pub month: i64,
    /// In its year.
    pub year: i64,
}

codes! {
    /// The cap that cut a credit.
    Cap {
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
    },
    /// The first residency of a lifetime, once a community accepted it.
    FirstResidency,
}

impl EarnRule {
    /// The rule's key, such as `service.general.a`.
    pub fn key(self) -> String {
        match self {
            Self::Service { kind, evaluation } => format!("service.{}.{}", kind.code(), evaluation.code()),
            Self::FirstResidency => "event.first_residency".into(),
        }
    }

    /// Reads a key.
    pub fn from_key(key: &str) -> Option<Self> {
        let mut parts = key.split('.');
        match (parts.next()?, parts.next()?, parts.next(), parts.next()) {
            ("service", kind, Some(evaluation), None) => Some(Self::Service {
                kind: ServiceKind::from_code(kind)?,
                evaluation: Evaluation::from_code(evaluation)?,
            }),
            ("event", "first_residency", None, None) => Some(Self::FirstResidency),
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
    let coefficient_bp =
        product(rules.coefficients.of_kind(service.kind), rules.coefficients.of_evaluation(service.evaluation));
    let uncapped_points = base_points.saturating_mul(coefficient_bp.into()) / ONE;
    let (points, cap) = cut(rules, uncapped_points, earned);
    CreditDecision {
        rule: EarnRule::Service { kind: service.kind, evaluation: service.evaluation },
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

/// Works out what the first residency of a lifetime earns.
pub fn credit_for_first_residency(rules: &Rulebook, earned: Earned) -> CreditDecision {
    let flat = rules.events.first_residency.max(0);
    let (points, cap) = cut(rules, flat, earned);
    CreditDecision {
        rule: EarnRule::FirstResidency,
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

/// Cuts points to the tightest cap; of equally tight ones the shortest period is named.
fn cut(rules: &Rulebook, points: i64, earned: Earned) -> (i64, Option<Cap>) {
    let caps = [
        (Cap::Day, rules.earning.day_cap, earned.day),
        (Cap::Month, rules.earning.month_cap, earned.month),
        (Cap::Year, rules.earning.year_cap, earned.year),
    ];
    let room = caps
        .into_iter()
        .filter(|(_, most, _)| *most > 0)
        .map(|(cap, most, earned)| (cap, (most - earned).max(0)))
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
        Service { timed_minutes: minutes, made_up_minutes: 0, kind, evaluation }
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
        let service =
            Service { timed_minutes: 30, made_up_minutes: 60, kind: ServiceKind::General, evaluation: Evaluation::B };
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
    fn a_rule_is_read_back_from_its_key() {
        for kind in ServiceKind::ALL {
            let rule = EarnRule::Service { kind: *kind, evaluation: Evaluation::A };
            assert_eq!(EarnRule::from_key(&rule.key()), Some(rule));
        }
        assert_eq!(EarnRule::from_key(&EarnRule::FirstResidency.key()), Some(EarnRule::FirstResidency));
        for key in ["", "service", "service.general", "service.general.z", "service.general.a.b", "event.x"] {
            assert_eq!(EarnRule::from_key(key), None, "{key}");
        }
    }
}
