//! Absences (缺席): staying away and giving a seat back too late pause signing up for a while; points are never taken.

use chrono::Duration;

use crate::time::Instant;

/// Until how long before the start a seat may be given back freely.
pub const CANCEL_FREE: Duration = Duration::hours(24);

/// How far back absences are looked for: a year, and the longest pause that may still run.
pub const REMEMBERED: Duration = Duration::days(365 + 180);

/// So many absences within a year pause signing up for so many days after the last.
const PAUSES: [(usize, i64); 2] = [(5, 180), (3, 30)];

/// A pause of signing up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// How many absences there were within a year.
    pub absences: usize,
    /// When one may sign up again.
    pub until: Instant,
}

/// The pause that follows from these absences, which may be over.
pub fn pause(absences: &[Instant]) -> Option<Pause> {
    let last = *absences.iter().max()?;
    let within_a_year = absences.iter().filter(|at| last - **at < Duration::days(365)).count();
    let (_, days) = PAUSES.into_iter().find(|(least, _)| within_a_year >= *least)?;
    Some(Pause { absences: within_a_year, until: last + Duration::days(days) })
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }

    #[test]
    fn absences_of_an_earlier_year_are_forgotten() {
        assert_eq!(pause(&[after(0), after(1), after(365)]), None);
        assert_eq!(pause(&[after(1), after(2), after(365)]).map(|pause| pause.absences), Some(3));
    }
}
