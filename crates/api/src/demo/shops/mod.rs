//! Merchants, their stores, and what they offer.

mod goods;

use domain::id::{AdminId, NodeId, OfferId};
use domain::merchant::{Merchant, MerchantCategory, MerchantState, Store, StoreState};
use domain::offer::{Offer, OfferError, Promise};
use domain::official::Official;
use domain::time::Instant;

use self::goods::{SHOPS, Sale, Shop, Stand};
use super::draw::Draw;
use super::ids;
use super::places::Tree;

/// The shop whose regulator is a home unit, so that its members may not redeem there, and that unit's number.
const REGULATED: (usize, usize) = (1, 6);

/// A merchant with its store and offers.
pub(super) struct Stall {
    pub(super) merchant: Merchant,
    pub(super) store: Store,
    pub(super) offers: Vec<Offer>,
}

/// The stalls of a district with so many offers; never fewer than the demo's.
pub(super) fn stalls(
    tree: &Tree,
    offers: usize,
    drafter: AdminId,
    approver: AdminId,
    now: Instant,
) -> Result<Vec<Stall>, OfferError> {
    let mut next = (0..).map(ids::offer);
    let mut stalls = Vec::new();
    for (number, shop) in SHOPS.iter().enumerate() {
        let mut stall = stall(number, shop.name.into(), shop, tree);
        stall.merchant.regulator = (number == REGULATED.0).then(|| tree.units.get(REGULATED.1).copied()).flatten();
        for (sale, id) in shop.offers.iter().zip(&mut next) {
            stall.offers.push(offer(id, &stall.merchant, shop.category, sale, (drafter, approver), now)?);
        }
        stalls.push(stall);
    }
    let there: usize = SHOPS.iter().map(|shop| shop.offers.len()).sum();
    let mut missing = offers.saturating_sub(there);
    for number in SHOPS.len().. {
        if missing == 0 {
            break;
        }
        let shop = &SHOPS[number % SHOPS.len()];
        let branch = number / SHOPS.len();
        let mut stall = stall(number, format!("{}（{branch}店）", shop.name), shop, tree);
        for at in 0..missing.min(5) {
            let sale = &shop.offers[at % shop.offers.len()];
            let id = next.next().unwrap_or(ids::OFFER);
            let mut offer = offer(id, &stall.merchant, shop.category, sale, (drafter, approver), now)?;
            vary(&mut offer, at);
            stall.offers.push(offer);
            missing -= 1;
        }
        stalls.push(stall);
    }
    Ok(stalls)
}

fn stall(number: usize, name: String, shop: &Shop, tree: &Tree) -> Stall {
    let at = number as u64;
    let node: NodeId =
        if number < SHOPS.len() { ids::DISTRICT } else { tree.communities[number % tree.communities.len()] };
    let merchant = Merchant {
        id: ids::merchant(at),
        node,
        category: shop.category,
        introduction: shop.introduction.into(),
        state: MerchantState::Active,
        regulator: None,
        name,
    };
    let store = Store {
        id: ids::store(at),
        merchant: merchant.id,
        name: format!("{}总店", merchant.name),
        address: shop.address.into(),
        phone: format!("0352-5{at:06}"),
        opening_hours: shop.hours.into(),
        state: StoreState::Open,
    };
    Stall { merchant, store, offers: Vec::new() }
}

fn offer(
    id: OfferId,
    merchant: &Merchant,
    category: MerchantCategory,
    sale: &Sale,
    by: (AdminId, AdminId),
    now: Instant,
) -> Result<Offer, OfferError> {
    let Sale(title, description, terms, price, face_value_fen, funding, stock, limit, voucher_days, stand) = *sale;
    let promise = Promise {
        title: title.into(),
        category,
        description: description.into(),
        terms: terms.into(),
        price,
        face_value_fen,
        funding,
        stock,
        limit_per_member: (limit > 0).then_some(limit),
        voucher_days,
        ends_at: None,
    };
    let mut offer = Offer::draft(id, merchant.id, promise, by.0);
    if stand == Stand::Draft {
        return Ok(offer);
    }
    offer.submit()?;
    if stand == Stand::Submitted {
        return Ok(offer);
    }
    offer.approve(Official::unlinked(by.1), Official::unlinked(by.0))?;
    if stand == Stand::Approved {
        return Ok(offer);
    }
    offer.list(now)?;
    match stand {
        Stand::Paused => offer.pause()?,
        Stand::Ended => offer.end()?,
        _ => {}
    }
    Ok(offer)
}

/// Makes the offers of other branches differ in words and numbers.
fn vary(offer: &mut Offer, at: usize) {
    let mut draw = Draw::of("offer", offer.id.uuid().as_u64_pair().1);
    let suffix = ["", "（早市）", "（晚市）", "（周末）", "（双人）"];
    offer.promise.title.push_str(suffix[at % suffix.len()]);
    offer.promise.price = (offer.promise.price + draw.between(-2, 8)).max(1);
    offer.promise.stock = draw.between(50, 2_000);
    offer.stock_left = offer.promise.stock;
}
