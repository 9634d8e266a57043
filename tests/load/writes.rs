//! The loads that write: each success must be found in the database afterwards, once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wechat_auth::sandbox::openid_of;

use crate::Failure;
use crate::bench::{Bench, Measured};
use crate::drive::Job;
use crate::http::Request;
use crate::phones::field;
use crate::report::{Case, cases};

/// The person who leads the activity that runs.
const LEAD: &str = "li-xiuying";

/// What everybody wants, and what runs now: ids of the demo.
pub(crate) const PLENTIFUL_OFFER: &str = "01940000-0044-7000-8000-000000000001";
const RUNNING_ACTIVITY: &str = "01940000-0021-7000-8000-000000000001";

/// Who works in the shop with the offer that everybody wants.
const FIRST_SHOP: &str = "liu-guihua";

/// More shops than any district has; the hand in each is the sandbox's person `s<shop>`.
const SHOPS: usize = 1_000;

/// More confirmations a second than two cores ever made.
const CONFIRMED_A_SECOND: i64 = 2_500;

/// How much slower random redemptions may be while others want one offer than while those want random ones too: two runs
/// of the same differ by less.
const CLEARLY: f64 = 0.25;

/// How many offers the floor chooses from.
const FLOOR_OFFERS: usize = 256;

/// Writes of one kind; the closure writes the next request, if there is one.
struct Writes<F> {
    expected: u16,
    write: F,
    next: AtomicUsize,
}

impl<F: Fn(usize, &mut String) -> Option<()> + Sync> Job for Writes<F> {
    fn next(&self, request: &mut String) -> Option<usize> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        (self.write)(turn, request).map(|()| turn)
    }

    fn expected(&self) -> u16 {
        self.expected
    }
}

fn writes<F: Fn(usize, &mut String) -> Option<()> + Sync>(expected: u16, write: F) -> Writes<F> {
    Writes { expected, write, next: AtomicUsize::new(0) }
}

/// Members sign in through the sandbox.
pub fn sign_in(bench: &mut Bench) -> Result<(), Failure> {
    let people = bench.people();
    let counts = [
        "SELECT count(*) FROM session",
        "SELECT count(*) FROM audit WHERE action = 'log_in_wechat' AND result = 'done'",
    ];
    let floor = |bench: &Bench, connections| Ok((bench.floor("sign_in", connections)?, None));
    let measured = Measured { case: cases::SIGN_IN, counts: &counts, floor: &floor };
    // The phones are not the bench's while it runs.
    let phones = Arc::clone(&bench.phones);
    bench.measure(&measured, |_| Ok(phones.sign_in(&people, "member")))
}

/// Everybody takes what they find.
pub fn redeem(bench: &mut Bench) -> Result<(), Failure> {
    let offers = listed(bench)?;
    take(bench, cases::REDEEM, &offers)
}

fn listed(bench: &Bench) -> Result<Vec<String>, Failure> {
    let listed = bench.books.texts(
        "SELECT o.id::text FROM offer o JOIN merchant m ON m.id = o.merchant_id \
         WHERE o.state = 'listed' AND m.state = 'active' AND m.regulator_unit_id IS NULL",
    )?;
    Ok(listed)
}

/// Everybody takes the same.
pub fn redeem_one(bench: &mut Bench) -> Result<(), Failure> {
    let offers = [PLENTIFUL_OFFER.to_owned()];
    take(bench, cases::REDEEM_HOT, &offers)
}

