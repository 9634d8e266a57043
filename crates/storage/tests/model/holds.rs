//! Points that are reserved for a while, told twice.

use chrono::Days;
use domain::id::{HoldId, MemberId, TransferId};
use domain::points::{Actor, Hold, HoldError, HoldPurpose, Purse, SourceKind};
use storage::{WriteTx, holds, purses};
use uuid::Uuid;

use crate::ledger::{Ledger, moved_by};
use crate::model::{Model, Moved, Outcome, Refusal, Reserve, newest, share};
use crate::operation::Pick;

impl Model {
    pub fn hold(&mut self, member: Pick, amount: i64, days: u64) -> Outcome {
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

    pub fn end_hold(&mut self, hold: Pick, percent: Option<i64>) -> Outcome {
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

    pub fn expire_holds(&mut self) -> Moved {
        let mut moved = Moved::default();
        for number in 0..self.holds.len() {
            let Reserve { member, amount, until, pending, .. } = self.holds[number];
            if pending && until <= self.now {
                self.holds[number].pending = false;
                moved = moved + self.pay_debt(member, amount);
            }
        }
        moved
    }
}

impl Ledger {
    pub async fn hold(&mut self, member: MemberId, amount: i64, days: u64) -> Outcome {
        let mut tx = self.write().await;
        let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
        let (id, purpose) = (HoldId::new(Uuid::now_v7()), HoldPurpose::Adjustment);
        let until = self.now() + chrono::Days::new(days);
        let hold = Hold::place(&mut purse, id, purpose, amount, self.now(), until).map_err(not_held)?;
        holds::place(&mut tx, &hold).await.expect("a hold");
        tx.commit().await.expect("kept");
        self.holds.push((id, member, amount));
        Ok(Moved::default())
    }

    pub async fn end_hold(&self, hold: Pick, percent: Option<i64>) -> Outcome {
        let number = newest(&self.holds, hold).ok_or(Refusal::NotThere)?;
        let (id, member, amount) = self.holds[number];
        let mut tx = self.write().await;
        let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
        let mut hold = holds::find(&tx, id).await.expect("an answer").expect("the hold");
        let moved = if let Some(taken) = percent.map(|percent| share(amount, percent)) {
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

    pub async fn expire_holds(&self) -> Outcome {
        let mut moved = Moved::default();
        for (id, member) in holds::list_overdue(&self.database.read(), self.now(), None, 200).await.expect("a list") {
            let mut tx = self.write().await;
            let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
            let mut hold = holds::find(&tx, id).await.expect("an answer").expect("the hold");
            hold.expire(&mut purse, self.now()).expect("an overdue hold");
            moved = moved + self.free(&mut tx, &mut purse, &hold).await;
            tx.commit().await.expect("kept");
        }
        Ok(moved)
    }

    /// Frees what was held, which pays a debt first.
    async fn free(&self, tx: &mut WriteTx, purse: &mut Purse, hold: &Hold) -> Moved {
        let paid = hold.pay_debt(purse, Actor::Job, self.now(), self.now());
        holds::free(tx, hold, paid.as_ref()).await.expect("an answer");
        paid.map_or_else(Moved::default, |posting| moved_by(purse.member, &posting))
    }
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
