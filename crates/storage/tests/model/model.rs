//! The second opinion: what the books must say, told with lists and additions. Nothing here comes from the ledger's code,
//! not even its calendar: every time is what a clock in Beijing shows.

use std::ops::Add;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};
use domain::service::{Evaluation, ServiceKind};

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
    settled: bool,
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
    issued: NaiveDateTime,
    expires: NaiveDateTime,
    uses: Vec<(usize, i64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Issued,
    Verified,
    Cancelled,
    Expired,
}

/// Points that are reserved, out of lots that were good when it began.
#[derive(Clone, Debug)]
pub struct Reserve {
    member: Pick,
    amount: i64,
    since: NaiveDateTime,
    until: NaiveDateTime,
    pending: bool,
}

/// Something that was decided to earn points, or none.
#[derive(Clone, Debug)]
pub struct Event {
    pub member: Pick,
    pub points: i64,
    day: NaiveDate,
    clawed_back: bool,
}

impl Model {
    pub fn new(now: NaiveDateTime, people: usize, shelves: Vec<Shelf>) -> Self {
        let people = vec![Person::default(); people];
        let (vouchers, events, holds) = (Vec::new(), Vec::new(), Vec::new());
        Self { now, people, shelves, vouchers, events, holds, last: Ok(Moved::default()) }
    }

