//! Phones: people signed in through the sandbox, each with a token of their own.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::Failure;
use crate::drive::{Job, Pace, drive};
use crate::http::Request;

/// A token lives fifteen minutes; an older one than this is renewed before the next load.
const FRESH: Duration = Duration::from_mins(7);

/// Everybody's latest token.
pub struct Phones {
    address: SocketAddr,
    tokens: Mutex<HashMap<String, (Instant, String)>>,
    /// Makes codes and keys that no earlier run used.
    nonce: AtomicUsize,
}

/// Signs these people in, one after the other and over again.
pub struct SignIn<'a> {
    phones: &'a Phones,
    people: &'a [String],
    audience: &'static str,
    most: usize,
    next: AtomicUsize,
}

impl Phones {
    /// Nobody is signed in yet.
    pub fn new(address: SocketAddr) -> Self {
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros();
        let nonce = AtomicUsize::new(usize::try_from(since).unwrap_or_default());
        Self { address, tokens: Mutex::default(), nonce }
    }

    /// A number that was never used before.
    pub fn nonce(&self) -> usize {
        self.nonce.fetch_add(1, Ordering::Relaxed)
    }

    /// Signing in for its own sake.
    pub fn sign_in<'a>(&'a self, people: &'a [String], audience: &'static str) -> SignIn<'a> {
        SignIn { phones: self, people, audience, most: usize::MAX, next: AtomicUsize::new(0) }
    }

    /// The tokens of these people, all of them good for some minutes.
    pub fn tokens(&self, people: &[String], audience: &'static str) -> Result<Vec<String>, Failure> {
        let stale: Vec<String> = {
            let tokens = self.tokens.lock().map_err(|_| "a thread broke off")?;
            let fresh = |person: &String| tokens.get(person).is_some_and(|(since, _)| since.elapsed() < FRESH);
            people.iter().filter(|person| !fresh(person)).cloned().collect()
        };
        if !stale.is_empty() {
            let job = SignIn { most: stale.len(), ..self.sign_in(&stale, audience) };
            let connections = 16.min(stale.len());
            let time = Duration::from_mins(5);
            let pace = Pace { address: self.address, connections, warm_up: Duration::ZERO, time };
            if let Some(complaint) = drive(&job, pace)?.complaint {
                return Err(format!("cannot sign in: {complaint}").into());
            }
        }
        let tokens = self.tokens.lock().map_err(|_| "a thread broke off")?;
        let token = |person: &String| tokens.get(person).map(|(_, token)| token.clone());
        people.iter().map(|person| token(person).ok_or_else(|| format!("{person} has no token").into())).collect()
    }
}

impl Job for SignIn<'_> {
    fn next(&self, request: &mut String) -> Option<usize> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        if turn >= self.most {
            return None;
        }
        let which = turn % self.people.len();
        let (person, audience) = (&self.people[which], self.audience);
        let body = format!(r#"{{"code":"login:{person}:{}","audience":"{audience}"}}"#, self.phones.nonce());
        // Each phone has an address of its own, as it has behind a proxy.
        let [.., b, c, d] = turn.to_be_bytes();
        let from = Some(Ipv4Addr::new(10, b, c, d));
        let path = "/api/v1/auth/wechat-login";
        Request { method: "POST", path, from, body: Some(&body), ..Request::default() }.write_to(request);
        Some(which)
    }

    fn answered(&self, which: usize, body: &[u8]) {
        let token = field(body, "access_token").unwrap_or_default();
        if let Ok(mut tokens) = self.phones.tokens.lock() {
            tokens.insert(self.people[which].clone(), (Instant::now(), token));
        }
    }
}

/// A text field of a JSON answer.
pub fn field(body: &[u8], name: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(body.get(name)?.as_str()?.to_owned())
}
