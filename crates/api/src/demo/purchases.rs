//! What the demo's members redeemed, and what became of the vouchers.

use chrono::Duration;
use domain::id::{MemberId, PersonId, TransferId};
use domain::merchant::Staff;
use domain::points::{Actor, Grace};
use domain::redemption::{self, Redemption, RedemptionState, Usage, Wish};
use domain::time::{Instant, business_day, start_of_day, start_of_month, start_of_quarter, start_of_year};

use super::books::{Book, Books};
use super::cast::Player;
use super::ids;
use super::shops::Stall;
use crate::failure::Failure;

/// What becomes of a voucher, so many hours later.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Waits,
    Verified(i64),
    Cancelled(i64),
    Expires,
}

/// Who (a number of the cast), which offer, how many days ago, and what became of it; oldest first.
pub(super) const PURCHASES: [(u64, u64, i64, Fate); 14] = [
    (0, 3, 35, Fate::Verified(20)),
    (1, 19, 20, Fate::Expires),
    (3, 0, 10, Fate::Verified(26)),
    (2, 8, 9, Fate::Verified(3)),
    (4, 14, 7, Fate::Verified(50)),
    (5, 10, 6, Fate::Cancelled(30)),
    (2, 2, 5, Fate::Cancelled(22)),
    (6, 18, 4, Fate::Verified(30)),
    (7, 12, 3, Fate::Waits),
    (0, 6, 1, Fate::Waits),
    (1, 1, 1, Fate::Waits),
    (3, 4, 1, Fate::Waits),
    (9, 1, 1, Fate::Verified(20)),
    (10, 1, 1, Fate::Verified(21)),
];

/// A moment at which something happens to a purchase.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) at: Instant,
    pub(super) purchase: usize,
    pub(super) closing: bool,
}

/// When each purchase of the demo begins and ends.
pub(super) fn moments(now: Instant, stalls: &[Stall]) -> Vec<Moment> {
    let mut moments = Vec::new();
    for (purchase, (_, offer, days, fate)) in PURCHASES.iter().enumerate() {
        let at = now - Duration::days(*days) - Duration::minutes(13);
        moments.push(Moment { at, purchase, closing: false });
        let closes = match fate {
            Fate::Waits => None,
            Fate::Verified(hours) | Fate::Cancelled(hours) => Some(at + Duration::hours(*hours)),
            Fate::Expires => {
                let days = find(stalls, *offer).map_or(0, |(stall, at)| stalls[stall].offers[at].promise.voucher_days);
                Some(start_of_day(business_day(at)) + Duration::days(i64::from(days) + 1) + Duration::minutes(1))
            }
        };
        moments.extend(closes.map(|at| Moment { at, purchase, closing: true }));
    }
    moments
}

/// Redeems as the service would.
pub(super) fn redeem(
    books: &mut Books,
    book: &mut Book,
    player: &Player,
    stalls: &mut [Stall],
    so_far: &[Redemption],
    moment: Moment,
) -> Result<Redemption, Failure> {
    let (_, offer, _, _) = PURCHASES[moment.purchase];
    let number = moment.purchase as u64;
    let (stall, at) = find(stalls, offer).ok_or_else(|| failed("no such offer"))?;
    let id = ids::redemption(number);
    let (member, unit) = (player.member.id, player.member.unit);
    let wish = Wish {
        id,
        transfer: TransferId::of_key(PersonId::from(member), "redeem_offer", &format!("demo-{number}")),
        unit,
        offer: &stalls[stall].offers[at],
        merchant: &stalls[stall].merchant,
        usage: usage(so_far, member, offer, moment.at),
        rules: &books.rules,
        now: moment.at,
        posted_at: moment.at,
    };
    let mut purse = book.purse();
    let (redemption, posting) = redemption::redeem(&mut purse, wish).map_err(failed)?;
    stalls[stall].offers[at].stock_left -= 1;
    books.keep(book, &purse, posting, id);
    Ok(redemption)
}

/// Lets a voucher meet its fate.
pub(super) fn close(
    books: &mut Books,
    book: &mut Book,
    redemption: &mut Redemption,
    stalls: &mut [Stall],
    staff: &[Staff],
    moment: Moment,
) -> Result<(), Failure> {
    let (_, offer, _, fate) = PURCHASES[moment.purchase];
    let actor = match fate {
        Fate::Waits => return Ok(()),
        Fate::Verified(_) => {
            let verifier = staff.iter().find(|one| one.merchant == redemption.merchant);
            let verifier = verifier.ok_or_else(|| failed("nobody works in that shop"))?;
            return redemption.verify(verifier, moment.at).map(|_| ()).map_err(failed);
        }
        Fate::Cancelled(_) => {
            redemption.cancel(moment.at).map_err(failed)?;
            Actor::Member(redemption.member)
        }
        Fate::Expires => {
            redemption.expire(moment.at).map_err(failed)?;
            Actor::Job
        }
    };
    let grace = Grace { days: books.rules.refund.grace_days, lot: books.new_lot() };
    let mut purse = book.purse();
    let spent = book.spent(redemption.id).ok_or_else(|| failed("nothing was spent"))?;
    let posting = redemption.refund(&mut purse, spent, grace, actor, moment.at).map_err(failed)?;
    books.keep(book, &purse, posting, redemption.id);
    if let Some((stall, at)) = find(stalls, offer) {
        stalls[stall].offers[at].stock_left += 1;
    }
    Ok(())
}

/// Where the offer with this number stands.
fn find(stalls: &[Stall], number: u64) -> Option<(usize, usize)> {
    let id = ids::offer(number);
    let mut places = stalls.iter().enumerate();
    places.find_map(|(stall, one)| Some((stall, one.offers.iter().position(|offer| offer.id == id)?)))
}

fn usage(so_far: &[Redemption], member: MemberId, offer: u64, now: Instant) -> Usage {
    let counted = so_far.iter().filter(|one| one.member == member && RedemptionState::COUNTED.contains(&one.state));
    let counted: Vec<&Redemption> = counted.collect();
    let count = |since: Instant, of: &dyn Fn(&Redemption) -> bool| -> i64 {
        counted.iter().filter(|one| one.issued_at >= since && of(one)).fold(0, |sum, _| sum + 1)
    };
    let this_year = counted.iter().filter(|one| one.issued_at >= start_of_year(now));
    Usage {
        of_offer_this_quarter: count(start_of_quarter(now), &|one| one.offer == ids::offer(offer)),
        this_month: count(start_of_month(now), &|_| true),
        value_this_year_fen: this_year.map(|one| one.face_value_fen).sum(),
        excluded: false,
    }
}

fn failed(refusal: impl std::fmt::Display) -> Failure {
    Failure::Found(format!("the demo's purchase: {refusal}"))
}
