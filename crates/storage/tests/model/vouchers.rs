//! Vouchers, told twice: redeemed, given back, confirmed, undone, and let go when their days are over.

use chrono::{Datelike, Days, Duration};
use domain::id::{LotId, MemberId, OfferId, RedemptionId, ReversalId, TransferId};
use domain::official::Official;
use domain::points::{Actor, Grace, SpendError};
use domain::redemption::{CloseError, RedeemError, Redemption, VerifyError, Wish, redeem};
use domain::reversal::{Concerned, Reversal, ReversalError};
use storage::{WriteTx, members, offers, purses, redemptions, reversals, transfers};
use uuid::Uuid;

use crate::ledger::{Ledger, done_before, moved_by};
use crate::model::{
    self, MINUTES_TO_SPEND, Model, Moved, Outcome, PER_MONTH, PER_OFFER_AND_QUARTER, Refusal, Shelf, State,
    UNDONE_WITHIN_HOURS, Voucher, YEAR_FEN, midnight, newest,
};
use crate::operation::Pick;

/// A redemption as its caller remembers it.
pub struct Receipt {
    pub id: RedemptionId,
    member: MemberId,
    offer: OfferId,
    transfer: TransferId,
}

impl Model {
    pub fn redeem_again(&mut self, voucher: Pick) -> Outcome {
        let number = newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?;
        let Voucher { member, offer, .. } = self.vouchers[number];
        self.may_redeem(member, offer)?;
        Err(Refusal::DoneBefore)
    }

    pub fn cancel(&mut self, voucher: Pick, own: bool) -> Outcome {
        let number = newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?;
        if !own {
            return Err(Refusal::NotThere);
        }
        match self.vouchers[number].state {
            State::Issued => Ok(self.give_back(number, State::Cancelled)),
            State::Verified => Err(Refusal::Verified),
            State::Cancelled | State::Expired | State::Reversed => Err(Refusal::Closed),
        }
    }

    pub fn verify(&mut self, voucher: Pick, own: bool) -> Outcome {
        let number = newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?;
        let now = self.now;
        let voucher = &mut self.vouchers[number];
        match voucher.state {
            _ if !own => Err(Refusal::AnotherMerchant),
            State::Verified => Err(Refusal::Verified),
            State::Cancelled => Err(Refusal::VoucherCancelled),
            State::Expired => Err(Refusal::VoucherExpired),
            State::Reversed => Err(Refusal::VoucherReversed),
            State::Issued if voucher.expires <= now => Err(Refusal::VoucherExpired),
            State::Issued => {
                voucher.state = State::Verified;
                voucher.verified = Some(now);
                Ok(Moved::default())
            }
        }
    }

    pub fn undo(&mut self, voucher: Pick) -> Outcome {
        let number = newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?;
        let Voucher { state: State::Verified, verified: Some(verified), .. } = self.vouchers[number] else {
            return Err(Refusal::NotVerified);
        };
        if self.now >= verified + Duration::hours(UNDONE_WITHIN_HOURS) {
            return Err(Refusal::UndoneTooLate);
        }
        Ok(self.give_back(number, State::Reversed))
    }

    pub fn expire_vouchers(&mut self) -> Moved {
        let mut moved = Moved::default();
        for number in 0..self.vouchers.len() {
            let voucher = &self.vouchers[number];
            if voucher.state == State::Issued && voucher.expires <= self.now {
                moved = moved + self.give_back(number, State::Expired);
            }
        }
        moved
    }

    pub fn redeem(&mut self, member: Pick, offer: Pick) -> Outcome {
        self.may_redeem(member, offer)?;
        let Shelf { price, days, .. } = self.shelves[offer];
        let uses = self.take(member, price, self.now);
        self.shelves[offer].left -= 1;
        let expires = midnight(self.now.date() + Days::new(days + 1));
        self.vouchers.push(Voucher {
            member,
            offer,
            state: State::Issued,
            issued: self.now,
            expires,
            verified: None,
            uses,
        });
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
        let voucher = &mut self.vouchers[number];
        voucher.state = to;
        self.shelves[voucher.offer].left += 1;
        let (member, uses) = (voucher.member, voucher.uses.clone());
        let late = self.put_back(member, &uses);
        self.grant(member, late, self.end_of_grace());
        let points = uses.iter().map(|(_, amount)| amount).sum();
        Moved { points, debt: 0 } + self.pay_debt(member, points)
    }
}

impl Voucher {
    fn counts(&self) -> bool {
        matches!(self.state, State::Issued | State::Verified)
    }
}

impl Ledger {
    pub async fn redeem(&mut self, member: MemberId, offer: OfferId) -> Outcome {
        let key = self.vouchers.len().to_string();
        let transfer = TransferId::of_key(member.into(), "redeem_offer", &key);
        let (id, moved) = self.take(member, offer, transfer).await?;
        self.vouchers.push(Receipt { id, member, offer, transfer });
        Ok(moved)
    }

    pub async fn redeem_again(&self, voucher: Pick) -> Outcome {
        let number = newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?;
        let Receipt { member, offer, transfer, .. } = self.vouchers[number];
        self.take(member, offer, transfer).await.map(|(_, moved)| moved)
    }

    pub async fn cancel(&self, voucher: Pick, own: bool) -> Outcome {
        let number = newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?;
        let Receipt { id, member, .. } = self.vouchers[number];
        let other = self.cast.members.iter().find(|other| **other != member);
        self.close_voucher(id, if own { Some(&member) } else { other }).await
    }

