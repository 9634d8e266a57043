//! What the product does by itself: nobody waits for an answer, so the database says how far it is.

use std::time::{Duration, Instant};

use crate::Failure;
use crate::bench::{Bench, Measured};
use crate::books::Books;
use crate::drive::Outcome;
use crate::report::cases;

/// Credits of one second that are due at once in a cell.
const CREDITS_A_SECOND: u64 = 2_500;

/// How many credits the floor makes in one transaction, as `jobs/credit_service.rs` does.
const TOGETHER: f64 = 100.0;

/// The activity of the prepared services.
const SERVED: &str = "01940000-0021-7000-9000-000000000001";

/// Service whose publicity is over and that is not credited.
const AWAITING: &str = "SELECT count(*) FROM enrolment WHERE state = 'in_publicity' AND publicity_ends_at <= now()";

/// When the job last took its lease, which it does as a round begins, in microseconds.
const TAKEN: &str = "SELECT COALESCE(CAST(1000000 * extract(epoch FROM max(until)) AS bigint), 0) FROM lease \
    WHERE name = 'credit_service'";

/// Transfers that no seal covers.
const UNSEALED: &str =
    "SELECT count(*) FROM transfer t WHERE NOT EXISTS (SELECT 1 FROM sealed_transfer s WHERE s.transfer_id = t.id)";

/// When all points that there are have lapsed: the end of March after the next.
const DAYS_AHEAD: u64 = 600;

/// So few are soon done, so their end is looked for more often.
const FEW: i64 = 2_000;

/// The most memory that the product may need for all this, in MiB.
const MOST_MEMORY: u64 = 400;

/// Nothing moves for so long: the job is not at work.
const STUCK: Duration = Duration::from_mins(5);

/// Service of many members is credited.
pub fn earn(bench: &mut Bench) -> Result<(), Failure> {
    let counts = [
        "SELECT count(*) FROM transfer WHERE kind = 'earn'",
        "SELECT count(*) FROM earn_event WHERE points > 0",
        "SELECT count(*) FROM service_record",
        "SELECT count(*) FROM enrolment WHERE state = 'credited'",
    ];
    let floor = |bench: &Bench, connections| {
        let in_one = bench.floor("earn_in_one", connections)? * TOGETHER;
        Ok((bench.floor("earn", connections)? * TOGETHER, Some(in_one)))
    };
    let measured = Measured { case: cases::EARN, counts: &counts, floor: &floor };
    bench.measure_by(&measured, |bench| {
        let many = bench.settings.time.as_secs() * CREDITS_A_SECOND;
        Ok(move |bench: &Bench, _| credit(&bench.books, many))
    })
}

/// Lets the publicity of so many services end, and waits for the job. Counted is all from the beginning of its round, the
/// look-ups among it, until the last credit is seen; not the wait for that round, some seconds in which nothing is done.
fn credit(books: &Books, many: u64) -> Result<Outcome, Failure> {
    let due = books.number(&format!(
        "WITH due AS (UPDATE enrolment SET state = 'in_publicity', publicity_ends_at = now() WHERE id IN \
         (SELECT id FROM enrolment WHERE state = 'lead_confirmed' AND activity_id = '{SERVED}' ORDER BY id LIMIT {many}) \
         RETURNING 1) SELECT count(*) FROM due"
    ))?;
    let began = round_began(books, due)?;
    wait(books, AWAITING, 0)?;
    #[expect(clippy::cast_precision_loss, reason = "far fewer")]
    let rate = due as f64 / began.elapsed().as_secs_f64();
    Ok(Outcome { rate, succeeded: due.unsigned_abs(), ..Outcome::default() })
}

