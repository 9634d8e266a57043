//! The true ledger, moved as the use cases and jobs move it.

use chrono::NaiveDateTime;
use domain::id::{HoldId, LotId, MemberId, OfferId, RedemptionId, TransferId};
use domain::points::{self, Actor, Grace, Grant, Occasion, Posting, Rulebook, Service, Source, SourceKind, SpendError};
use domain::points::{
    AdjustError, CreditDecision, ExpireError, Hold, HoldError, HoldPurpose, Purse, RewardedEvent, credit_for_event,
    credit_for_service,
};
use domain::redemption::{CloseError, RedeemError, VerifyError, Wish, redeem};
use domain::service::ServiceNature;
use domain::time::Instant;
use sea_orm::DatabaseConnection;
use storage::database::Pools;
use storage::earn_events::{self, EarnEvent};
use storage::invariants::Violations;
use storage::service_records::{self, ServiceRecord};
use storage::{
    Database, StorageError, WriteTx, chains, holds, invariants, lots, members, offers, purses, redemptions, rulebooks,
    transfers,
};
use uuid::Uuid;

use crate::model::{self, Moved, Outcome, Refusal, newest, share};
use crate::operation::Operation;
use crate::template::Cast;

/// In a story nobody proposes or approves what is put right, and at its end a hold may wait for its job.
const ELSEWHERE: [&str; 2] = ["adjustment_exists", "hold_overdue"];

pub struct Ledger {
    pub database: Database,
    pub cast: Cast,
    pub vouchers: Vec<Receipt>,
    /// A connection for what the product does not show.
    pub raw: DatabaseConnection,
    now: Instant,
    rules: Rulebook,
    events: Vec<Earning>,
    credits: Vec<Credit>,
    holds: Vec<(HoldId, MemberId, i64)>,
}

/// A redemption as its caller remembers it.
pub struct Receipt {
    pub id: RedemptionId,
    member: MemberId,
    offer: OfferId,
    transfer: TransferId,
}

/// Something that earns points: service at some time, or the first residency.
#[derive(Clone)]
struct Earning {
    member: MemberId,
    source: Source,
    service: Option<(Service, Instant)>,
}

struct Credit {
    member: MemberId,
    transfer: TransferId,
    points: i64,
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
            Operation::Serve { member, minutes, made_up, kind, evaluation, own_duty, days_ago } => {
                let served_at = self.now - chrono::Days::new(days_ago);
                let service = Service {
                    timed_minutes: minutes,
                    made_up_minutes: made_up,
                    kind,
                    evaluation,
                    starts_at: served_at,
                    own_duty,
                    excluded: false,
                };
                let source = Source { kind: SourceKind::Enrolment, id: Uuid::now_v7() };
                self.decide(Earning { member: self.cast.members[member], source, service: Some((service, served_at)) })
                    .await
            }
            Operation::Settle { member } => {
                let member = self.cast.members[member];
                let source = Source { kind: SourceKind::FirstResidency, id: member.uuid() };
                self.decide(Earning { member, source, service: None }).await
            }
            Operation::ServeAgain { event } => {
                let number = newest(&self.events, event).ok_or(Refusal::NotThere)?;
                self.earn(&self.events[number]).await.map(|_| Moved::default())
            }
            Operation::Redeem { member, offer } => {
                let (member, offer) = (self.cast.members[member], self.cast.offers[offer]);
                let key = self.vouchers.len().to_string();
                let transfer = TransferId::of_key(member.into(), "redeem_offer", &key);
                let (id, moved) = self.redeem(member, offer, transfer).await?;
                self.vouchers.push(Receipt { id, member, offer, transfer });
                Ok(moved)
            }
            Operation::RedeemAgain { voucher } => {
                let number = newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?;
                let Receipt { member, offer, transfer, .. } = self.vouchers[number];
                self.redeem(member, offer, transfer).await.map(|(_, moved)| moved)
            }
            Operation::Cancel { voucher, own } => {
                let number = newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?;
                let Receipt { id, member, .. } = self.vouchers[number];
                let other = self.cast.members.iter().find(|other| **other != member);
                self.cancel(id, if own { Some(&member) } else { other }).await
            }
            Operation::Verify { voucher, own } => {
                let number = newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?;
                self.verify(self.vouchers[number].id, own).await
            }
            Operation::ClawBack { credit, percent } => {
                let number = newest(&self.credits, credit).ok_or(Refusal::NotThere)?;
                let credit = &self.credits[number];
                let mut tx = self.write().await;
                let mut purse = purses::lock(&mut tx, credit.member).await.expect("the purse");
                let why = self.occasion("追回", SourceKind::Transfer, credit.transfer.uuid());
                let posting = points::clawback(&mut purse, why, credit.transfer, share(credit.points, percent));
                keep(tx, credit.member, &posting.expect("a sound clawback")).await
            }
            Operation::Adjust { member, amount } => self.adjust(self.cast.members[member], amount).await,
            Operation::Hold { member, amount, days } => self.hold(self.cast.members[member], amount, days).await,
            Operation::EndHold { hold, percent } => {
                let number = newest(&self.holds, hold).ok_or(Refusal::NotThere)?;
                let (id, member, amount) = self.holds[number];
                self.end_hold(id, member, percent.map(|percent| share(amount, percent))).await
            }
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

