//! The second opinion: what the books must say, told with lists and additions. Nothing here comes from the ledger's code,
//! not even its calendar: every time is what a clock in Beijing shows.

use std::ops::Add;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};

use crate::operation::{Operation, Pick, first_of};

/// The rules that differ from a district's own: so tight that a short story meets them all.
pub const DAY_CAP: i64 = 60;
pub const MONTH_CAP: i64 = 150;
pub const YEAR_CAP: i64 = 320;
pub const FIRST_RESIDENCY: i64 = 20;
pub const MADE_UP_PERCENT: i64 = 50;
pub const MINUTES_TO_SPEND: i64 = 60;
pub const GRACE_DAYS: u32 = 7;
pub const PER_OFFER_AND_QUARTER: usize = 2;
pub const PER_MONTH: usize = 2;
pub const YEAR_FEN: i64 = 6_000;
pub const UNDONE_WITHIN_HOURS: i64 = 24;
pub const LEAST_GIFT: i64 = 5;
pub const GIFTS_OF_DAY: i64 = 15;

/// Why something is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    NotThere,
    InvalidAmount,
    DoneBefore,
    Insufficient { available: i64 },
    Frozen,
    SoldOut,
    NotEligible,
    OfferLimit,
    MonthLimit,
    YearLimit,
    Verified,
    Closed,
    AnotherMerchant,
    VoucherExpired,
    VoucherCancelled,
    VoucherReversed,
    NotVerified,
    UndoneTooLate,
    GiftTooSmall,
    GiftsOfDay,
    StockTooLow,
    HoldEnded,
    HoldOverdue,
}

/// What came of a step.
pub type Outcome = Result<Moved, Refusal>;

/// What a step moved in a member's purse: points, and the part of a debt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    pub points: i64,
    pub debt: i64,
}

impl Add for Moved {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { points: self.points + other.points, debt: self.debt + other.debt }
    }
}

#[derive(Clone, Debug)]
pub struct Model {
    pub now: NaiveDateTime,
    pub people: Vec<Person>,
    pub shelves: Vec<Shelf>,
    pub vouchers: Vec<Voucher>,
    pub events: Vec<Event>,
    pub holds: Vec<Reserve>,
    pub gifts: Vec<Gift>,
    /// What came of the last step.
    pub last: Outcome,
}

#[derive(Clone, Debug, Default)]
pub struct Person {
    pub lots: Vec<Lot>,
    pub debt: i64,
    pub frozen: bool,
    pub earned: i64,
    pub minutes: i64,
    pub settled: bool,
}

#[derive(Clone, Debug)]
pub struct Lot {
    pub granted: i64,
    pub left: i64,
    pub ends: NaiveDateTime,
}

impl Lot {
    /// How it is compared: its end, what came in and what is left.
    pub fn line(&self) -> (NaiveDateTime, i64, i64) {
        (self.ends, self.granted, self.left)
    }
}

#[derive(Clone, Debug)]
pub struct Shelf {
    pub price: i64,
    pub fen: i64,
    pub limit: Option<usize>,
    pub days: u64,
    pub left: i64,
    pub total: i64,
}

