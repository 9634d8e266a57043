//! The true ledger, moved as the use cases and jobs move it.

use chrono::NaiveDateTime;
use domain::id::{HoldId, LotId, MemberId};
use domain::points::{self, Actor, ExpireError, Grant, Occasion, Posting, Rulebook, Source, SourceKind};
use domain::time::Instant;
use sea_orm::DatabaseConnection;
use storage::database::Pools;
use storage::invariants::Violations;
use storage::{Database, StorageError, WriteTx, chains, invariants, lots, offers, purses, transfers};
use uuid::Uuid;

use crate::earning::{Credit, Earning};
use crate::model::{self, Moved, Outcome, Refusal};
use crate::operation::Operation;
use crate::template::Cast;
use crate::vouchers::Receipt;

/// In a story nobody proposes or approves what is put right, and at its end a hold may wait for its job.
const ELSEWHERE: [&str; 2] = ["adjustment_exists", "hold_overdue"];

pub struct Ledger {
    pub database: Database,
    pub cast: Cast,
    pub vouchers: Vec<Receipt>,
    /// A connection for what the product does not show.
    pub raw: DatabaseConnection,
    now: Instant,
    pub rules: Rulebook,
    pub credits: Vec<Credit>,
    pub holds: Vec<(HoldId, MemberId, i64)>,
    pub events: Vec<Earning>,
}

impl Ledger {
    pub async fn open(url: &str, cast: Cast, now: NaiveDateTime) -> Self {
        let database = Database::open(url, Pools { read: 1, write: 1 }).await.expect("the database");
        let raw = sea_orm::Database::connect(url).await.expect("the database");
        let (vouchers, events, credits, holds) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { database, cast, vouchers, raw, now: instant(now), rules: rules(), events, credits, holds }
    }

    /// The time of the books.
    pub fn now(&self) -> Instant {
        self.now
    }

    pub async fn step(&mut self, operation: &Operation) -> Outcome {
        match *operation {
            Operation::Serve(outing) => self.serve(outing).await,
            Operation::ServeTogether { minutes, days_ago } => self.serve_together(minutes, days_ago).await,
            Operation::Settle { member } => self.settle(self.cast.members[member]).await,
            Operation::ServeAgain { event } => self.serve_again(event).await,
            Operation::Redeem { member, offer } => {
                self.redeem(self.cast.members[member], self.cast.offers[offer]).await
            }
            Operation::RedeemAgain { voucher } => self.redeem_again(voucher).await,
            Operation::Cancel { voucher, own } => self.cancel(voucher, own).await,
            Operation::Verify { voucher, own } => self.verify(voucher, own).await,
            Operation::Undo { voucher } => self.undo(voucher).await,
            Operation::ClawBack { credit, percent } => self.claw_back(credit, percent).await,
            Operation::Restore { credit } => self.restore(credit).await,
            Operation::Give { member, points } => self.give(self.cast.members[member], points).await,
            Operation::Adjust { member, amount } => self.adjust(self.cast.members[member], amount).await,
            Operation::Hold { member, amount, days } => self.hold(self.cast.members[member], amount, days).await,
            Operation::EndHold { hold, percent } => self.end_hold(hold, percent).await,
            Operation::ExpireHolds => self.expire_holds().await,
            Operation::Freeze { member, frozen } => {
                self.freeze(self.cast.members[member], frozen.then_some(self.now)).await;
                Ok(Moved::default())
            }
            Operation::ChangeStock { offer, change } => {
                let mut tx = self.write().await;
                let id = self.cast.offers[offer];
                let mut offer = offers::lock(&mut tx, id).await.expect("an answer").expect("the offer");
                offer.change_stock(change).map_err(|_| Refusal::StockTooLow)?;
                assert!(offers::change_stock(&mut tx, id, change, self.now).await.expect("an answer"));
                tx.commit().await.expect("kept");
                Ok(Moved::default())
            }
            Operation::ExpirePoints => self.expire_points().await,
            Operation::ExpireVouchers => self.expire_vouchers().await,
            Operation::Wait(ref wait) => {
                self.now = instant(wait.after(beijing(self.now)));
                Ok(Moved::default())
            }
        }
    }

    /// Ends the story: whatever must hold of the books holds, and every hash is that of what it says.
    pub async fn close(self) {
        let read = self.database.read();
        for invariant in invariants::all().filter(|invariant| !ELSEWHERE.contains(&invariant.name)) {
            let violations = invariants::check(&read, &invariant, self.now).await.expect("an answer");
            assert_eq!(violations, Violations::default(), "{}: {}", invariant.name, invariant.rule);
        }
        assert_eq!(chains::check(&read, |_| ()).await.expect("an answer"), Violations::default(), "{}", chains::RULE.1);
        drop(read);
        self.raw.close().await.expect("the connection closes");
        self.database.close().await.expect("the database closes");
    }