    async fn write(&self) -> WriteTx {
        self.database.write().await.expect("a transaction")
    }

    fn occasion(&self, reason: &str, kind: SourceKind, id: Uuid) -> Occasion {
        let (source, actor) = (Source { kind, id }, Actor::Job);
        Occasion { reason: reason.into(), source, actor, business_at: self.now, posted_at: self.now }
    }

    async fn decide(&mut self, earning: Earning) -> Outcome {
        let (decision, moved) = self.earn(&earning).await?;
        if decision.points > 0 {
            let transfer = TransferId::of_earning(earning.source.kind, earning.source.id, earning.member);
            self.credits.push(Credit { member: earning.member, transfer, points: decision.points });
        }
        self.events.push(earning);
        Ok(moved)
    }

    async fn earn(&self, Earning { member, source, service }: &Earning) -> Result<(CreditDecision, Moved), Refusal> {
        let (member, source) = (*member, *source);
        let at = service.map_or(self.now, |(_, served_at)| served_at);
        let mut tx = self.write().await;
        let rulebook = rulebooks::in_force(&tx, at).await.expect("the rules").id;
        let mut purse = purses::lock_accounts(&mut tx, member).await.expect("the purse");
        let earned = earn_events::earned(&tx, member, at).await.expect("what was earned");
        let decision = match service {
            Some((service, _)) => credit_for_service(&self.rules, service, earned),
            None => credit_for_event(&self.rules, RewardedEvent::FirstResidency, 0, earned),
        };
        let (mut transfer, mut debt_paid, mut moved) = (None, 0, Moved::default());
        if decision.points > 0 {
            let id = TransferId::of_earning(source.kind, source.id, member);
            let why = self.occasion("活动积分", source.kind, source.id);
            let credited = points::credit(&mut purse, id, why, decision.points, self.grant()).expect("a sound credit");
            transfers::post(&mut tx, &credited.posting).await.map_err(done_before)?;
            (transfer, debt_paid, moved) = (Some(id), credited.debt_paid, moved_by(member, &credited.posting));
        }
        let event = EarnEvent { member, source, transfer, rulebook, decision, debt_paid, business_at: at };
        earn_events::insert(&mut tx, &event).await.map_err(done_before)?;
        if let Some((service, served_at)) = *service {
            let record = ServiceRecord {
                id: Uuid::now_v7(),
                member,
                source,
                timed_minutes: service.timed_minutes,
                made_up_minutes: service.made_up_minutes,
                nature: ServiceNature::Voluntary,
                served_at,
                verified_at: self.now,
            };
            service_records::insert(&mut tx, &record).await.expect("a record");
        }
        tx.commit().await.expect("kept");
        Ok((decision, moved))
    }

    fn grant(&self) -> Grant {
        Grant { lot: LotId::new(Uuid::now_v7()), expires_at: self.rules.expires_at(self.now) }
    }

    async fn redeem(
        &self,
        member: MemberId,
        offer: OfferId,
        transfer: TransferId,
    ) -> Result<(RedemptionId, Moved), Refusal> {
        let mut tx = self.write().await;
        let (offer, merchant) = offers::find_any(&tx, offer).await.expect("an answer").expect("the offer");
        let unit = members::find(&tx, member).await.expect("an answer").expect("the member").unit;
        let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
        let usage = redemptions::usage(&tx, member, offer.id, self.now).await.expect("what was redeemed");
        let id = RedemptionId::new(Uuid::now_v7());
        let (rules, now, posted_at) = (&self.rules, self.now, self.now);
        let wish = Wish { id, transfer, unit, offer: &offer, merchant: &merchant, usage, rules, now, posted_at };
        let (redemption, posting) = redeem(&mut purse, wish).map_err(not_redeemed)?;
        transfers::post(&mut tx, &posting).await.map_err(done_before)?;
        let code = domain::voucher::code(&[9; 32], id);
        let hash = domain::voucher::lookup_hash(&[9; 32], &code);
        redemptions::insert(&mut tx, &redemption, hash).await.expect("a redemption");
        assert!(offers::take_one(&mut tx, offer.id, offer.promise.price).await.expect("an answer"));
        tx.commit().await.expect("kept");
        Ok((id, moved_by(member, &posting)))
    }

