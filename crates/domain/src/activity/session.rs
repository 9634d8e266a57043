//! Sessions (场次): the hours of an activity and its seats.

use chrono::Duration;

use super::Plan;
use crate::id::{ActivityId, ActivitySessionId};
use crate::time::Instant;

/// How long before the start one may check in, and how long after the end one may still check out.
pub const CODE_MARGIN: Duration = Duration::minutes(60);

/// One session of an activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session.
    pub id: ActivitySessionId,
    /// Its activity.
    pub activity: ActivityId,
    /// The planned start.
    pub starts_at: Instant,
    /// The planned end.
    pub ends_at: Instant,
    /// When enrolment ends.
    pub enrolment_closes_at: Instant,
    /// How many seats there are.
    pub capacity: i32,
    /// How many are taken.
    pub enrolled: i32,
}

impl Session {
    /// A session as it was planned, with every seat free.
    pub fn planned(id: ActivitySessionId, activity: ActivityId, plan: &Plan) -> Self {
        Self {
            id,
            activity,
            starts_at: plan.starts_at,
            ends_at: plan.ends_at,
            enrolment_closes_at: plan.enrolment_closes_at,
            capacity: plan.capacity,
            enrolled: 0,
        }
    }

    /// Whether a seat is left.
    pub fn has_seat(&self) -> bool {
        self.enrolled < self.capacity
    }

    /// Whether the lead may show attendance codes now.
    pub fn shows_codes(&self, now: Instant) -> bool {
        self.starts_at - CODE_MARGIN <= now && now <= self.ends_at + CODE_MARGIN
    }

    /// Whether the session and those hours have a moment in common.
    pub fn overlaps(&self, starts_at: Instant, ends_at: Instant) -> bool {
        self.starts_at < ends_at && starts_at < self.ends_at
    }

    /// The minutes served between two scans, from the minute of the first to the minute of the second as a clock shows
    /// them: coming early and staying on are not counted, coming in the first minute is not late.
    pub fn minutes_served(&self, came_at: Instant, went_at: Instant) -> i64 {
        let minute = |at: Instant| at.timestamp().div_euclid(60);
        let from = came_at.max(self.starts_at);
        let to = went_at.min(self.ends_at);
        (minute(to) - minute(from)).max(0)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;

    pub(crate) fn at(minutes: i64) -> Instant {
        Instant::UNIX_EPOCH + Duration::minutes(minutes)
    }

    /// From minute 1,000 to minute 1,120; enrolment closes at minute 900.
    pub(crate) fn session(capacity: i32) -> Session {
        Session {
            id: ActivitySessionId::new(Uuid::from_u128(11)),
            activity: ActivityId::new(Uuid::from_u128(1)),
            starts_at: at(1000),
            ends_at: at(1120),
            enrolment_closes_at: at(900),
            capacity,
            enrolled: 0,
        }
    }

    #[test]
    fn only_planned_minutes_count() {
        let session = session(1);
        let served = |came, went| session.minutes_served(at(came), at(went));
        assert_eq!(served(1000, 1120), 120);
        assert_eq!(served(950, 1200), 120);
        assert_eq!(served(1010, 1100), 90);
        assert_eq!(served(950, 990), 0);
        assert_eq!(served(1119, 1300), 1);
        let moment = Duration::microseconds(1);
        assert_eq!(session.minutes_served(at(1000), at(1030) - moment), 29);
        assert_eq!(session.minutes_served(at(1001) - moment, at(1120)), 120);
        assert_eq!(session.minutes_served(at(1001), at(1120)), 119);
    }

    #[test]
    fn sessions_that_only_touch_do_not_overlap() {
        let session = session(1);
        assert!(!session.overlaps(at(900), at(1000)));
        assert!(!session.overlaps(at(1120), at(1130)));
        assert!(session.overlaps(at(900), at(1001)));
        assert!(session.overlaps(at(1119), at(1130)));
        assert!(session.overlaps(at(1050), at(1060)));
        assert!(session.overlaps(at(900), at(1200)));
    }

    #[test]
    fn codes_are_shown_from_an_hour_before_to_an_hour_after() {
        let session = session(1);
        assert!(!session.shows_codes(at(939)));
        assert!(session.shows_codes(at(940)));
        assert!(session.shows_codes(at(1180)));
        assert!(!session.shows_codes(at(1181)));
    }
}