    pub async fn write(&self) -> WriteTx {
        self.database.write().await.expect("a transaction")
    }

    pub fn occasion(&self, reason: &str, kind: SourceKind, id: Uuid) -> Occasion {
        let (source, actor) = (Source { kind, id }, Actor::Job);
        Occasion { reason: reason.into(), source, actor, business_at: self.now, posted_at: self.now }
    }

    pub fn grant(&self) -> Grant {
        Grant { lot: LotId::new(Uuid::now_v7()), expires_at: self.rules.expires_at(self.now) }
    }

    /// What came back pays what is owed.
    pub async fn pay_debt(&self, tx: &mut WriteTx, member: MemberId, refund: &Posting) -> Moved {
        let mut purse = purses::lock(tx, member).await.expect("the purse");
        let Some(paid) = points::pay_debt(&mut purse, refund, Actor::Job, self.now, self.now) else {
            return Moved::default();
        };
        transfers::post(tx, &paid).await.expect("a posting");
        moved_by(member, &paid)
    }

    async fn expire_points(&self) -> Outcome {
        let due = lots::list_members_with_expired(&self.database.read(), self.now, None, 500).await.expect("a list");
        let mut tx = self.write().await;
        let (mut postings, mut gone) = (Vec::new(), Moved::default());
        let due = due.into_iter().map(|(_, member)| member).collect();
        for mut purse in purses::lock_expired(&mut tx, &due, self.now, 500).await.expect("the purses") {
            let member = purse.member;
            let lots: Vec<LotId> = purse.lots().iter().map(|lot| lot.id).collect();
            for lot in lots {
                let why = self.occasion("积分到期", SourceKind::Lot, lot.uuid());
                let posting = match points::expire(&mut purse, why, lot) {
                    Ok(posting) => posting,
                    Err(ExpireError::Held) => break,
                    Err(error) => panic!("{error:?}"),
                };
                gone.points += moved_by(member, &posting).points;
                postings.push(posting);
            }
        }
        transfers::post_all(&mut tx, &postings).await.expect("postings");
        tx.commit().await.expect("kept");
        Ok(gone)
    }
}

pub async fn keep(mut tx: WriteTx, member: MemberId, posting: &Posting) -> Outcome {
    transfers::post(&mut tx, posting).await.map_err(done_before)?;
    tx.commit().await.expect("kept");
    Ok(moved_by(member, posting))
}

/// What a posting moved in the member's two accounts.
pub fn moved_by(member: MemberId, posting: &Posting) -> Moved {
    let of = |account| {
        let legs = posting.entries().iter().filter(|entry| entry.account == account);
        legs.map(|entry| entry.amount).sum()
    };
    Moved { points: of(domain::id::AccountId::points_of(member)), debt: of(domain::id::AccountId::debt_of(member)) }
}

pub fn done_before(error: StorageError) -> Refusal {
    assert!(transfers::posted_before(&error) || error.breaks("earn_event"), "{error:?}");
    Refusal::DoneBefore
}

/// A district's rules, as tight as the model's.
fn rules() -> Rulebook {
    let mut rules = Rulebook::default_rules();
    (rules.earning.day_cap, rules.earning.month_cap, rules.earning.year_cap) =
        (model::DAY_CAP, model::MONTH_CAP, model::YEAR_CAP);
    rules.events.first_residency = model::FIRST_RESIDENCY;
    rules.coefficients.made_up_bp = i32::try_from(model::MADE_UP_PERCENT * 100).expect("a small number");
    rules.eligibility.spend_verified_minutes = model::MINUTES_TO_SPEND;
    rules.redemption.per_item_per_quarter = u32::try_from(model::PER_OFFER_AND_QUARTER).expect("a small number");
    rules.redemption.per_month = u32::try_from(model::PER_MONTH).expect("a small number");
    rules.redemption.value_cap_year_fen = model::YEAR_FEN;
    rules.voucher.reversal_hours = u32::try_from(model::UNDONE_WITHIN_HOURS).expect("a small number");
    (rules.donation.least_points, rules.donation.day_cap) = (model::LEAST_GIFT, model::GIFTS_OF_DAY);
    rules
}

/// What a clock in Beijing shows is eight hours ahead of UTC.
const AHEAD: chrono::Duration = chrono::Duration::hours(8);

fn instant(beijing: NaiveDateTime) -> Instant {
    (beijing - AHEAD).and_utc()
}

pub fn beijing(at: Instant) -> NaiveDateTime {
    at.naive_utc() + AHEAD
}
