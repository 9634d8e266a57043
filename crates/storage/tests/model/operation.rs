//! What people, shops and jobs may do, drawn at random.

use chrono::{Datelike, Days, Duration, Months, NaiveDate, NaiveDateTime};
use domain::service::{Evaluation, ServiceKind};
use proptest::prelude::*;
use proptest::sample::select;

/// One thing of several: a member or an offer by number, the rest counted from the newest.
pub type Pick = usize;

/// One step. Whatever is picked that is not there is simply passed over.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Service of some days ago is credited.
    Serve(Outing),
    /// Service of everybody, of one or two in one go, is credited by one round of the job.
    ServeTogether { minutes: [i64; 3], days_ago: u64 },
    /// A community accepts a member's residency, for the first time or again.
    Settle { member: Pick },
    /// An event that was decided before comes once more.
    ServeAgain { event: Pick },
    /// A member redeems an offer.
    Redeem { member: Pick, offer: Pick },
    /// A redemption's key comes once more, long after its answer was forgotten.
    RedeemAgain { voucher: Pick },
    /// A member gives a voucher back, or somebody else tries to.
    Cancel { voucher: Pick, own: bool },
    /// A shop confirms a voucher, or another merchant's tries to.
    Verify { voucher: Pick, own: bool },
    /// A shop's confirmation is undone by decision.
    Undo { voucher: Pick },
    /// Some percent of a credit is taken back, once.
    ClawBack { credit: Pick, percent: i64 },
    /// What was taken back of a credit comes back, once.
    Restore { credit: Pick },
    /// A member gives points to the community's pool.
    Give { member: Pick, points: i64 },
    /// Points are put in or taken out by decision.
    Adjust { member: Pick, amount: i64 },
    /// Points are reserved for some days.
    Hold { member: Pick, amount: i64, days: u64 },
    /// What is held is taken, some percent of it, or let go.
    EndHold { hold: Pick, percent: Option<i64> },
    /// The job lets holds go whose time is over.
    ExpireHolds,
    /// Spending is stopped, or allowed again.
    Freeze { member: Pick, frozen: bool },
    /// There is more or less of an offer.
    ChangeStock { offer: Pick, change: i64 },
    /// The job lets points go whose time has come.
    ExpirePoints,
    /// The job lets vouchers go whose days are over.
    ExpireVouchers,
    /// Time passes.
    Wait(Wait),
}

/// What somebody did, and how it was judged.
#[derive(Clone, Copy, Debug)]
pub struct Outing {
    pub member: Pick,
    pub minutes: i64,
    pub made_up: i64,
    pub kind: ServiceKind,
    pub evaluation: Evaluation,
    pub own_duty: bool,
    pub days_ago: u64,
}

/// How time passes, in Beijing.
#[derive(Clone, Debug)]
pub enum Wait {
    /// Minutes.
    Minutes(i64),
    /// Whole days.
    Days(u64),
    /// Until so many microseconds after the next such midnight, or before it.
    Until(Edge, i64),
}

/// The midnights at which something ends.
#[derive(Clone, Copy, Debug)]
pub enum Edge {
    /// The end of the day.
    Day,
    /// The end of the month.
    Month,
    /// The end of the year.
    Year,
    /// The end of March.
    March,
}

impl Wait {
    /// What the clock shows afterwards; it never goes back.
    pub fn after(&self, now: NaiveDateTime) -> NaiveDateTime {
        let today = now.date();
        let edge = match self {
            Self::Minutes(minutes) => return now + Duration::minutes(*minutes),
            Self::Days(days) => return now + Days::new(*days),
            Self::Until(Edge::Day, _) => today + Days::new(1),
            Self::Until(Edge::Month, _) => today - Days::new(today.day0().into()) + Months::new(1),
            Self::Until(Edge::Year, _) => first_of(today.year() + 1, 1),
            Self::Until(Edge::March, _) if today < first_of(today.year(), 4) => first_of(today.year(), 4),
            Self::Until(Edge::March, _) => first_of(today.year() + 1, 4),
        };
        let Self::Until(_, micros) = self else { return now };
        (edge.and_time(chrono::NaiveTime::MIN) + Duration::microseconds(*micros)).max(now)
    }
}