    async fn cancel(&self, id: RedemptionId, by: Option<&MemberId>) -> Outcome {
        let mut tx = self.write().await;
        let locked = match by {
            Some(member) => redemptions::lock_own(&mut tx, *member, id).await,
            None => redemptions::lock_any(&mut tx, id).await,
        };
        let mut redemption = locked.expect("an answer").ok_or(Refusal::NotThere)?;
        let closed = if by.is_some() { redemption.cancel(self.now) } else { redemption.expire(self.now) };
        closed.map_err(|error| match error {
            CloseError::Verified => Refusal::Verified,
            CloseError::Closed(_) => Refusal::Closed,
            CloseError::NotDue | CloseError::NotVerified => panic!("the job looks for what is due"),
        })?;
        let (member, transfer) = (redemption.member, redemption.transfer);
        let spent = purses::lock_spent(&mut tx, member, transfer).await.expect("the purse");
        let (mut purse, spent) = spent.expect("the spending");
        let grace = Grace { days: model::GRACE_DAYS, lot: LotId::new(Uuid::now_v7()) };
        let posting = redemption.refund(&mut purse, &spent, grace, Actor::Job, self.now).expect("a refund");
        transfers::post(&mut tx, &posting).await.map_err(done_before)?;
        let mut moved = moved_by(member, &posting);
        let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
        if let Some(paid) = points::pay_debt(&mut purse, &posting, Actor::Job, self.now, self.now) {
            transfers::post(&mut tx, &paid).await.expect("a posting");
            moved = moved + moved_by(member, &paid);
        }
        assert!(redemptions::close(&mut tx, &redemption).await.expect("an answer"));
        offers::give_one_back(&mut tx, redemption.offer).await.expect("a piece goes back");
        tx.commit().await.expect("kept");
        Ok(moved)
    }

    async fn verify(&self, id: RedemptionId, own: bool) -> Outcome {
        let staff = &self.cast.staff[usize::from(!own)];
        let mut tx = self.write().await;
        let found = redemptions::find_of_merchant(&tx, staff.merchant, id).await.expect("an answer");
        let mut redemption = found.ok_or(Refusal::AnotherMerchant)?.redemption;
        let verification = redemption.verify(staff, self.now).map_err(|error| match error {
            VerifyError::AnotherMerchant => Refusal::AnotherMerchant,
            VerifyError::AlreadyVerified(_) => Refusal::Verified,
            VerifyError::Expired => Refusal::VoucherExpired,
            VerifyError::Cancelled => Refusal::VoucherCancelled,
            VerifyError::Reversed => panic!("nobody takes a confirmation back"),
        })?;
        assert!(redemptions::verify(&mut tx, id, verification).await.expect("an answer"));
        tx.commit().await.expect("kept");
        Ok(Moved::default())
    }

    async fn adjust(&self, member: MemberId, amount: i64) -> Outcome {
        let mut tx = self.write().await;
        let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
        let decision = Uuid::now_v7();
        let why = self.occasion("人工调整", SourceKind::Adjustment, decision);
        let id = TransferId::of_key(member.into(), "adjust_points", &decision.to_string());
        let posting = points::adjust(&mut purse, id, why, amount, self.grant()).map_err(|error| match error {
            AdjustError::InvalidAmount => Refusal::InvalidAmount,
            AdjustError::Insufficient { available, .. } => Refusal::Insufficient { available },
            AdjustError::TooMuch => panic!("nobody gets so rich"),
        })?;
        keep(tx, member, &posting).await
    }

    async fn hold(&mut self, member: MemberId, amount: i64, days: u64) -> Outcome {
        let mut tx = self.write().await;
        let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
        let (id, purpose) = (HoldId::new(Uuid::now_v7()), HoldPurpose::Adjustment);
        let until = self.now + chrono::Days::new(days);
        let hold = Hold::place(&mut purse, id, purpose, amount, self.now, until).map_err(not_held)?;
        holds::place(&mut tx, &hold).await.expect("a hold");
        tx.commit().await.expect("kept");
        self.holds.push((id, member, amount));
        Ok(Moved::default())
    }

