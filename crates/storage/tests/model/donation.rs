//! Points given to the community's pool, told twice.

use domain::donation::{DonationError, Wish, donate};
use domain::id::{DonationId, MemberId, TransferId};
use domain::points::SpendError;
use storage::{donations, purses, transfers};
use uuid::Uuid;

use crate::ledger::{Ledger, done_before, moved_by};
use crate::model::{GIFTS_OF_DAY, Gift, LEAST_GIFT, Model, Moved, Outcome, Refusal};
use crate::operation::Pick;

/// The most that may be given at once, whatever the rules say.
const MOST: i64 = 1_000;

impl Model {
    pub fn give(&mut self, member: Pick, points: i64) -> Outcome {
        let day = self.now.date();
        let today = self.gifts.iter().filter(|gift| gift.member == member && gift.day == day);
        let given: i64 = today.map(|gift| gift.points).sum();
        let available = self.available(member);
        let refusals = [
            (!(1..=MOST).contains(&points), Refusal::InvalidAmount),
            (points < LEAST_GIFT, Refusal::GiftTooSmall),
            (given.saturating_add(points) > GIFTS_OF_DAY, Refusal::GiftsOfDay),
            (self.people[member].frozen, Refusal::Frozen),
            (available < points, Refusal::Insufficient { available }),
        ];
        if let Some((_, refusal)) = refusals.into_iter().find(|(refused, _)| *refused) {
            return Err(refusal);
        }
        self.take(member, points, self.now);
        self.gifts.push(Gift { member, points, day });
        Ok(Moved { points: -points, debt: 0 })
    }
}

impl Ledger {
    pub async fn give(&self, member: MemberId, points: i64) -> Outcome {
        let id = DonationId::new(Uuid::now_v7());
        let transfer = TransferId::of_key(member.into(), "donate_points", &id.to_string());
        let mut tx = self.write().await;
        let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
        let given = donations::given_this_year_and_today(&tx, member, self.now()).await;
        let (this_year, today) = given.expect("what was given");
        let (community, rules, now) = ((self.cast.node, "平城区"), &self.rules.donation, self.now());
        let (excluded, posted_at) = (false, now);
        let wish = Wish { id, transfer, points, community, this_year, today, excluded, rules, now, posted_at };
        let (donation, posting) = donate(&mut purse, wish).map_err(not_given)?;
        transfers::post(&mut tx, &posting).await.map_err(done_before)?;
        donations::insert(&mut tx, &donation).await.expect("a donation");
        tx.commit().await.expect("kept");
        Ok(moved_by(member, &posting))
    }
}

fn not_given(error: DonationError) -> Refusal {
    match error {
        DonationError::TooSmall(1) | DonationError::TooLarge => Refusal::InvalidAmount,
        DonationError::TooSmall(_) => Refusal::GiftTooSmall,
        DonationError::DayLimit { .. } => Refusal::GiftsOfDay,
        DonationError::Spend(SpendError::Frozen) => Refusal::Frozen,
        DonationError::Spend(SpendError::Insufficient { available, .. }) => Refusal::Insufficient { available },
        other => panic!("{other:?}"),
    }
}
