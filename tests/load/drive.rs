//! A closed loop: so many connections, each asking again as soon as it was answered.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::http::Connection;

/// The load's threads; on two cores more of them would only get in the way.
const THREADS: usize = 2;

/// What the connections ask, all of them together.
pub trait Job: Sync {
    /// Writes the next request and says which it is; nothing, when all the work is done.
    fn next(&self, request: &mut String) -> Option<usize>;

    /// The status of success.
    fn expected(&self) -> u16 {
        200
    }

    /// Looks at a successful answer.
    fn answered(&self, _which: usize, _body: &[u8]) {}
}

/// How hard and how long.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Where to.
    pub address: SocketAddr,
    /// Connections.
    pub connections: usize,
    /// At first, without counting.
    pub warm_up: Duration,
    /// Then, counting.
    pub time: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Successful answers a second.
    pub rate: f64,
    /// Half of the answers came within so many milliseconds, if anybody waited for one.
    pub p50: Option<f64>,
    /// 99 of a hundred came within so many milliseconds.
    pub p99: Option<f64>,
    /// Successful answers, those of the warm-up among them.
    pub succeeded: u64,
    /// Other answers.
    pub refused: u64,
    /// One of the others.
    pub complaint: Option<String>,
}

#[derive(Default)]
struct Tally {
    micros: Vec<u32>,
    last: Option<Instant>,
    succeeded: u64,
    refused: u64,
    complaint: Option<String>,
}

/// Lets the job run.
pub fn drive(job: &impl Job, pace: Pace) -> io::Result<Outcome> {
    let counting = Instant::now() + pace.warm_up;
    let threads = THREADS.min(pace.connections);
    let tallies = std::thread::scope(|scope| {
        let shares = (0..threads).map(|thread| {
            let share = pace.connections / threads + usize::from(thread < pace.connections % threads);
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(join_all((0..share).map(|_| ask(job, pace, counting)))).into_iter().collect()
            })
        });
        let shares: Vec<_> = shares.collect();
        shares
            .into_iter()
            .map(|share| share.join().unwrap_or_else(|_| Err(io::Error::other("a thread broke off"))))
            .collect()
    });
    let tallies: io::Result<Vec<Vec<Tally>>> = tallies;
    Ok(sum_up(tallies?.into_iter().flatten(), counting))
}

async fn ask(job: &impl Job, pace: Pace, counting: Instant) -> io::Result<Tally> {
    let mut connection = Connection::open(pace.address).await?;
    let mut tally = Tally::default();
    let mut request = String::new();
    let end = counting + pace.time;
    loop {
        request.clear();
        let Some(which) = job.next(&mut request) else { return Ok(tally) };
        let asked = Instant::now();
        let answer = connection.exchange(&request).await?;
        let now = Instant::now();
        if answer.status == job.expected() {
            job.answered(which, answer.body);
            tally.succeeded += 1;
            if (counting..end).contains(&now) {
                tally.micros.push(u32::try_from((now - asked).as_micros()).unwrap_or(u32::MAX));
                tally.last = Some(now);
            }
        } else {
            tally.refused += 1;
            tally
                .complaint
                .get_or_insert_with(|| format!("{} {}", answer.status, String::from_utf8_lossy(answer.body)));
        }
        if now >= end {
            return Ok(tally);
        }
    }
}

fn sum_up(tallies: impl Iterator<Item = Tally>, counting: Instant) -> Outcome {
    let mut outcome = Outcome::default();
    let mut micros = Vec::new();
    let mut last = counting;
    for tally in tallies {
        micros.extend(tally.micros);
        last = last.max(tally.last.unwrap_or(counting));
        outcome.succeeded += tally.succeeded;
        outcome.refused += tally.refused;
        outcome.complaint = outcome.complaint.or(tally.complaint);
    }
    micros.sort_unstable();
    let within = |share: usize| micros.get(micros.len() * share / 100).map(|micros| f64::from(*micros) / 1_000.0);
    (outcome.p50, outcome.p99) = (within(50), within(99));
    let seconds = (last - counting).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "no run makes so many requests")]
    let answered = micros.len() as f64;
    outcome.rate = if seconds > 0.0 { answered / seconds } else { 0.0 };
    outcome
}