#[derive(Clone, Debug)]
pub struct Voucher {
    pub member: Pick,
    pub offer: Pick,
    pub state: State,
    pub issued: NaiveDateTime,
    pub expires: NaiveDateTime,
    pub verified: Option<NaiveDateTime>,
    pub uses: Vec<(usize, i64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Issued,
    Verified,
    Cancelled,
    Expired,
    Reversed,
}

/// Points that are reserved, out of lots that were good when it began.
#[derive(Clone, Debug)]
pub struct Reserve {
    pub member: Pick,
    pub amount: i64,
    pub since: NaiveDateTime,
    pub until: NaiveDateTime,
    pub pending: bool,
}

/// Something that was decided to earn points, or none.
#[derive(Clone, Debug)]
pub struct Event {
    pub member: Pick,
    pub points: i64,
    /// When it was credited.
    pub at: NaiveDateTime,
    /// What was taken back of it.
    pub taken: Option<Taken>,
    pub day: NaiveDate,
}

/// What was taken back of a credit: out of which lots, and what became debt.
#[derive(Clone, Debug)]
pub struct Taken {
    pub uses: Vec<(usize, i64)>,
    pub debt: i64,
    pub restored: bool,
}

/// Points that a member gave away.
#[derive(Clone, Debug)]
pub struct Gift {
    pub member: Pick,
    pub points: i64,
    pub day: NaiveDate,
}

impl Model {
    pub fn new(now: NaiveDateTime, people: usize, shelves: Vec<Shelf>) -> Self {
        let people = vec![Person::default(); people];
        let (vouchers, events, holds, gifts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { now, people, shelves, vouchers, events, holds, gifts, last: Ok(Moved::default()) }
    }

    pub fn step(&mut self, operation: &Operation) -> Outcome {
        match *operation {
            Operation::Serve(outing) => Ok(self.serve(outing)),
            Operation::ServeTogether { minutes, days_ago } => Ok(self.serve_together(minutes, days_ago)),
            Operation::Settle { member } => self.settle(member),
            Operation::ServeAgain { event } => {
                newest(&self.events, event).ok_or(Refusal::NotThere)?;
                Err(Refusal::DoneBefore)
            }
            Operation::Redeem { member, offer } => self.redeem(member, offer),
            Operation::RedeemAgain { voucher } => self.redeem_again(voucher),
            Operation::Cancel { voucher, own } => self.cancel(voucher, own),
            Operation::Verify { voucher, own } => self.verify(voucher, own),
            Operation::Undo { voucher } => self.undo(voucher),
            Operation::ClawBack { credit, percent } => self.claw_back(credit, percent),
            Operation::Restore { credit } => self.restore(credit),
            Operation::Give { member, points } => self.give(member, points),
            Operation::Adjust { member, amount } => self.adjust(member, amount),
            Operation::Hold { member, amount, days } => self.hold(member, amount, days),
            Operation::EndHold { hold, percent } => self.end_hold(hold, percent),
            Operation::ExpireHolds => Ok(self.expire_holds()),
            Operation::Freeze { member, frozen } => {
                self.people[member].frozen = frozen;
                Ok(Moved::default())
            }
            Operation::ChangeStock { offer, change } => {
                let goods = &mut self.shelves[offer];
                if change == 0 || goods.left + change < 0 {
                    return Err(Refusal::StockTooLow);
                }
                goods.left += change;
                goods.total += change;
                Ok(Moved::default())
            }
            Operation::ExpirePoints => {
                let now = self.now;
                // Nothing expires of somebody some of whose points are held.
                let held: Vec<i64> = (0..self.people.len()).map(|member| self.held(member)).collect();
                let free = self.people.iter_mut().zip(held).filter(|(_, held)| *held == 0);
                let lots = free.flat_map(|(person, _)| &mut person.lots);
                let gone = lots.filter(|lot| lot.ends <= now).map(|lot| std::mem::take(&mut lot.left)).sum::<i64>();
                Ok(Moved { points: -gone, debt: 0 })
            }
            Operation::ExpireVouchers => Ok(self.expire_vouchers()),
            Operation::Wait(ref wait) => {
                self.now = wait.after(self.now);
                Ok(Moved::default())
            }
        }
    }

    /// Which event a credit is, counted from the newest that gave points.
    pub fn credit(&self, pick: Pick) -> Option<usize> {
        let credits: Vec<usize> = (0..self.events.len()).filter(|number| self.events[*number].points > 0).collect();
        newest(&credits, pick).map(|place| credits[place])
    }

    /// What a member can spend.
    pub fn available(&self, member: Pick) -> i64 {
        let open: i64 = self.people[member].lots.iter().filter(|lot| lot.ends > self.now).map(|lot| lot.left).sum();
        (open - self.held(member)).max(0)
    }

    /// What is reserved.
    pub fn held(&self, member: Pick) -> i64 {
        self.holds.iter().filter(|hold| hold.pending && hold.member == member).map(|hold| hold.amount).sum()
    }

    /// Points that are free again pay what is owed.
    pub fn pay_debt(&mut self, member: Pick, freed: i64) -> Moved {
        let paid = freed.min(self.people[member].debt).min(self.available(member));
        self.take(member, paid, self.now);
        self.people[member].debt -= paid;
        Moved { points: -paid, debt: paid }
    }

    /// The debt first, the rest into a lot that lasts to the end of March of the next year.
    pub fn put_in(&mut self, member: Pick, points: i64) -> Moved {
        let person = &mut self.people[member];
        let debt = points.min(person.debt);
        person.debt -= debt;
        self.grant(member, points - debt, end_of_lot(self.now));
        Moved { points: points - debt, debt }
    }

    /// Takes from one lot after the other that was good then; the caller knows that they suffice.
    pub fn take(&mut self, member: Pick, points: i64, then: NaiveDateTime) -> Vec<(usize, i64)> {
        let mut missing = points;
        let mut uses = Vec::new();
        for number in self.people[member].in_order() {
            let lot = &mut self.people[member].lots[number];
            let taken = if lot.ends > then { lot.left.min(missing) } else { 0 };
            if taken > 0 {
                lot.left -= taken;
                missing -= taken;
                uses.push((number, taken));
            }
        }
        uses
    }

    /// Puts points back into their lots; answers how many have none any more, because it has ended.
    pub fn put_back(&mut self, member: Pick, uses: &[(usize, i64)]) -> i64 {
        let mut late = 0;
        for (lot, amount) in uses {
            let lot = &mut self.people[member].lots[*lot];
            if lot.ends <= self.now {
                late += amount;
            } else {
                lot.left += amount;
            }
        }
        late
    }

    /// A new lot, if there is anything for it.
    pub fn grant(&mut self, member: Pick, points: i64, ends: NaiveDateTime) {
        if points > 0 {
            self.people[member].lots.push(Lot { granted: points, left: points, ends });
        }
    }

    /// Until when points last that have no lot any more.
    pub fn end_of_grace(&self) -> NaiveDateTime {
        midnight(self.now.date() + Days::new(u64::from(GRACE_DAYS) + 1))
    }
}

impl Person {
    /// The lots as they are spent: what ends first, and of equals what came first.
    pub fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.lots.len()).collect();
        order.sort_by_key(|number| self.lots[*number].ends);
        order
    }
}

/// The place of what is picked, counted from the newest.
pub fn newest<T>(all: &[T], pick: Pick) -> Option<usize> {
    all.len().checked_sub(1).map(|last| last - pick % all.len())
}

/// So many percent of some points, one at least.
pub fn share(points: i64, percent: i64) -> i64 {
    (points * percent / 100).max(1)
}

/// The end of March of the year after a credit.
pub fn end_of_lot(credited: NaiveDateTime) -> NaiveDateTime {
    midnight(first_of(credited.year() + 1, 4))
}

pub fn midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN)
}
