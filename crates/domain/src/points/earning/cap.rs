//! Caps (上限): how much a day, a month and a year give at most.

use crate::code::codes;
use crate::points::Rulebook;
use crate::time::{Instant, business_day, start_of_month, start_of_year};

/// What the member had earned before, in the day, month and year of the service. The day's is what its cap knows; see
/// [`super::RewardedEvent::is_under_day_cap`].
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

/// Each cap with its most and what was earned under it, the shortest period first.
pub(super) fn caps(rules: &Rulebook, earned: Earned) -> [(Cap, i64, i64); 3] {
    let most = &rules.earning;
    [
        (Cap::Day, most.day_cap, earned.day),
        (Cap::Month, most.month_cap, earned.month),
        (Cap::Year, most.year_cap, earned.year),
    ]
}

/// Cuts points to the tightest cap; of equally tight ones the shortest period is named.
pub(super) fn cut(caps: &[(Cap, i64, i64)], points: i64) -> (i64, Option<Cap>) {
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
}
