//! The loads that only read. Everybody reads with a token of their own.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::Failure;
use crate::bench::{Bench, Measured};
use crate::drive::{Job, Pace, drive};
use crate::http::Request;
use crate::report::{Case, cases};
use crate::server::Server;

/// How many people read at the same time.
const READERS: usize = 1_000;

const CATALOGUE: &str = "/api/v1/member/offers?limit=20";

/// Requests that are written once and sent again and again.
struct Same {
    requests: Vec<String>,
    next: AtomicUsize,
}

/// Requests that are all different.
struct Different<F> {
    write: F,
    next: AtomicUsize,
}

impl Job for Same {
    fn next(&self, request: &mut String) -> Option<usize> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        request.push_str(self.requests.get(turn % self.requests.len())?);
        Some(turn)
    }
}

impl<F: Fn(usize, &mut String) + Sync> Job for Different<F> {
    fn next(&self, request: &mut String) -> Option<usize> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        (self.write)(turn, request);
        Some(turn)
    }
}

/// The first page of the mall, the same for everybody.
pub fn catalogue(bench: &mut Bench) -> Result<(), Failure> {
    let file = bench.settings.scratch.join("catalogue.json");
    let token = readers(bench)?.swap_remove(0);
    std::fs::write(&file, bench.get(CATALOGUE, &token)?)?;
    let file = file.display().to_string();
    let program = std::env::current_exe()?;
    let bare = Server::start("/", None, |address| {
        let mut command = Command::new(program);
        command.args(["bare", &address.to_string(), &file]);
        command
    })?;
    let floor = |bench: &Bench, connections| {
        let job = Same { requests: vec![get(CATALOGUE, &token)], next: AtomicUsize::new(0) };
        let time = bench.half();
        let pace = Pace { address: bare.address, connections, warm_up: time / 8, time };
        Ok((drive(&job, pace)?.rate, None))
    };
    let measured = Measured { case: cases::CATALOGUE, counts: &[], floor: &floor };
    bench.measure(&measured, |bench| same(bench, CATALOGUE))
}

/// The same page under another filter every time, so that no cache helps.
pub fn search(bench: &mut Bench) -> Result<(), Failure> {
    let prices = AtomicUsize::new(1_000);
    read(bench, cases::SEARCH, "search", |bench| {
        let tokens = readers(bench)?;
        let price_to = prices.fetch_add(10_000_000, Ordering::Relaxed);
        let write = move |turn: usize, request: &mut String| {
            let path = format!("{CATALOGUE}&price_to={}", price_to + turn);
            let token = Some(tokens[turn % tokens.len()].as_str());
            Request { method: "GET", path: &path, token, ..Request::default() }.write_to(request);
        };
        Ok(Different { write, next: AtomicUsize::new(0) })
    })
}

/// An offer with its stock.
pub fn offer(bench: &mut Bench) -> Result<(), Failure> {
    read(bench, cases::OFFER, "offer", |bench| {
        let (tokens, offers) =
            (readers(bench)?, bench.books.texts("SELECT id::text FROM offer WHERE state = 'listed'")?);
        let write = move |turn: usize, request: &mut String| {
            let path = format!("/api/v1/member/offers/{}", offers[turn % offers.len()]);
            let token = Some(tokens[turn % tokens.len()].as_str());
            Request { method: "GET", path: &path, token, ..Request::default() }.write_to(request);
        };
        Ok(Different { write, next: AtomicUsize::new(0) })
    })
}

/// One's own points.
pub fn balance(bench: &mut Bench) -> Result<(), Failure> {
    read(bench, cases::BALANCE, "balance", |bench| same(bench, "/api/v1/member/points"))
}

/// How they came and went.
pub fn entries(bench: &mut Bench) -> Result<(), Failure> {
    read(bench, cases::ENTRIES, "entries", |bench| same(bench, "/api/v1/member/points/entries?limit=20"))
}

fn read<J: Job>(
    bench: &mut Bench,
    case: Case,
    script: &str,
    job: impl FnMut(&Bench) -> Result<J, Failure>,
) -> Result<(), Failure> {
    let floor = |bench: &Bench, connections| Ok((bench.floor(script, connections)?, None));
    bench.measure(&Measured { case, counts: &[], floor: &floor }, job)
}

fn same(bench: &Bench, path: &str) -> Result<Same, Failure> {
    let requests = readers(bench)?.iter().map(|token| get(path, token)).collect();
    Ok(Same { requests, next: AtomicUsize::new(0) })
}

fn get(path: &str, token: &str) -> String {
    Request { method: "GET", path, token: Some(token), ..Request::default() }.to_text()
}

fn readers(bench: &Bench) -> Result<Vec<String>, Failure> {
    let mut people = bench.people();
    people.truncate(READERS);
    bench.phones.tokens(&people, "member")
}

impl Bench {
    /// What the floor does with a script.
    pub fn floor(&self, script: &str, connections: usize) -> Result<f64, Failure> {
        self.floor.measure(script, 1, connections, self.half())
    }

    /// One answer, outside any load.
    pub fn get(&self, path: &str, token: &str) -> Result<Vec<u8>, Failure> {
        struct Once<'a>(String, AtomicUsize, &'a std::sync::Mutex<Vec<u8>>);
        impl Job for Once<'_> {
            fn next(&self, request: &mut String) -> Option<usize> {
                request.push_str(&self.0);
                (self.1.fetch_add(1, Ordering::Relaxed) == 0).then_some(0)
            }

            fn answered(&self, _: usize, body: &[u8]) {
                if let Ok(mut kept) = self.2.lock() {
                    kept.extend_from_slice(body);
                }
            }
        }
        let body = std::sync::Mutex::default();
        let job = Once(get(path, token), AtomicUsize::new(0), &body);
        let time = Duration::from_secs(5);
        let outcome =
            drive(&job, Pace { address: self.server.address, connections: 1, warm_up: Duration::ZERO, time })?;
        match outcome.complaint {
            Some(complaint) => Err(format!("{path}: {complaint}").into()),
            None => Ok(body.into_inner().unwrap_or_default()),
        }
    }
}
