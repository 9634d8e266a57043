//! Offers (优惠): what a merchant gives for points, from the first draft to the end.

use thiserror::Error;

use crate::code::codes;
use crate::id::{AdminId, MerchantId, OfferId};
use crate::merchant::MerchantCategory;
use crate::official::Official;
use crate::time::Instant;

codes! {
    /// Where an offer stands; `paused` and `listed` alternate, every other step goes forward, save a refusal.
    OfferState {
        Draft = "draft", "草稿";
        Submitted = "submitted", "待审核";
        Approved = "approved", "已批准";
        Listed = "listed", "上架中";
        Paused = "paused", "已暂停";
        Ended = "ended", "已结束";
    }
}

codes! {
    /// Who pays for an offer (资金来源).
    FundingSource {
        MerchantBorne = "merchant_borne", "商家让利";
        UnitPool = "unit_pool", "单位物资池";
        CharityFund = "charity_fund", "慈善基金";
        Fiscal = "fiscal", "财政资金";
        Recirculated = "recirculated", "积分再发放";
        Mixed = "mixed", "多方共担";
    }
}

codes! {
    /// In which order the mall shows offers.
    OfferSort {
        Newest = "newest", "最新在前";
        Cheapest = "cheapest", "积分从低到高";
        Dearest = "dearest", "积分从高到低";
    }
}

/// What an offer promises. Once approved this no longer changes, save the stock, by amounts and with a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The headline.
    pub title: String,
    /// What it is about.
    pub category: MerchantCategory,
    /// What the member gets.
    pub description: String,
    /// On which conditions; copied into each redemption.
    pub terms: String,
    /// The price in points.
    pub price: i64,
    /// What it would cost in money, in fen; counts towards the member's yearly cap.
    pub face_value_fen: i64,
    /// Who pays.
    pub funding: FundingSource,
    /// How many there are to begin with.
    pub stock: i64,
    /// How many one member may redeem in a quarter, if fewer than the rulebook allows.
    pub limit_per_member: Option<i32>,
    /// For how many days after its own a voucher is good.
    pub voucher_days: i32,
    /// When nobody may redeem it any more.
    pub ends_at: Option<Instant>,
}

/// A number that an offer cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PromiseError {
    /// The price.
    #[error("积分价格应在 1 到 1000000 之间")]
    Price,
    /// The value in money.
    #[error("面值应在 0 到 10000000 分之间")]
    FaceValue,
    /// The stock.
    #[error("库存应在 0 到 1000000 之间")]
    Stock,
    /// The limit per member.
    #[error("每人限兑应在 1 到 100 之间")]
    Limit,
    /// The days a voucher is good for.
    #[error("兑换券有效天数应在 1 到 365 之间")]
    VoucherDays,
    /// The end.
    #[error("结束时间应晚于现在")]
    End,
}

/// The largest price, stock and change of stock.
const MOST: i64 = 1_000_000;

impl Promise {
    /// Everything that is wrong with the numbers.
    pub fn errors(&self, now: Instant) -> Vec<PromiseError> {
        let wrong = [
            (!(1..=MOST).contains(&self.price), PromiseError::Price),
            (!(0..=10_000_000).contains(&self.face_value_fen), PromiseError::FaceValue),
            (!(0..=MOST).contains(&self.stock), PromiseError::Stock),
            (self.limit_per_member.is_some_and(|limit| !(1..=100).contains(&limit)), PromiseError::Limit),
            (!(1..=365).contains(&self.voucher_days), PromiseError::VoucherDays),
            (self.ends_at.is_some_and(|end| end <= now), PromiseError::End),
        ];
        wrong.into_iter().filter_map(|(wrong, error)| wrong.then_some(error)).collect()
    }
}

/// An offer.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The offer.
    pub id: OfferId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// What it promises; its `stock` is everything there ever was to give.
    pub promise: Promise,
    /// How many are left.
    pub stock_left: i64,
    /// Where it stands.
    pub state: OfferState,
    /// Who wrote it.
    pub drafted_by: AdminId,
    /// Who approved it; another person.
    pub approved_by: Option<AdminId>,
    /// Why it was refused, until it is submitted again.
    pub review_comment: Option<String>,
}

/// Why an offer cannot take a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OfferError {
    /// The step does not follow from where the offer stands.
    #[error("当前状态为“{}”，不能这样操作", crate::code::Code::label(*.0))]
    State(OfferState),
    /// Who wrote an offer does not approve it.
    #[error("起草人不能审批自己起草的优惠")]
    SamePerson,
    /// The end has passed.
    #[error("优惠的结束时间已过，不能上架")]
    Over,
    /// The change would leave less than nothing.
    #[error("剩余库存为 {left}，不能变动 {change}")]
    Stock {
        /// How many are left.
        left: i64,
        /// The change that was asked for.
        change: i64,
    },
    /// No change at all, or one to more than an offer can have.
    #[error("变动不能为 0，变动后的总份数不能超过 {MOST}")]
    Change,
}