    pub fn step(&mut self, operation: &Operation) -> Outcome {
        match *operation {
            Operation::Serve { member, minutes, made_up, kind, evaluation, own_duty, days_ago } => {
                let day = (self.now - Days::new(days_ago)).date();
                let counted = (minutes + made_up * MADE_UP_PERCENT / 100).min(240) / 30;
                let wanted = counted * 5 * percent_of_kind(kind) * percent_of_evaluation(evaluation) / 10_000;
                self.people[member].minutes += minutes + made_up;
                Ok(self.earn(member, day, if own_duty { 0 } else { wanted }))
            }
            Operation::Settle { member } => {
                if std::mem::replace(&mut self.people[member].settled, true) {
                    return Err(Refusal::DoneBefore);
                }
                Ok(self.earn(member, self.now.date(), FIRST_RESIDENCY))
            }
            Operation::ServeAgain { event } => {
                newest(&self.events, event).ok_or(Refusal::NotThere)?;
                Err(Refusal::DoneBefore)
            }
            Operation::Redeem { member, offer } => self.redeem(member, offer),
            Operation::RedeemAgain { voucher } => {
                let number = newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?;
                let Voucher { member, offer, .. } = self.vouchers[number];
                self.may_redeem(member, offer)?;
                Err(Refusal::DoneBefore)
            }
            Operation::Cancel { voucher, own } => {
                let number = newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?;
                if !own {
                    return Err(Refusal::NotThere);
                }
                match self.vouchers[number].state {
                    State::Issued => Ok(self.give_back(number, State::Cancelled)),
                    State::Verified => Err(Refusal::Verified),
                    State::Cancelled | State::Expired => Err(Refusal::Closed),
                }
            }
            Operation::Verify { voucher, own } => {
                let number = newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?;
                let now = self.now;
                let voucher = &mut self.vouchers[number];
                match voucher.state {
                    _ if !own => Err(Refusal::AnotherMerchant),
                    State::Verified => Err(Refusal::Verified),
                    State::Cancelled => Err(Refusal::VoucherCancelled),
                    State::Expired => Err(Refusal::VoucherExpired),
                    State::Issued if voucher.expires <= now => Err(Refusal::VoucherExpired),
                    State::Issued => {
                        voucher.state = State::Verified;
                        Ok(Moved::default())
                    }
                }
            }
            Operation::ClawBack { credit, percent } => {
                let number = self.credit(credit).ok_or(Refusal::NotThere)?;
                let Event { member, points, .. } = self.events[number];
                if std::mem::replace(&mut self.events[number].clawed_back, true) {
                    return Err(Refusal::DoneBefore);
                }
                let amount = share(points, percent);
                let taken = amount.min(self.available(member));
                self.take(member, taken, self.now);
                self.people[member].debt += amount - taken;
                self.people[member].earned -= amount;
                Ok(Moved { points: -taken, debt: taken - amount })
            }
            Operation::Adjust { member, amount } => {
                if amount == 0 || amount.unsigned_abs() > 1_000_000 {
                    return Err(Refusal::InvalidAmount);
                }
                if amount > 0 {
                    return Ok(self.put_in(member, amount));
                }
                let available = self.available(member);
                if available < -amount {
                    return Err(Refusal::Insufficient { available });
                }
                self.take(member, -amount, self.now);
                Ok(Moved { points: amount, debt: 0 })
            }
            Operation::Hold { member, amount, days } => {
                if amount < 1 {
                    return Err(Refusal::InvalidAmount);
                }
                let available = self.available(member);
                if available < amount {
                    return Err(Refusal::Insufficient { available });
                }
                let (since, until) = (self.now, self.now + Days::new(days));
                self.holds.push(Reserve { member, amount, since, until, pending: true });
                Ok(Moved::default())
            }
            Operation::EndHold { hold, percent } => {
                let number = newest(&self.holds, hold).ok_or(Refusal::NotThere)?;
                let Reserve { member, amount, since, until, pending } = self.holds[number];
                if !pending {
                    return Err(Refusal::HoldEnded);
                }
                if percent.is_some() && until <= self.now {
                    return Err(Refusal::HoldOverdue);
                }
                self.holds[number].pending = false;
                let Some(percent) = percent else {
                    return Ok(self.pay_debt(member, amount));
                };
                let points = share(amount, percent);
                self.take(member, points, since);
                Ok(Moved { points: -points, debt: 0 })
            }
            Operation::ExpireHolds => {
                let mut moved = Moved::default();
                for number in 0..self.holds.len() {
                    let Reserve { member, amount, until, pending, .. } = self.holds[number];
                    if pending && until <= self.now {
                        self.holds[number].pending = false;
                        moved = moved + self.pay_debt(member, amount);
                    }
                }
                Ok(moved)
            }
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
            Operation::ExpireVouchers => {
                let mut moved = Moved::default();
                for number in 0..self.vouchers.len() {
                    let voucher = &self.vouchers[number];
                    if voucher.state == State::Issued && voucher.expires <= self.now {
                        moved = moved + self.give_back(number, State::Expired);
                    }
                }
                Ok(moved)
            }
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
    fn pay_debt(&mut self, member: Pick, freed: i64) -> Moved {
        let paid = freed.min(self.people[member].debt).min(self.available(member));
        self.take(member, paid, self.now);
        self.people[member].debt -= paid;
        Moved { points: -paid, debt: paid }
    }

    /// Gives what the caps leave of it.
    fn earn(&mut self, member: Pick, day: NaiveDate, wanted: i64) -> Moved {
        let earned = |same: &dyn Fn(NaiveDate) -> bool| {
            let mine = self.events.iter().filter(|event| event.member == member && same(event.day));
            mine.map(|event| event.points).sum::<i64>()
        };
        let month = |date: NaiveDate| (date.year(), date.month());
        let room = [
            DAY_CAP - earned(&|date| date == day),
            MONTH_CAP - earned(&|date| month(date) == month(day)),
            YEAR_CAP - earned(&|date| date.year() == day.year()),
        ];
        let points = wanted.min(room.into_iter().min().unwrap_or(0)).max(0);
        self.events.push(Event { member, points, day, clawed_back: false });
        self.people[member].earned += points;
        self.put_in(member, points)
    }

    /// The debt first, the rest into a lot that lasts to the end of March of the next year.
    fn put_in(&mut self, member: Pick, points: i64) -> Moved {
        let ends = midnight(first_of(self.now.year() + 1, 4));
        let person = &mut self.people[member];
        let debt = points.min(person.debt);
        person.debt -= debt;
        if points > debt {
            person.lots.push(Lot { granted: points - debt, left: points - debt, ends });
        }
        Moved { points: points - debt, debt }
    }

    /// Takes from one lot after the other that was good then; the caller knows that they suffice.
    fn take(&mut self, member: Pick, points: i64, then: NaiveDateTime) -> Vec<(usize, i64)> {
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

    fn redeem(&mut self, member: Pick, offer: Pick) -> Outcome {
        self.may_redeem(member, offer)?;
        let Shelf { price, days, .. } = self.shelves[offer];
        let uses = self.take(member, price, self.now);
        self.shelves[offer].left -= 1;
        let expires = midnight(self.now.date() + Days::new(days + 1));
        self.vouchers.push(Voucher { member, offer, state: State::Issued, issued: self.now, expires, uses });
        Ok(Moved { points: -price, debt: 0 })
    }

    fn may_redeem(&self, member: Pick, offer: Pick) -> Result<(), Refusal> {
        let (goods, person, today) = (&self.shelves[offer], &self.people[member], self.now.date());
        let kept = |voucher: &&Voucher| voucher.member == member && voucher.counts();
        let year = self.vouchers.iter().filter(kept).filter(|voucher| voucher.issued.year() == today.year());
        let month = year.clone().filter(|voucher| voucher.issued.month() == today.month());
        let quarter = year.clone().filter(|voucher| voucher.issued.month0() / 3 == today.month0() / 3);
        let fen: i64 = year.map(|voucher| self.shelves[voucher.offer].fen).sum();
        let of_offer = goods.limit.map_or(PER_OFFER_AND_QUARTER, |limit| limit.min(PER_OFFER_AND_QUARTER));
        let available = self.available(member);
        let refusals = [
            (goods.left < 1, Refusal::SoldOut),
            (person.minutes < MINUTES_TO_SPEND, Refusal::NotEligible),
            (quarter.filter(|voucher| voucher.offer == offer).count() >= of_offer, Refusal::OfferLimit),
            (month.count() >= PER_MONTH, Refusal::MonthLimit),
            (fen + goods.fen > YEAR_FEN, Refusal::YearLimit),
            (person.frozen, Refusal::Frozen),
            (available < goods.price, Refusal::Insufficient { available }),
        ];
        refusals.into_iter().find(|(refused, _)| *refused).map_or(Ok(()), |(_, refusal)| Err(refusal))
    }

    /// Every point goes back to its lot; what came from lots that have ended comes as one new lot of some days.
    fn give_back(&mut self, number: usize, to: State) -> Moved {
        let now = self.now;
        let voucher = &mut self.vouchers[number];
        voucher.state = to;
        self.shelves[voucher.offer].left += 1;
        let lots = &mut self.people[voucher.member].lots;
        let (mut points, mut late) = (0, 0);
        for (lot, amount) in &voucher.uses {
            points += amount;
            if lots[*lot].ends <= now {
                late += amount;
            } else {
                lots[*lot].left += amount;
            }
        }
        if late > 0 {
            let ends = midnight(now.date() + Days::new(u64::from(GRACE_DAYS) + 1));
            lots.push(Lot { granted: late, left: late, ends });
        }
        Moved { points, debt: 0 } + self.pay_debt(self.vouchers[number].member, points)
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

impl Voucher {
    fn counts(&self) -> bool {
        matches!(self.state, State::Issued | State::Verified)
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

fn midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN)
}

fn percent_of_kind(kind: ServiceKind) -> i64 {
    match kind {
        ServiceKind::General => 100,
        ServiceKind::Training => 50,
        ServiceKind::Professional => 150,
        ServiceKind::Emergency => 200,
    }
}

fn percent_of_evaluation(evaluation: Evaluation) -> i64 {
    match evaluation {
        Evaluation::A => 120,
        Evaluation::B => 100,
        Evaluation::C => 50,
        Evaluation::D => 0,
    }
}
