//! Which codes were used, and how often a person logged in: in bounded memory.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

const REMEMBERED: Duration = Duration::from_mins(10);
const MOST: usize = 100_000;
const LOGINS_PER_MINUTE: u32 = 100;

/// Texts seen in the last ten minutes, at most a hundred thousand of them.
#[derive(Default)]
pub(super) struct UsedCodes {
    seen: HashSet<Arc<str>>,
    order: VecDeque<(Instant, Arc<str>)>,
}

impl UsedCodes {
    /// Whether the text comes for the first time; from now on it does not.
    pub(super) fn first_use(&mut self, text: &str, now: Instant) -> bool {
        while let Some((since, oldest)) = self.order.front()
            && (now.duration_since(*since) > REMEMBERED || self.order.len() >= MOST)
        {
            self.seen.remove(oldest);
            self.order.pop_front();
        }
        let text: Arc<str> = text.into();
        let first = self.seen.insert(Arc::clone(&text));
        if first {
            self.order.push_back((now, text));
        }
        first
    }
}

/// Logins by person within the running minute.
pub(super) struct LoginRate {
    minute: Instant,
    counts: HashMap<String, u32>,
}

impl LoginRate {
    pub(super) fn new(now: Instant) -> Self {
        Self { minute: now, counts: HashMap::new() }
    }

    /// Counts one login; false beyond a hundred a minute.
    pub(super) fn allow(&mut self, person: &str, now: Instant) -> bool {
        if now.duration_since(self.minute) >= Duration::from_mins(1) {
            *self = Self::new(now);
        }
        let count = self.counts.entry(person.to_owned()).or_default();
        *count = count.saturating_add(1);
        *count <= LOGINS_PER_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::{LoginRate, MOST, REMEMBERED, UsedCodes};
    use std::time::{Duration, Instant};

    #[test]
    fn a_code_is_remembered_for_ten_minutes_and_memory_is_bounded() {
        let now = Instant::now();
        let mut used = UsedCodes::default();
        assert!(used.first_use("a", now));
        assert!(!used.first_use("a", now + REMEMBERED));
        assert!(used.first_use("a", now + REMEMBERED + Duration::from_secs(1)));
        for i in 0..MOST + 10 {
            used.first_use(&i.to_string(), now + REMEMBERED);
        }
        assert_eq!((used.seen.len(), used.order.len()), (MOST, MOST));
    }

    #[test]
    fn the_login_rate_forgets_after_a_minute() {
        let now = Instant::now();
        let mut rate = LoginRate::new(now);
        assert_eq!((0..120).filter(|_| rate.allow("a", now)).count(), 100);
        assert!(rate.allow("b", now));
        assert!(rate.allow("a", now + Duration::from_mins(1)));
    }
}
