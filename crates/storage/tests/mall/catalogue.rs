//! Merchants and offers: who sees which, in which order, and what is left.

use chrono::Duration;
use domain::merchant::{Merchant, MerchantCategory, MerchantState};
use domain::offer::{Offer, OfferSort, OfferState};
use domain::official::Official;
use domain::page::PageRequest;
use storage::offers::Filter;
use storage::{merchants, offers};

use crate::world::{World, new_id, now};

async fn titles(world: &World, filter: Filter) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = PageRequest { after, limit: 2 };
        let found = offers::list(&world.db.read(), &filter, &page).await.unwrap();
        assert!(found.items.len() <= 2);
        seen.extend(found.items.into_iter().map(|offer| offer.title));
        after = found.next;
        if after.is_none() {
            return seen;
        }
    }
}

fn listed() -> Filter {
    Filter { listed_at: Some(now()), ..Filter::default() }
}

#[tokio::test]
async fn the_mall_shows_what_can_be_redeemed() {
    let world = World::new().await;
    let noodles = world.merchant("水泊寺", "德胜面馆").await;
    let suspended = Merchant {
        id: new_id(),
        name: "停业书店".into(),
        state: MerchantState::Suspended,
        category: MerchantCategory::Culture,
        ..noodles.clone()
    };
    let suspended = world.keep(suspended).await;
    for state in [OfferState::Draft, OfferState::Submitted, OfferState::Approved, OfferState::Paused, OfferState::Ended]
    {
        world.offer(&noodles, "不在架上", 10, |offer| offer.state = state).await;
    }
    world.offer(&suspended, "停业的书", 10, |_| {}).await;
    world.offer(&noodles, "已过期", 10, |offer| offer.promise.ends_at = Some(now())).await;
    let soon = now() + Duration::microseconds(1);
    world.offer(&noodles, "快结束", 10, |offer| offer.promise.ends_at = Some(soon)).await;
    world.offer(&noodles, "兑完了", 10, |offer| offer.stock_left = 0).await;
    assert_eq!(titles(&world, listed()).await, ["兑完了", "快结束"]);
    assert_eq!(titles(&world, Filter { in_stock: true, ..listed() }).await, ["快结束"]);
}

