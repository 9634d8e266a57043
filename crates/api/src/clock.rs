//! Two clocks, both injected: wall time for tokens and codes, business time for rules. Both tick in microseconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{Duration, DurationRound};
use domain::time::Instant;

/// What time it is. Clones tell the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_seconds: Arc<AtomicI64>,
    wall_ahead_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// Wall time.
    pub fn wall(&self) -> Instant {
        #[expect(clippy::disallowed_methods, reason = "the one place where time is read")]
        let now = chrono::Utc::now() + Duration::seconds(self.wall_ahead_seconds.load(Ordering::Relaxed));
        now.duration_trunc(Duration::microseconds(1)).unwrap_or(now)
    }

    /// Business time: the wall's, moved ahead in the development profile.
    pub fn business(&self) -> Instant {
        self.wall() + Duration::seconds(self.ahead_seconds())
    }

    /// How far business time is ahead of the wall.
    pub fn ahead_seconds(&self) -> i64 {
        self.ahead_seconds.load(Ordering::Relaxed)
    }

    /// Moves business time.
    pub fn set_ahead_seconds(&self, seconds: i64) {
        self.ahead_seconds.store(seconds, Ordering::Relaxed);
    }

    /// Moves the wall's time too, for tests of tokens and codes that grow old.
    pub fn advance_wall(&self, by: Duration) {
        self.wall_ahead_seconds.fetch_add(by.num_seconds(), Ordering::Relaxed);
    }
}