impl Offer {
    /// Begins an offer.
    pub fn draft(id: OfferId, merchant: MerchantId, promise: Promise, by: AdminId) -> Self {
        let stock_left = promise.stock;
        let state = OfferState::Draft;
        Self { id, merchant, promise, stock_left, state, drafted_by: by, approved_by: None, review_comment: None }
    }

    /// Rewrites a draft; whoever did it is its drafter now.
    pub fn revise(&mut self, promise: Promise, by: AdminId) -> Result<(), OfferError> {
        self.step(&[OfferState::Draft], OfferState::Draft)?;
        self.stock_left = promise.stock;
        self.promise = promise;
        self.drafted_by = by;
        Ok(())
    }

    /// Hands a draft to somebody else for approval.
    pub fn submit(&mut self) -> Result<(), OfferError> {
        self.step(&[OfferState::Draft], OfferState::Submitted)?;
        self.review_comment = None;
        Ok(())
    }

    /// Approves what another person wrote; the drafter comes with the member who uses the account now.
    pub fn approve(&mut self, by: Official, drafter: Official) -> Result<(), OfferError> {
        if self.state == OfferState::Submitted && by.is_same_person(drafter) {
            return Err(OfferError::SamePerson);
        }
        self.step(&[OfferState::Submitted], OfferState::Approved)?;
        self.approved_by = Some(by.admin);
        Ok(())
    }

    /// Sends it back to its drafter, with the reason.
    pub fn refuse(&mut self, comment: String) -> Result<(), OfferError> {
        self.step(&[OfferState::Submitted], OfferState::Draft)?;
        self.review_comment = Some(comment);
        Ok(())
    }

    /// Puts it into the mall, for the first time or after a pause.
    pub fn list(&mut self, now: Instant) -> Result<(), OfferError> {
        if matches!(self.state, OfferState::Approved | OfferState::Paused) && self.over(now) {
            return Err(OfferError::Over);
        }
        self.step(&[OfferState::Approved, OfferState::Paused], OfferState::Listed)
    }

    /// Takes it out of the mall for a while.
    pub fn pause(&mut self) -> Result<(), OfferError> {
        self.step(&[OfferState::Listed], OfferState::Paused)
    }

    /// Takes it out of the mall for good; vouchers already issued stay good.
    pub fn end(&mut self) -> Result<(), OfferError> {
        let open =
            [OfferState::Draft, OfferState::Submitted, OfferState::Approved, OfferState::Listed, OfferState::Paused];
        self.step(&open, OfferState::Ended)
    }

    /// Adds to the stock or takes from it. An absolute figure would undo the redemptions made meanwhile.
    pub fn change_stock(&mut self, change: i64) -> Result<(), OfferError> {
        self.step(&[OfferState::Approved, OfferState::Listed, OfferState::Paused], self.state)?;
        let stock = self.promise.stock.checked_add(change).filter(|stock| *stock <= MOST && change != 0);
        let stock = stock.ok_or(OfferError::Change)?;
        let left = self.stock_left + change;
        if left < 0 {
            return Err(OfferError::Stock { left: self.stock_left, change });
        }
        self.stock_left = left;
        self.promise.stock = stock;
        Ok(())
    }

    /// Whether the time to redeem it is past.
    pub fn over(&self, now: Instant) -> bool {
        self.promise.ends_at.is_some_and(|end| end <= now)
    }