/// What few who take what they find get while many want one offer, and while the many take what they find too.
pub fn redeem_beside(bench: &mut Bench) -> Result<(), Failure> {
    const FEW: usize = 8;
    const MANY: usize = 32;
    let (all, one) = (listed(bench)?, [PLENTIFUL_OFFER.to_owned()]);
    let (mut got, mut rates) = (Vec::new(), Vec::new());
    for (wanted, offers) in [("the same offer", &one[..]), ("random ones too", &all)] {
        let (theirs, others) = (redemptions(bench, &all)?, redemptions(bench, offers)?);
        let shared = &*bench;
        let (few, many) = std::thread::scope(|scope| {
            let many = scope.spawn(|| shared.drive(&others, MANY));
            (shared.drive(&theirs, FEW), many.join())
        });
        let (few, many) = (few?, many.map_err(|_| "a thread broke off")??);
        if let Some(complaint) = few.complaint.or(many.complaint) {
            bench.report.wrong.push(format!("redeeming beside others: {complaint}"));
            return Ok(());
        }
        let p99 = few.p99.unwrap_or_default();
        rates.push(few.rate);
        got.push(format!("{:.0} a second (p99 {p99:.0} ms) while {MANY} others wanted {wanted}", few.rate));
    }
    if rates[0] < rates[1] * (1.0 - CLEARLY) {
        let (beside_one, beside_random) = (rates[0], rates[1]);
        bench.report.wrong.push(format!(
            "redeeming random offers: {beside_one:.0}/s while others want the same one, {beside_random:.0}/s while they do not"
        ));
    }
    bench.report.notes.push(format!("{FEW} connections redeemed random offers at {}.", got.join(", and at ")));
    Ok(())
}

fn take(bench: &mut Bench, case: Case, offers: &[String]) -> Result<(), Failure> {
    let counts = [
        "SELECT count(*) FROM redemption",
        "SELECT count(*) FROM transfer WHERE kind = 'redeem'",
        "SELECT count(*) FROM idempotency WHERE operation = 'redeem_offer' AND status = 201",
        "SELECT count(*) FROM audit WHERE action = 'redeem_offer' AND result = 'done'",
        "SELECT CAST(sum(stock_total - stock_left) AS bigint) FROM offer",
    ];
    let floor = |bench: &Bench, connections| {
        let (floor, offers, time) = (&bench.floor, offers.len().min(FLOOR_OFFERS), bench.half());
        let in_one = floor.measure("redeem_in_one", offers, connections, time)?;
        Ok((floor.measure("redeem", offers, connections, time)?, Some(in_one)))
    };
    bench.measure(&Measured { case, counts: &counts, floor: &floor }, |bench| redemptions(bench, offers))
}

