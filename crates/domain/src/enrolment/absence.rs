//! Absences (缺席): staying away and giving a seat back too late pause signing up for a while; points are never taken.

use chrono::Duration;

use crate::points::rulebook::Absence;
use crate::time::Instant;

/// How far back absences are looked for: a year, and the longest pause that the rules may set.
pub const REMEMBERED: Duration = Duration::days(365 + 365);

/// A pause of signing up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// How many absences there were within a year.
    pub absences: usize,
    /// When one may sign up again.
    pub until: Instant,
}

/// The pause that follows from these absences under the rules, which may be over.
pub fn pause(absences: &[Instant], rules: &Absence) -> Option<Pause> {
    let long = (rules.absences_for_long_pause, rules.long_pause_days);
    let short = (rules.absences_for_pause, rules.pause_days);
    let last = *absences.iter().max()?;
    let within_a_year = absences.iter().filter(|at| last - **at < Duration::days(365)).count();
    let reached = |least: u32| usize::try_from(least).is_ok_and(|least| within_a_year >= least);
    let (_, days) = [long, short].into_iter().find(|(least, _)| reached(*least))?;
    Some(Pause { absences: within_a_year, until: last + Duration::days(days.into()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(absences: &[Instant]) -> Option<Pause> {
        super::pause(absences, &Absence::default())
    }

    fn after(days: i64) -> Instant {
        Instant::UNIX_EPOCH + Duration::days(days)
    }

    #[test]
    fn three_and_five_absences_within_a_year_pause() {
        assert_eq!(pause(&[]), None);
        assert_eq!(pause(&[after(1), after(2)]), None);
        assert_eq!(pause(&[after(3), after(1), after(2)]), Some(Pause { absences: 3, until: after(33) }));
        let five = [after(1), after(2), after(3), after(4), after(5)];
        assert_eq!(pause(&five), Some(Pause { absences: 5, until: after(185) }));
        let strict = Absence { absences_for_pause: 1, pause_days: 7, ..Absence::default() };
        assert_eq!(super::pause(&[after(1)], &strict), Some(Pause { absences: 1, until: after(8) }));
    }

    #[test]
    fn absences_of_an_earlier_year_are_forgotten() {
        assert_eq!(pause(&[after(0), after(1), after(365)]), None);
        assert_eq!(pause(&[after(1), after(2), after(365)]).map(|pause| pause.absences), Some(3));
    }
}
