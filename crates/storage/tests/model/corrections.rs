//! What is put right by decision, told twice: a credit taken back and given back, and a plain adjustment.

use domain::id::{LotId, MemberId, TransferId};
use domain::points::{self, AdjustError, Grace, RefundError, SourceKind};
use storage::{purses, transfers};
use uuid::Uuid;

use crate::ledger::{Ledger, done_before, keep, moved_by};
use crate::model::{self, Event, Model, Moved, Outcome, Refusal, Taken, end_of_lot, newest, share};
use crate::operation::Pick;

impl Model {
    pub fn claw_back(&mut self, credit: Pick, percent: i64) -> Outcome {
        let number = self.credit(credit).ok_or(Refusal::NotThere)?;
        let Event { member, points, .. } = self.events[number];
        if self.events[number].taken.is_some() {
            return Err(Refusal::DoneBefore);
        }
        let amount = share(points, percent);
        let taken = amount.min(self.available(member));
        let uses = self.take(member, taken, self.now);
        let debt = amount - taken;
        self.events[number].taken = Some(Taken { uses, debt, restored: false });
        self.people[member].debt += debt;
        self.people[member].earned -= amount;
        Ok(Moved { points: -taken, debt: -debt })
    }

    /// To the lots it came from and off the debt that it made; the rest into a lot that lasts as long as the credit would
    /// have, and for the grace at least. It pays what is owed for something else.
    pub fn restore(&mut self, credit: Pick) -> Outcome {
        let number = self.credit(credit).ok_or(Refusal::NotThere)?;
        let Event { member, at, .. } = self.events[number];
        let taken = self.events[number].taken.as_mut().ok_or(Refusal::NotThere)?;
        if std::mem::replace(&mut taken.restored, true) {
            return Err(Refusal::DoneBefore);
        }
        let Taken { uses, debt, .. } = taken.clone();
        let late = self.put_back(member, &uses);
        let forgiven = debt.min(self.people[member].debt);
        self.people[member].debt -= forgiven;
        self.grant(member, late + debt - forgiven, end_of_lot(at).max(self.end_of_grace()));
        let from_lots: i64 = uses.iter().map(|(_, amount)| amount).sum();
        self.people[member].earned += from_lots + debt;
        let back = Moved { points: from_lots + debt - forgiven, debt: forgiven };
        Ok(back + self.pay_debt(member, back.points))
    }

    pub fn adjust(&mut self, member: Pick, amount: i64) -> Outcome {
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
}

impl Ledger {
    pub async fn claw_back(&self, credit: Pick, percent: i64) -> Outcome {
        let number = newest(&self.credits, credit).ok_or(Refusal::NotThere)?;
        let credit = &self.credits[number];
        let mut tx = self.write().await;
        let mut purse = purses::lock(&mut tx, credit.member).await.expect("the purse");
        let why = self.occasion("追回", SourceKind::Transfer, credit.transfer.uuid());
        let posting = points::clawback(&mut purse, why, credit.transfer, share(credit.points, percent));
        keep(tx, credit.member, &posting.expect("a sound clawback")).await
    }

    pub async fn restore(&self, credit: Pick) -> Outcome {
        let number = newest(&self.credits, credit).ok_or(Refusal::NotThere)?;
        let credit = &self.credits[number];
        let (member, taken) = (credit.member, TransferId::of_clawback(credit.transfer));
        let mut tx = self.write().await;
        let locked = purses::lock_taken(&mut tx, member, taken).await.expect("the purse");
        let (mut purse, spent, debt) = locked.ok_or(Refusal::NotThere)?;
        let why = self.occasion("恢复", SourceKind::Transfer, taken.uuid());
        let grace = Grace { days: model::GRACE_DAYS, lot: LotId::new(Uuid::now_v7()) };
        let expires_at = self.rules.expires_at(credit.at);
        let posting = match points::restore(&mut purse, why, &spent, debt, grace, expires_at) {
            Ok(posting) => posting,
            Err(RefundError::AlreadyRefunded) => return Err(Refusal::DoneBefore),
            Err(error) => panic!("{error:?}"),
        };
        transfers::post(&mut tx, &posting).await.map_err(done_before)?;
        let moved = moved_by(member, &posting) + self.pay_debt(&mut tx, member, &posting).await;
        tx.commit().await.expect("kept");
        Ok(moved)
    }

    pub async fn adjust(&self, member: MemberId, amount: i64) -> Outcome {
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
}
