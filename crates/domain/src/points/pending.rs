//! Pending points (待生效积分): what confirmed service will give once its publicity is over, if nothing changes meanwhile.

use super::{CreditDecision, Earned, Rulebook, Service, credit_for_service};
use crate::time::Instant;

/// Confirmed service that is not credited yet.
#[derive(Clone, Debug)]
pub struct Awaited {
    /// The service.
    pub service: Service,
    /// When it was served.
    pub served_at: Instant,
    /// The rules that held then.
    pub rules: Rulebook,
    /// What was earned already in that day, month and year.
    pub earned: Earned,
}

/// Foresees the credits for service in the order in which it will be credited: what comes first takes room under the caps
/// from what comes later. It asks the very function that will decide.
pub fn foresee(awaited: &[Awaited]) -> Vec<CreditDecision> {
    let mut foreseen: Vec<(Instant, CreditDecision)> = Vec::with_capacity(awaited.len());
    for one in awaited {
        let earned =
            foreseen.iter().fold(one.earned, |earned, (at, credit)| earned.with(one.served_at, *at, credit.points));
        foreseen.push((one.served_at, credit_for_service(&one.rules, &one.service, earned)));
    }
    foreseen.into_iter().map(|(_, credit)| credit).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Cap;
    use super::super::sample::at;
    use super::*;
    use crate::service::{Evaluation, ServiceKind};

    #[test]
    fn what_is_credited_first_takes_the_room_under_the_caps() {
        let (kind, evaluation) = (ServiceKind::General, Evaluation::B);
        let (starts_at, own_duty, excluded) = (at(0), false, false);
        let service =
            Service { timed_minutes: 240, made_up_minutes: 0, kind, evaluation, starts_at, own_duty, excluded };
        let awaited = |served_at, earned| Awaited { service, served_at, rules: Rulebook::default_rules(), earned };
        let earned = Earned { day: 10, month: 10, year: 10 };
        let hour = chrono::Duration::hours(1);
        let credits =
            foresee(&[awaited(at(0), earned), awaited(at(0) + hour, earned), awaited(at(1), Earned::default())]);
        let points: Vec<_> = credits.iter().map(|credit| (credit.points, credit.cap)).collect();
        assert_eq!(points, [(40, None), (10, Some(Cap::Day)), (40, None)]);
        assert!(foresee(&[]).is_empty());
        let duty = Awaited { service: Service { own_duty: true, ..service }, ..awaited(at(0), earned) };
        let points: Vec<_> = foresee(&[duty, awaited(at(0), earned)]).iter().map(|credit| credit.points).collect();
        assert_eq!(points, [0, 40], "own duty takes no room");
    }
}