    async fn end_hold(&self, id: HoldId, member: MemberId, taken: Option<i64>) -> Outcome {
        let mut tx = self.write().await;
        let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
        let mut hold = holds::find(&tx, id).await.expect("an answer").expect("the hold");
        let moved = if let Some(taken) = taken {
            let why = self.occasion("人工调整", SourceKind::Adjustment, id.uuid());
            let transfer = TransferId::of_key(member.into(), "approve_adjustment", &id.to_string());
            let posting = hold.post(&mut purse, transfer, why, taken).map_err(not_held)?;
            holds::post(&mut tx, &hold, &posting).await.expect("a posting");
            moved_by(member, &posting)
        } else {
            hold.void(&mut purse).map_err(not_held)?;
            self.free(&mut tx, &mut purse, &hold).await
        };
        tx.commit().await.expect("kept");
        Ok(moved)
    }

    async fn expire_holds(&self) -> Outcome {
        let mut moved = Moved::default();
        for (id, member) in holds::list_overdue(&self.database.read(), self.now, None, 200).await.expect("a list") {
            let mut tx = self.write().await;
            let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
            let mut hold = holds::find(&tx, id).await.expect("an answer").expect("the hold");
            hold.expire(&mut purse, self.now).expect("an overdue hold");
            moved = moved + self.free(&mut tx, &mut purse, &hold).await;
            tx.commit().await.expect("kept");
        }
        Ok(moved)
    }

    /// Frees what was held, which pays a debt first.
    async fn free(&self, tx: &mut WriteTx, purse: &mut Purse, hold: &Hold) -> Moved {
        let paid = hold.pay_debt(purse, Actor::Job, self.now, self.now);
        holds::free(tx, hold, paid.as_ref()).await.expect("an answer");
        paid.map_or_else(Moved::default, |posting| moved_by(purse.member, &posting))
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

    /// Each in a transaction of its own; of those that end at the same midnight, the oldest first.
    async fn expire_vouchers(&self) -> Outcome {
        let mut due = redemptions::list_overdue(&self.database.read(), self.now, None, 200).await.expect("a list");
        due.sort_by_key(|(_, id)| id.uuid());
        let mut back = Moved::default();
        for (_, id) in due {
            back = back + self.cancel(id, None).await?;
        }
        Ok(back)
    }
}

async fn keep(mut tx: WriteTx, member: MemberId, posting: &Posting) -> Outcome {
    transfers::post(&mut tx, posting).await.map_err(done_before)?;
    tx.commit().await.expect("kept");
    Ok(moved_by(member, posting))
}

/// What a posting moved in the member's two accounts.
fn moved_by(member: MemberId, posting: &Posting) -> Moved {
    let of = |account| {
        let legs = posting.entries().iter().filter(|entry| entry.account == account);
        legs.map(|entry| entry.amount).sum()
    };
    Moved { points: of(domain::id::AccountId::points_of(member)), debt: of(domain::id::AccountId::debt_of(member)) }
}

fn done_before(error: StorageError) -> Refusal {
    assert!(transfers::posted_before(&error) || error.breaks("earn_event"), "{error:?}");
    Refusal::DoneBefore
}

fn not_held(error: HoldError) -> Refusal {
    match error {
        HoldError::InvalidAmount => Refusal::InvalidAmount,
        HoldError::Insufficient { available, .. } => Refusal::Insufficient { available },
        HoldError::Ended(_) => Refusal::HoldEnded,
        HoldError::Overdue(_) => Refusal::HoldOverdue,
        HoldError::NotDue(_) => panic!("the job looks for what is due"),
    }
}

fn not_redeemed(error: RedeemError) -> Refusal {
    match error {
        RedeemError::SoldOut => Refusal::SoldOut,
        RedeemError::NotEligible { .. } => Refusal::NotEligible,
        RedeemError::PerMemberLimit { .. } => Refusal::OfferLimit,
        RedeemError::MonthlyLimit { .. } => Refusal::MonthLimit,
        RedeemError::ValueCap { .. } => Refusal::YearLimit,
        RedeemError::Spend(SpendError::Frozen) => Refusal::Frozen,
        RedeemError::Spend(SpendError::Insufficient { available, .. }) => Refusal::Insufficient { available },
        other => panic!("{other:?}"),
    }
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
