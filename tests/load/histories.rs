//! What a long history costs its member: the same reads by one who has thousands of entries and by one who has a few.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Failure;
use crate::bench::Bench;
use crate::drive::Job;
use crate::http::Request;
use crate::phones::field;
use crate::writes::PLENTIFUL_OFFER;

/// Entries of the long history for each second that a cell takes; ten thousand in a whole run.
const ENTRIES_A_SECOND: i64 = 1_250;

const CONNECTIONS: usize = 8;

/// At how much of the rate of a short history a long one must be read.
const LEAST: f64 = 0.7;

/// Somebody who takes something and gives it back, over and over: two entries, and no points.
struct Restless {
    token: String,
    nonce: usize,
    turn: AtomicUsize,
    taken: Mutex<Vec<String>>,
    calls: usize,
}

const TAKING: usize = 0;
const GIVING_BACK: usize = 1;

impl Job for Restless {
    fn next(&self, request: &mut String) -> Option<usize> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        if turn >= self.calls {
            return None;
        }
        let (token, key) = (Some(self.token.as_str()), format!("bench-{}-{turn:08}", self.nonce));
        let call = Request { method: "POST", token, key: Some(&key), ..Request::default() };
        let (path, body) = ("/api/v1/member/redemptions", format!(r#"{{"offer_id":"{PLENTIFUL_OFFER}"}}"#));
        if let Some(id) = self.taken.lock().ok()?.pop() {
            Request { path: &format!("{path}/{id}/cancellation"), ..call }.write_to(request);
            return Some(GIVING_BACK);
        }
        Request { path, body: Some(&body), ..call }.write_to(request);
        Some(TAKING)
    }

    fn expected(&self) -> u16 {
        201
    }

    fn answered(&self, which: usize, body: &[u8]) {
        if let (TAKING, Some(id), Ok(mut taken)) = (which, field(body, "id"), self.taken.lock()) {
            taken.push(id);
        }
    }
}

/// One request, again and again.
struct Again(String);

impl Job for Again {
    fn next(&self, request: &mut String) -> Option<usize> {
        request.push_str(&self.0);
        Some(0)
    }
}

/// The balance and the first page of entries of a member with a long history, and of one with a short one.
pub fn compare(bench: &mut Bench) -> Result<(), Failure> {
    let (long, short) = (bench.settings.phones - 1, bench.settings.phones - 2);
    let most = i64::try_from(bench.settings.time.as_secs())? * ENTRIES_A_SECOND;
    while entries(bench, long)? < most {
        let calls = usize::try_from(most - entries(bench, long)?)?;
        let token = token(bench, long)?;
        let (nonce, turn) = (bench.phones.nonce(), AtomicUsize::new(0));
        let outcome = bench.drive(&Restless { token, nonce, turn, taken: Mutex::default(), calls }, CONNECTIONS)?;
        if let Some(complaint) = outcome.complaint {
            bench.report.wrong.push(format!("no long history: {complaint}"));
            return Ok(());
        }
    }
    // As many lines of both, so that the answers are equally long.
    let page = format!("/api/v1/member/points/entries?limit={}", entries(bench, short)?.clamp(1, 20));
    for (what, path) in [("balance", "/api/v1/member/points"), ("first page", &page)] {
        let (mut of_long, mut of_short) = (0.0, 0.0);
        // The machine is not always equally fast: each has the same share of its beginning and its end.
        for (phone, is_long) in [(long, true), (short, false), (short, false), (long, true)] {
            let token = token(bench, phone)?;
            let request = Request { method: "GET", path, token: Some(&token), ..Request::default() }.to_text();
            *(if is_long { &mut of_long } else { &mut of_short }) +=
                bench.drive(&Again(request), CONNECTIONS)?.rate / 2.0;
        }
        if of_long < of_short * LEAST {
            let ratio = of_long / of_short;
            let complaint = format!("a long history: the {what} at {ratio:.2} of a short one's rate, not {LEAST}");
            bench.report.wrong.push(complaint);
        }
        let (many, few) = (entries(bench, long)?, entries(bench, short)?);
        bench.report.notes.push(format!(
            "The {what} was read {of_long:.0} times a second by a member with {many} entries and {of_short:.0} times a \
             second by a member with {few} entries."
        ));
    }
    Ok(())
}

fn token(bench: &Bench, phone: usize) -> Result<String, Failure> {
    Ok(bench.phones.tokens(&[format!("m{phone}")], "member")?.swap_remove(0))
}

fn entries(bench: &Bench, phone: usize) -> Result<i64, Failure> {
    let open_id = wechat_auth::sandbox::openid_of(&format!("m{phone}"));
    Ok(bench.books.number(&format!(
        "SELECT account.sequence FROM account JOIN wechat_identity ON wechat_identity.member_id = account.member_id \
         WHERE account.kind = 'points' AND wechat_identity.open_id = '{open_id}'"
    ))?)
}