fn redemptions<'a>(bench: &Bench, offers: &'a [String]) -> Result<impl Job + use<'a>, Failure> {
    let (tokens, nonce) = (bench.phones.tokens(&bench.people(), "member")?, bench.phones.nonce());
    Ok(writes(201, move |turn, request: &mut String| {
        let (token, offer) = (&tokens[turn % tokens.len()], &offers[turn * 7 % offers.len()]);
        let (key, body) = (format!("bench-{nonce}-{turn:08}"), format!(r#"{{"offer_id":"{offer}"}}"#));
        let (path, token, key) = ("/api/v1/member/redemptions", Some(token.as_str()), Some(key.as_str()));
        Request { method: "POST", path, token, key, from: None, body: Some(&body) }.write_to(request);
        Some(())
    }))
}

/// Redeems until there is enough to confirm for as long as a cell lasts.
fn redeem_enough(bench: &Bench, offers: &[String]) -> Result<(), Failure> {
    let enough = i64::try_from(bench.settings.time.as_secs())? * CONFIRMED_A_SECOND;
    while bench.books.number("SELECT count(*) FROM redemption WHERE state = 'issued' AND expires_at > now()")? < enough
    {
        bench.drive(&redemptions(bench, offers)?, 32)?;
    }
    Ok(())
}

/// The shops confirm what was redeemed.
pub fn verify(bench: &mut Bench) -> Result<(), Failure> {
    let counts = [
        "SELECT count(*) FROM redemption WHERE state = 'verified'",
        "SELECT count(*) FROM idempotency WHERE operation = 'verify_voucher' AND status = 201",
        "SELECT count(*) FROM audit WHERE action = 'verify_voucher' AND result = 'done'",
    ];
    let floor = |bench: &Bench, connections| Ok((bench.floor("verify", connections)?, None));
    let persons = (0..SHOPS).map(|shop| format!("s{shop}")).chain([FIRST_SHOP.to_owned()]);
    let persons: HashMap<String, String> = persons.map(|person| (openid_of(&person), person)).collect();
    let offers = listed(bench)?;
    bench.measure(&Measured { case: cases::VERIFY, counts: &counts, floor: &floor }, |bench| {
        redeem_enough(bench, &offers)?;
        // In the order of their random hashes, so that shops and members mix.
        let waiting = bench.books.texts(
            "SELECT r.id || ' ' || i.open_id FROM redemption r \
             JOIN staff s ON s.merchant_id = r.merchant_id AND s.state = 'active' \
             JOIN wechat_identity i ON i.id = s.identity_id \
             WHERE r.state = 'issued' AND r.expires_at > now() ORDER BY r.code_hash",
        )?;
        let waiting = waiting.iter().filter_map(|row| row.split_once(' '));
        let vouchers: Vec<(String, String)> =
            waiting.filter_map(|(id, staff)| Some((id.to_owned(), persons.get(staff)?.clone()))).collect();
        let mut staff: Vec<String> = vouchers.iter().map(|(_, person)| person.clone()).collect();
        staff.sort_unstable();
        staff.dedup();
        let tokens = bench.phones.tokens(&staff, "merchant")?;
        let tokens: HashMap<String, String> = staff.into_iter().zip(tokens).collect();
        let nonce = bench.phones.nonce();
        Ok(writes(201, move |turn, request: &mut String| {
            let (id, person) = vouchers.get(turn)?;
            let (path, key) =
                (format!("/api/v1/merchant/vouchers/{id}/verification"), format!("bench-{nonce}-{turn:08}"));
            let token = tokens.get(person).map(String::as_str);
            let request_of = Request { method: "POST", path: &path, token, key: Some(&key), ..Request::default() };
            request_of.write_to(request);
            Some(())
        }))
    })
}

/// Members arrive: each in every session that was prepared, once.
pub fn check_in(bench: &mut Bench) -> Result<(), Failure> {
    let counts = [
        "SELECT count(*) FROM enrolment WHERE state = 'checked_in'",
        "SELECT count(*) FROM audit WHERE action = 'check_in' AND result = 'done'",
    ];
    let floor = |bench: &Bench, connections| Ok((bench.floor("check_in", connections)?, None));
    let arrivals = AtomicUsize::new(0);
    bench.measure(&Measured { case: cases::CHECK_IN, counts: &counts, floor: &floor }, |bench| {
        let tokens = bench.phones.tokens(&bench.people(), "member")?;
        let lead = bench.phones.tokens(&[LEAD.to_owned()], "member")?.swap_remove(0);
        let codes = codes(bench, &lead)?;
        let arrivals = &arrivals;
        Ok(writes(200, move |_, request: &mut String| {
            let arrival = arrivals.fetch_add(1, Ordering::Relaxed);
            let (token, code) = (&tokens[arrival % tokens.len()], codes.get(arrival / tokens.len())?);
            let (path, body) = ("/api/v1/member/check-ins", format!(r#"{{"code":"{code}"}}"#));
            let token = Some(token.as_str());
            Request { method: "POST", path, token, body: Some(&body), ..Request::default() }.write_to(request);
            Some(())
        }))
    })
}

/// What the lead shows at this moment, session by session; good for half a minute at least.
fn codes(bench: &Bench, lead: &str) -> Result<Vec<String>, Failure> {
    let sessions = bench
        .books
        .texts("SELECT id::text FROM activity_session WHERE id::text LIKE '%-00be-7000-8000-%' ORDER BY id")?;
    let code = |session: &String| {
        let path = format!("/api/v1/member/led-activities/{RUNNING_ACTIVITY}/code?direction=in&session_id={session}");
        field(&bench.get(&path, lead)?, "code").ok_or_else(|| "the lead sees no code".into())
    };
    sessions.iter().map(code).collect()
}