/// The first day of a month.
pub fn first_of(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 1).expect("every month has a first day")
}

/// Any step, the usual more often than the odd.
pub fn any() -> BoxedStrategy<Operation> {
    let (member, offer, pick) = (0..crate::MEMBERS, 0..crate::OFFERS, 0..4_usize);
    let serve = (
        member.clone(),
        0..300_i64,
        prop_oneof![3 => Just(0), 1 => 1..120_i64],
        select(&[ServiceKind::General, ServiceKind::Training, ServiceKind::Professional, ServiceKind::Emergency][..]),
        select(&[Evaluation::A, Evaluation::B, Evaluation::C, Evaluation::D][..]),
        prop::bool::weighted(0.05),
        0..40_u64,
    )
        .prop_map(|(member, minutes, made_up, kind, evaluation, own_duty, days_ago)| {
            Operation::Serve(Outing { member, minutes, made_up, kind, evaluation, own_duty, days_ago })
        });
    let amount = prop_oneof![8 => -60..80_i64, 2 => select(&[0, 1_000_001, -1_000_001, i64::MIN, i64::MAX][..])];
    let points = prop_oneof![8 => 0..30_i64, 1 => select(&[i64::MIN, 10_001, i64::MAX][..])];
    let percent = prop_oneof![Just(100_i64), 1..=100_i64];
    prop_oneof![
        10 => serve,
        3 => ([0..300_i64, 0..300, 0..300], 0..40_u64)
            .prop_map(|(minutes, days_ago)| Operation::ServeTogether { minutes, days_ago }),
        2 => member.clone().prop_map(|member| Operation::Settle { member }),
        1 => pick.clone().prop_map(|event| Operation::ServeAgain { event }),
        15 => (member.clone(), offer.clone()).prop_map(|(member, offer)| Operation::Redeem { member, offer }),
        1 => pick.clone().prop_map(|voucher| Operation::RedeemAgain { voucher }),
        7 => (pick.clone(), prop::bool::weighted(0.9)).prop_map(|(voucher, own)| Operation::Cancel { voucher, own }),
        11 => (pick.clone(), prop::bool::weighted(0.8)).prop_map(|(voucher, own)| Operation::Verify { voucher, own }),
        9 => pick.clone().prop_map(|voucher| Operation::Undo { voucher }),
        7 => (pick.clone(), percent).prop_map(|(credit, percent)| Operation::ClawBack { credit, percent }),
        5 => pick.prop_map(|credit| Operation::Restore { credit }),
        5 => (member.clone(), points).prop_map(|(member, points)| Operation::Give { member, points }),
        4 => (member.clone(), amount).prop_map(|(member, amount)| Operation::Adjust { member, amount }),
        7 => (member.clone(), -1..50_i64, 1..8_u64)
            .prop_map(|(member, amount, days)| Operation::Hold { member, amount, days }),
        9 => (0..4_usize, prop::option::weighted(0.7, 1..=100_i64))
            .prop_map(|(hold, percent)| Operation::EndHold { hold, percent }),
        2 => Just(Operation::ExpireHolds),
        2 => (member, prop::bool::weighted(0.3)).prop_map(|(member, frozen)| Operation::Freeze { member, frozen }),
        2 => (offer, -6..4_i64).prop_map(|(offer, change)| Operation::ChangeStock { offer, change }),
        4 => Just(Operation::ExpirePoints),
        4 => Just(Operation::ExpireVouchers),
        8 => wait().prop_map(Operation::Wait),
    ]
    .boxed()
}

fn wait() -> impl Strategy<Value = Wait> {
    let edge = select(&[Edge::Day, Edge::Month, Edge::Year, Edge::March][..]);
    let past = select(&[-1_i64, 0, 1][..]);
    prop_oneof![
        2 => (1..2_000_i64).prop_map(Wait::Minutes),
        3 => (1..40_u64).prop_map(Wait::Days),
        3 => (edge, past).prop_map(|(edge, past)| Wait::Until(edge, past)),
    ]
}
