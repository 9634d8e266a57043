//! What a running sandbox remembers.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use super::{
    code::{self, Code, Fault},
    codes::{LoginRate, UsedCodes},
    refused::Refused,
    tokens::Tokens,
};

/// How often each endpoint was asked, refusals included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// `/sns/jscode2session`
    pub logins: u64,
    /// `/cgi-bin/stable_token`
    pub tokens: u64,
    /// `/wxa/business/getuserphonenumber`
    pub phone_numbers: u64,
}

pub(super) struct State {
    used: Mutex<UsedCodes>,
    rate: Mutex<LoginRate>,
    tokens: Mutex<Tokens>,
    pub(super) logins_asked: AtomicU64,
    pub(super) tokens_asked: AtomicU64,
    pub(super) phone_numbers_asked: AtomicU64,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            used: Mutex::default(),
            rate: Mutex::new(LoginRate::new(Instant::now())),
            tokens: Mutex::default(),
            logins_asked: AtomicU64::default(),
            tokens_asked: AtomicU64::default(),
            phone_numbers_asked: AtomicU64::default(),
        }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            logins: self.logins_asked.load(Ordering::Relaxed),
            tokens: self.tokens_asked.load(Ordering::Relaxed),
            phone_numbers: self.phone_numbers_asked.load(Ordering::Relaxed),
        }
    }

    pub(super) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        locked(&self.tokens)
    }

    /// Whether the person may log in once more this minute.
    pub(super) fn allow_login(&self, person: &str) -> bool {
        locked(&self.rate).allow(person, Instant::now())
    }

    /// Uses a code up, unless WeChat is too busy to look at it; `used` is the errcode of a code
    /// that comes again.
    pub(super) fn use_up(&self, code: &Code<'_>, used: i64) -> Result<(), Refused> {
        let mut codes = locked(&self.used);
        let now = Instant::now();
        let busy = match code.fault {
            Some(Fault::Busy) => true,
            Some(Fault::BusyOnce) => codes.first_use(&format!("busy {}", code.text), now),
            _ => false,
        };
        if busy {
            return Err(Refused(-1, "system error"));
        }
        if !codes.first_use(code.text, now) {
            return Err(Refused(used, "code been used"));
        }
        Ok(())
    }
}

/// A code of this kind, or WeChat's word for anything else.
pub(super) fn read_code<'a>(kind: &str, text: &'a str) -> Result<Code<'a>, Refused> {
    code::parse(kind, text).ok_or(Refused(40029, "invalid code"))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