/// Waits until the job begins a round, now that so many services are due; answers when it was last seen not to have begun.
fn round_began(books: &Books, due: i64) -> Result<Instant, Failure> {
    let became_due = Instant::now();
    let taken = books.number(TAKEN)?;
    let mut before = became_due;
    while became_due.elapsed() < STUCK {
        let now = Instant::now();
        if books.number(TAKEN)? != taken {
            return Ok(before);
        }
        // It began before anybody looked.
        if books.number(AWAITING)? < due {
            return Ok(became_due);
        }
        before = now;
        std::thread::sleep(Duration::from_millis(2));
    }
    Err("the job begins no round".into())
}

/// Everybody is credited, then all points lapse, and the product is killed in the middle of that.
pub fn expire(bench: &mut Bench) -> Result<(), Failure> {
    let settings = &bench.settings;
    let books = Books::new(settings.expiry_url.clone())?;
    let server = settings.serve(&settings.expiry_url)?;
    let credited = credit(&books, u64::from(u32::MAX))?;
    let (_, most) = server.memory()?;
    drop(server);
    bench.report.notes.push(format!(
        "{} services of as many members were credited at {:.0} a second, with {most} MiB resident at most.",
        credited.succeeded, credited.rate
    ));

    let seconds = DAYS_AHEAD * 24 * 60 * 60;
    books.execute(&format!("INSERT INTO development_clock (id, ahead_seconds) VALUES (1, {seconds})"))?;
    let lapsed = format!("FROM lot WHERE remaining > 0 AND expires_at <= now() + interval '{DAYS_AHEAD} days'");
    let left = format!("SELECT count(*) {lapsed}");
    let lots = books.number(&left)?;
    let members = books.number(&format!("SELECT count(DISTINCT account_id) {lapsed}"))?;
    let began = Instant::now();
    let killed = settings.serve(&settings.expiry_url)?;
    wait(&books, &left, lots / 2)?;
    let (_, before) = killed.memory()?;
    drop(killed);
    let resumed = settings.serve(&settings.expiry_url)?;
    wait(&books, &left, 0)?;
    let took = began.elapsed();
    let expired = Instant::now();
    wait(&books, UNSEALED, 0)?;
    let sealed = expired.elapsed();
    let (_, after) = resumed.memory()?;
    drop(resumed);
    let verified = settings.command("verify-ledger", &settings.expiry_url).output()?;
    bench.report.notes.push(format!(
        "{lots} lots of {members} members expired in {:.1} s, the product killed in the middle and started again, with {} MiB \
         resident at most; {:.1} s later all was sealed, and `verify-ledger` found the books {}.",
        took.as_secs_f64(),
        before.max(after),
        sealed.as_secs_f64(),
        if verified.status.success() { "right" } else { "wrong" },
    ));
    let most = most.max(before).max(after);
    if most > MOST_MEMORY {
        bench.report.wrong.push(format!("expiry: {most} MiB resident, not {MOST_MEMORY}"));
    }
    if !verified.status.success() {
        let table = String::from_utf8_lossy(&verified.stdout);
        bench
            .report
            .wrong
            .extend(table.lines().filter(|line| !line.starts_with("ok ")).map(|line| format!("expiry: {line}")));
    }
    for (rule, violations) in books.unbalanced()? {
        bench.report.wrong.push(format!("expiry: {rule}: {violations} times not"));
    }
    Ok(())
}

/// Waits until no more than so many are left; looks often when it is soon over.
fn wait(books: &Books, left: &str, until: i64) -> Result<(), Failure> {
    let (mut least, mut since) = (i64::MAX, Instant::now());
    loop {
        let asked = Instant::now();
        let now = books.number(left)?;
        if now <= until {
            return Ok(());
        }
        if now < least {
            (least, since) = (now, Instant::now());
        }
        if since.elapsed() > STUCK {
            return Err(format!("{now} are left, and nothing happens: {left}").into());
        }
        let pause = Duration::from_millis(if now - until < FEW { 10 } else { 100 });
        // Looking takes no more than a fifth of the time.
        std::thread::sleep(pause.max(4 * asked.elapsed()));
    }
}