    async fn take(
        &self,
        member: MemberId,
        offer: OfferId,
        transfer: TransferId,
    ) -> Result<(RedemptionId, Moved), Refusal> {
        let mut tx = self.write().await;
        let (offer, merchant) = offers::find_any(&tx, offer).await.expect("an answer").expect("the offer");
        let unit = members::find(&tx, member).await.expect("an answer").expect("the member").unit;
        let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
        let usage = redemptions::usage(&tx, member, offer.id, self.now()).await.expect("what was redeemed");
        let id = RedemptionId::new(Uuid::now_v7());
        let (rules, now, posted_at) = (&self.rules, self.now(), self.now());
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

    async fn close_voucher(&self, id: RedemptionId, by: Option<&MemberId>) -> Outcome {
        let mut tx = self.write().await;
        let locked = match by {
            Some(member) => redemptions::lock_own(&mut tx, *member, id).await,
            None => redemptions::lock_any(&mut tx, id).await,
        };
        let mut redemption = locked.expect("an answer").ok_or(Refusal::NotThere)?;
        let closed = if by.is_some() { redemption.cancel(self.now()) } else { redemption.expire(self.now()) };
        closed.map_err(|error| match error {
            CloseError::Verified => Refusal::Verified,
            CloseError::Closed(_) => Refusal::Closed,
            CloseError::NotDue | CloseError::NotVerified => panic!("the job looks for what is due"),
        })?;
        let moved = self.give_back(&mut tx, &redemption).await?;
        tx.commit().await.expect("kept");
        Ok(moved)
    }

    /// The shop asks, and somebody else agrees.
    pub async fn undo(&self, voucher: Pick) -> Outcome {
        let id = self.vouchers[newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?].id;
        let clerk = &self.cast.staff[0];
        let mut tx = self.write().await;
        let mut redemption = redemptions::lock_any(&mut tx, id).await.expect("an answer").ok_or(Refusal::NotThere)?;
        let (reversal, rules) = (ReversalId::new(Uuid::now_v7()), &self.rules.voucher);
        let asked = Reversal::request(reversal, &redemption, clerk, "扫错了券".into(), rules, self.now());
        let mut reversal = asked.map_err(|error| match error {
            ReversalError::NotVerified(_) => Refusal::NotVerified,
            ReversalError::TooLate { .. } => Refusal::UndoneTooLate,
            other => panic!("{other:?}"),
        })?;
        reversals::insert(&mut tx, &reversal).await.expect("a request");
        let concerned = Concerned { requester: None, inviter: None, holder: redemption.member };
        let by = Official::unlinked(self.cast.admin);
        reversal.approve(&mut redemption, by, concerned, self.now()).expect("approved");
        reversals::decide(&mut tx, &reversal).await.expect("decided");
        let moved = self.give_back(&mut tx, &redemption).await?;
        tx.commit().await.expect("kept");
        Ok(moved)
    }

    async fn give_back(&self, tx: &mut WriteTx, redemption: &Redemption) -> Outcome {
        let (member, transfer) = (redemption.member, redemption.transfer);
        let spent = purses::lock_spent(tx, member, transfer).await.expect("the purse");
        let (mut purse, spent) = spent.expect("the spending");
        let grace = Grace { days: model::GRACE_DAYS, lot: LotId::new(Uuid::now_v7()) };
        let posting = redemption.refund(&mut purse, &spent, grace, Actor::Job, self.now()).expect("a refund");
        transfers::post(tx, &posting).await.map_err(done_before)?;
        let moved = moved_by(member, &posting) + self.pay_debt(tx, member, &posting).await;
        assert!(redemptions::close(tx, redemption).await.expect("an answer"));
        offers::give_one_back(tx, redemption.offer).await.expect("a piece goes back");
        Ok(moved)
    }

    pub async fn verify(&self, voucher: Pick, own: bool) -> Outcome {
        let id = self.vouchers[newest(&self.vouchers, voucher).ok_or(Refusal::NotThere)?].id;
        let staff = &self.cast.staff[usize::from(!own)];
        let mut tx = self.write().await;
        let found = redemptions::find_of_merchant(&tx, staff.merchant, id).await.expect("an answer");
        let mut redemption = found.ok_or(Refusal::AnotherMerchant)?.redemption;
        let verification = redemption.verify(staff, self.now()).map_err(|error| match error {
            VerifyError::AnotherMerchant => Refusal::AnotherMerchant,
            VerifyError::AlreadyVerified(_) => Refusal::Verified,
            VerifyError::Expired => Refusal::VoucherExpired,
            VerifyError::Cancelled => Refusal::VoucherCancelled,
            VerifyError::Reversed => Refusal::VoucherReversed,
        })?;
        assert!(redemptions::verify(&mut tx, id, verification).await.expect("an answer"));
        tx.commit().await.expect("kept");
        Ok(Moved::default())
    }

    /// Each in a transaction of its own; of those that end at the same midnight, the oldest first.
    pub async fn expire_vouchers(&self) -> Outcome {
        let mut due = redemptions::list_overdue(&self.database.read(), self.now(), None, 200).await.expect("a list");
        due.sort_by_key(|(_, id)| id.uuid());
        let mut back = Moved::default();
        for (_, id) in due {
            back = back + self.close_voucher(id, None).await?;
        }
        Ok(back)
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