    fn step(&mut self, from: &[OfferState], to: OfferState) -> Result<(), OfferError> {
        if !from.contains(&self.state) {
            return Err(OfferError::State(self.state));
        }
        self.state = to;
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::code::Code;
    use crate::id::MemberId;

    fn admin(number: u128) -> AdminId {
        AdminId::new(Uuid::from_u128(number))
    }

    fn official(number: u128) -> Official {
        Official { admin: admin(number), member: None }
    }

    fn now() -> Instant {
        Instant::UNIX_EPOCH
    }

    pub(crate) fn promise() -> Promise {
        Promise {
            title: "刀削面一碗".into(),
            category: MerchantCategory::Food,
            description: "堂食".into(),
            terms: "每桌限用一张".into(),
            price: 80,
            face_value_fen: 1_500,
            funding: FundingSource::MerchantBorne,
            stock: 7,
            limit_per_member: Some(2),
            voucher_days: 30,
            ends_at: None,
        }
    }

    pub(crate) fn offer() -> Offer {
        Offer::draft(OfferId::new(Uuid::from_u128(1)), MerchantId::new(Uuid::from_u128(2)), promise(), admin(1))
    }

    #[test]
    fn two_persons_bring_an_offer_into_the_mall() {
        let mut offer = offer();
        assert_eq!(offer.submit(), Ok(()));
        assert_eq!(offer.approve(official(1), official(1)), Err(OfferError::SamePerson));
        let person = |account| Official { member: Some(MemberId::new(Uuid::from_u128(9))), ..official(account) };
        assert_eq!(offer.approve(person(2), person(1)), Err(OfferError::SamePerson), "another account");
        assert_eq!(offer.approve(official(2), person(1)), Ok(()));
        assert_eq!(
            (offer.list(now()), offer.pause(), offer.list(now()), offer.end()),
            (Ok(()), Ok(()), Ok(()), Ok(()))
        );
        assert_eq!(offer.end(), Err(OfferError::State(OfferState::Ended)));
    }

    #[test]
    fn a_refusal_goes_back_to_the_drafter_until_submitted_again() {
        let mut offer = offer();
        assert_eq!(offer.refuse("早了".into()), Err(OfferError::State(OfferState::Draft)));
        assert_eq!((offer.submit(), offer.refuse("价格过高".into())), (Ok(()), Ok(())));
        assert_eq!((offer.state, offer.review_comment.as_deref()), (OfferState::Draft, Some("价格过高")));
        assert_eq!((offer.submit(), offer.review_comment), (Ok(()), None));
    }

    #[test]
    fn who_rewrote_a_draft_does_not_approve_it() {
        let mut offer = offer();
        assert_eq!((offer.revise(promise(), admin(2)), offer.submit()), (Ok(()), Ok(())));
        assert_eq!(offer.approve(official(2), official(2)), Err(OfferError::SamePerson));
        assert_eq!(offer.revise(promise(), admin(2)), Err(OfferError::State(OfferState::Submitted)));
        assert_eq!(offer.approve(official(1), official(2)), Ok(()));
    }

    #[test]
    fn each_step_follows_only_from_its_own_states() {
        type Step = fn(&mut Offer) -> Result<(), OfferError>;
        let steps: [(Step, &str); 8] = [
            (|o| o.revise(promise(), admin(1)), "draft"),
            (Offer::submit, "draft"),
            (|o| o.approve(official(2), official(1)), "submitted"),
            (|o| o.refuse("不".into()), "submitted"),
            (|o| o.list(now()), "approved paused"),
            (Offer::pause, "listed"),
            (Offer::end, "draft submitted approved listed paused"),
            (|o| o.change_stock(1), "approved listed paused"),
        ];
        for (number, (step, from)) in steps.iter().enumerate() {
            for state in OfferState::ALL {
                let mut offer = Offer { state: *state, ..offer() };
                let may = from.split(' ').any(|code| code == state.code());
                let outcome = step(&mut offer);
                assert_eq!(outcome.is_ok(), may, "step {number} from {state:?}");
                if !may {
                    assert_eq!((outcome, offer.state), (Err(OfferError::State(*state)), *state));
                }
            }
        }
    }

    #[test]
    fn stock_changes_by_amounts_and_never_below_nothing() {
        let mut offer = Offer { state: OfferState::Listed, stock_left: 3, ..offer() };
        assert_eq!(offer.change_stock(-3), Ok(()));
        assert_eq!((offer.stock_left, offer.promise.stock), (0, 4));
        assert_eq!(offer.change_stock(-1), Err(OfferError::Stock { left: 0, change: -1 }));
        for change in [0, MOST - 3, i64::MAX] {
            assert_eq!(offer.change_stock(change), Err(OfferError::Change), "{change}");
        }
        assert_eq!(offer.change_stock(i64::MIN), Err(OfferError::Stock { left: 0, change: i64::MIN }));
        assert_eq!(offer.change_stock(1), Ok(()));
        assert_eq!((offer.stock_left, offer.promise.stock), (1, 5));
    }

    #[test]
    fn what_is_over_is_not_listed() {
        let mut offer = Offer { state: OfferState::Paused, ..offer() };
        offer.promise.ends_at = Some(now());
        assert_eq!(offer.list(now()), Err(OfferError::Over));
        assert_eq!(offer.list(now() - chrono::Duration::microseconds(1)), Ok(()));
    }

    #[test]
    fn numbers_are_kept_within_reason() {
        assert_eq!(promise().errors(now()), []);
        let wrong = Promise {
            price: 0,
            face_value_fen: -1,
            stock: i64::MAX,
            limit_per_member: Some(0),
            voucher_days: 366,
            ends_at: Some(now()),
            ..promise()
        };
        let named: Vec<String> = wrong.errors(now()).iter().map(|error| format!("{error:?}")).collect();
        assert_eq!(named, ["Price", "FaceValue", "Stock", "Limit", "VoucherDays", "End"]);
    }
}
