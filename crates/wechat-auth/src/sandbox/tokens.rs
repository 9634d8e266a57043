//! Access tokens as stable_token keeps them: one at a time, and a reason why any other is bad.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use super::refused::Refused;

const LIFE: Duration = Duration::from_hours(2);
const OVERLAP: Duration = Duration::from_mins(5);
const BETWEEN_FORCED: Duration = Duration::from_secs(30);
const REMEMBERED: usize = 32;

#[derive(Default)]
pub(super) struct Tokens {
    /// Oldest first; only the last is handed out.
    issued: VecDeque<Token>,
    forced: Option<Instant>,
}

struct Token {
    text: String,
    expires: Instant,
    superseded: bool,
}

impl Tokens {
    /// The token and its remaining seconds: the same until its last five minutes, then a new one
    /// beside it. Forcing kills the old ones, at most every 30 s, else it changes nothing.
    pub(super) fn stable(&mut self, force: bool, now: Instant) -> (String, u64) {
        let may_force = self.forced.is_none_or(|at| now.duration_since(at) >= BETWEEN_FORCED);
        if force && may_force {
            self.forced = Some(now);
            self.supersede();
        }
        let current = self.issued.back().filter(|t| !t.superseded && t.expires > now + OVERLAP);
        if let Some(token) = current {
            let remaining = token.expires.duration_since(now).as_secs();
            return (token.text.clone(), remaining);
        }
        let text = mint();
        self.issued.push_back(Token { text: text.clone(), expires: now + LIFE, superseded: false });
        if self.issued.len() > REMEMBERED {
            self.issued.pop_front();
        }
        (text, LIFE.as_secs())
    }

    /// Whether a call with this token may go on.
    pub(super) fn check(&self, token: Option<&str>, now: Instant) -> Result<(), Refused> {
        let Some(token) = token.filter(|t| !t.is_empty()) else {
            return Err(Refused(41001, "access_token missing"));
        };
        match self.issued.iter().find(|t| t.text == token) {
            None => Err(Refused(40014, "invalid access_token")),
            Some(t) if t.superseded => Err(Refused(40001, "invalid credential, access_token is invalid or not latest")),
            Some(t) if t.expires <= now => Err(Refused(42001, "access_token expired")),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn expire(&mut self, now: Instant) {
        for token in &mut self.issued {
            token.expires = now;
        }
    }

    pub(super) fn supersede(&mut self) {
        for token in &mut self.issued {
            token.superseded = true;
        }
    }

    pub(super) fn forget(&mut self) {
        self.issued.clear();
    }
}

/// As long as WeChat's, which callers are told to leave 512 characters for.
fn mint() -> String {
    let random = RandomState::new();
    (0..8_u8).fold("SIM_AT_".to_owned(), |text, i| format!("{text}{:016x}", random.hash_one(i)))
}

#[cfg(test)]
mod tests {
    use super::{LIFE, Tokens};
    use std::time::{Duration, Instant};

    #[test]
    fn the_last_five_minutes_bring_a_second_token_and_spare_the_first() {
        let now = Instant::now();
        let mut tokens = Tokens::default();
        let (first, _) = tokens.stable(false, now);
        let late = now + Duration::from_mins(115);
        let before = now + Duration::from_mins(114);
        assert_eq!(tokens.stable(false, before), (first.clone(), 360));
        let (second, remaining) = tokens.stable(false, late);
        assert_ne!(first, second);
        assert_eq!(remaining, 7200);
        assert_eq!(tokens.check(Some(&first), late), Ok(()));
        let refused = tokens.check(Some(&first), now + LIFE).expect_err("expired");
        assert_eq!(refused.0, 42001);
    }

    #[test]
    fn forcing_kills_the_old_token_but_not_twice_in_thirty_seconds() {
        let now = Instant::now();
        let mut tokens = Tokens::default();
        let (first, _) = tokens.stable(false, now);
        let (second, _) = tokens.stable(true, now);
        assert_eq!(tokens.check(Some(&first), now).map_err(|r| r.0), Err(40001));
        let soon = now + Duration::from_secs(29);
        assert_eq!(tokens.stable(true, soon).0, second);
        assert_ne!(tokens.stable(true, soon + Duration::from_secs(1)).0, second);
    }
}