#[tokio::test]
async fn text_is_found_in_titles_and_merchants_and_means_itself() {
    let world = World::new().await;
    let noodles = world.merchant("水泊寺", "德胜面馆").await;
    let barber = world.merchant("水泊寺", "Anna_理发").await;
    world.offer(&noodles, "满 50% 减", 10, |_| {}).await;
    world.offer(&barber, "洗剪吹", 20, |offer| offer.promise.category = MerchantCategory::Beauty).await;
    let by = |text: &str| Filter { text: Some(text.into()), ..listed() };
    assert_eq!(titles(&world, by("面馆")).await, ["满 50% 减"]);
    assert_eq!(titles(&world, by("剪吹")).await, ["洗剪吹"]);
    assert_eq!(titles(&world, by("%")).await, ["满 50% 减"]);
    assert_eq!(titles(&world, by("_")).await, ["洗剪吹"]);
    assert_eq!(titles(&world, by("aNNa")).await, ["洗剪吹"]);
    assert_eq!(titles(&world, by("\\")).await, Vec::<String>::new());
    assert_eq!(titles(&world, by("' OR 1=1 --")).await, Vec::<String>::new());
    let beauty = Filter { category: Some(MerchantCategory::Beauty), ..listed() };
    assert_eq!(titles(&world, beauty).await, ["洗剪吹"]);
    assert_eq!(titles(&world, Filter { merchant: Some(noodles.id), ..listed() }).await, ["满 50% 减"]);
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_where_prices_are_equal() {
    let world = World::new().await;
    let noodles = world.merchant("水泊寺", "德胜面馆").await;
    for (title, price) in [("甲", 20), ("乙", 10), ("丙", 20), ("丁", 20), ("戊", 30)] {
        world.offer(&noodles, title, price, |_| {}).await;
    }
    let sorted = |sort| Filter { sort: Some(sort), ..listed() };
    assert_eq!(titles(&world, sorted(OfferSort::Newest)).await, ["戊", "丁", "丙", "乙", "甲"]);
    assert_eq!(titles(&world, sorted(OfferSort::Cheapest)).await, ["乙", "丁", "丙", "甲", "戊"]);
    assert_eq!(titles(&world, sorted(OfferSort::Dearest)).await, ["戊", "丁", "丙", "甲", "乙"]);
    let between = Filter { price_from: Some(20), price_to: Some(20), ..listed() };
    assert_eq!(titles(&world, between).await, ["丁", "丙", "甲"]);
}

#[tokio::test]
async fn keepers_see_their_own_subtree_and_nothing_beside_it() {
    let world = World::new().await;
    let (first, tenth) = (world.merchant("水泊寺", "一店").await, world.merchant("南关", "十店").await);
    let own = world.offer(&first, "一券", 10, |offer| offer.state = OfferState::Draft).await;
    let foreign = world.offer(&tenth, "十券", 10, |_| {}).await;
    let (inside, district) = (world.paths(&["水泊寺"]), world.paths(&["平城区"]));
    let read = world.db.read();

    let names = async |paths: &[_]| {
        let filter = merchants::Filter { within: Some(paths.to_vec()), ..merchants::Filter::default() };
        let found = merchants::list(&read, &filter, &PageRequest { after: None, limit: 10 }).await.unwrap();
        found.items.into_iter().map(|merchant| merchant.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&inside).await, ["一店"]);
    assert_eq!(names(&district).await, ["一店", "十店"]);
    assert_eq!(names(&[]).await, Vec::<String>::new());
    assert!(merchants::find_within(&read, &inside, first.id).await.unwrap().is_some());
    assert!(merchants::find_within(&read, &inside, tenth.id).await.unwrap().is_none());

    let within = |paths: &[_]| Filter { within: Some(paths.to_vec()), ..Filter::default() };
    assert_eq!(titles(&world, within(&inside)).await, ["一券"]);
    assert_eq!(titles(&world, within(&district)).await, ["十券", "一券"]);
    let drafts = Filter { state: Some(OfferState::Draft), ..within(&district) };
    assert_eq!(titles(&world, drafts).await, ["一券"]);
    assert!(offers::find_within(&read, &inside, own.id).await.unwrap().is_some());
    assert!(offers::find_within(&read, &inside, foreign.id).await.unwrap().is_none());
    assert!(
        !offers::find_shown(&read, &[own.id, foreign.id]).await.unwrap().contains_key(&own.id),
        "a draft is nobody's but its keepers'"
    );
    assert!(offers::find_shown(&read, &[own.id, foreign.id]).await.unwrap().contains_key(&foreign.id));
}

#[tokio::test]
async fn a_piece_is_taken_only_on_the_terms_that_were_decided_on() {
    let world = World::new().await;
    let noodles = world.merchant("水泊寺", "德胜面馆").await;
    let one = world.offer(&noodles, "一份", 10, |offer| offer.stock_left = 1).await;
    let paused = world.offer(&noodles, "暂停", 10, |offer| offer.state = OfferState::Paused).await;
    let take = |offer: &Offer, price| {
        let (db, id) = (world.db.clone(), offer.id);
        async move {
            let mut tx = db.write().await.unwrap();
            let taken = offers::take_one(&mut tx, id, price).await.unwrap();
            tx.commit().await.unwrap();
            taken
        }
    };
    assert!(!take(&paused, 10).await);
    assert!(!take(&one, 11).await);
    assert!(take(&one, 10).await);
    assert!(!take(&one, 10).await);
    assert_eq!((world.stock_left(&one).await, world.stock_left(&paused).await), (0, 7));
}

#[tokio::test]
async fn stock_changes_beside_redemptions_without_losing_any() {
    let world = World::new().await;
    let noodles = world.merchant("水泊寺", "德胜面馆").await;
    let offer = world.offer(&noodles, "一份", 10, |_| {}).await;
    world.redeem(0, &offer, now()).await.expect("a redemption");
    let change = |change| {
        let (db, id) = (world.db.clone(), offer.id);
        async move {
            let mut tx = db.write().await.unwrap();
            let changed = offers::change_stock(&mut tx, id, change, now()).await.unwrap();
            tx.commit().await.unwrap();
            changed
        }
    };
    assert!(change(3).await);
    assert!(!change(-10).await, "nine are left");
    assert!(change(-9).await);
    let (kept, _) = offers::find_any(&world.db.read(), offer.id).await.unwrap().unwrap();
    assert_eq!((kept.stock_left, kept.promise.stock), (0, 1));
}

#[tokio::test]
async fn a_draft_is_rewritten_and_a_step_leaves_the_stock_alone() {
    let world = World::new().await;
    let noodles = world.merchant("水泊寺", "德胜面馆").await;
    let mut offer = world.offer(&noodles, "一份", 10, |offer| offer.state = OfferState::Draft).await;
    let mut promise = offer.promise.clone();
    (promise.title, promise.stock, promise.limit_per_member) = ("两份".into(), 9, Some(3));
    offer.revise(promise, new_id()).unwrap();
    let mut tx = world.db.write().await.unwrap();
    let locked = offers::lock(&mut tx, offer.id).await.unwrap().unwrap();
    assert_eq!(locked.promise.title, "一份");
    offers::save_draft(&mut tx, &offer, now()).await.unwrap();
    offer.submit().unwrap();
    offer.approve(Official::unlinked(new_id()), Official::unlinked(offer.drafted_by)).unwrap();
    offer.list(now()).unwrap();
    offer.stock_left = 1;
    offers::save_state(&mut tx, &offer, now()).await.unwrap();
    offers::save_draft(&mut tx, &Offer { stock_left: 2, ..offer.clone() }, now()).await.unwrap();
    tx.commit().await.unwrap();
    let (kept, merchant) = offers::find_shown(&world.db.read(), &[offer.id]).await.unwrap().remove(&offer.id).unwrap();
    assert_eq!((kept.promise, kept.stock_left, merchant.name), (offer.promise, 9, "德胜面馆".into()));
    assert_eq!((kept.approved_by, kept.drafted_by), (offer.approved_by, offer.drafted_by));
}
