//! The rules that give points, and the keys under which they are kept.

use super::RewardedEvent;
use crate::code::Code;
use crate::service::{Evaluation, ServiceKind};

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

#[cfg(test)]
mod tests {
    use super::*;

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
