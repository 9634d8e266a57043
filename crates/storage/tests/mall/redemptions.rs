//! Redemptions: what counts towards the limits, who sees which, and of many at once exactly as many as there may be.

use std::sync::Arc;

use chrono::Duration;
use domain::id::StoreId;
use domain::page::PageRequest;
use domain::redemption::{Redemption, RedemptionState, Usage, Verification};
use storage::redemptions::{self, Filter, RedemptionDetail};
use tokio::task::JoinSet;

use crate::world::{World, beijing, code_hash, now};

async fn verify(world: &World, redemption: &Redemption, verification: Verification) -> bool {
    let mut tx = world.db.write().await.unwrap();
    let won = redemptions::verify(&mut tx, redemption.id, verification).await.unwrap();
    tx.commit().await.unwrap();
    won
}

fn titles(found: &[RedemptionDetail]) -> Vec<&str> {
    found.iter().map(|detail| detail.redemption.title.as_str()).collect()
}

#[tokio::test]
async fn usage_counts_from_beijing_midnights_and_forgets_what_was_given_back() {
    let world = World::new().await;
    let merchant = world.merchant("水泊寺", "面馆").await;
    let noodles = world.offer(&merchant, "面", 10, |_| {}).await;
    let soup = world.offer(&merchant, "汤", 10, |offer| offer.promise.face_value_fen = 400).await;
    let usage = async |at| {
        let tx = world.db.write().await.unwrap();
        redemptions::usage(&tx, world.member(0), noodles.id, at).await.unwrap()
    };
    assert_eq!(usage(now()).await, Usage::default());

    for day in ["2025-12-31", "2026-01-01", "2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01"] {
        world.redeem(0, &noodles, beijing(day, 0)).await.expect("a redemption");
    }
    world.redeem(0, &soup, beijing("2026-11-01", 0)).await.expect("a redemption");
    world.redeem(1, &noodles, now()).await.expect("somebody else's redemption");
    let full = Usage { of_offer_this_quarter: 3, this_month: 2, value_this_year_fen: 5 * 1_500 + 400, excluded: false };
    assert_eq!(usage(now()).await, full);

    let given_back = world.redeem(0, &soup, now()).await.expect("a redemption");
    assert_eq!(usage(now()).await.this_month, 3);
    assert!(world.cancel(&given_back, now()).await);
    assert_eq!(usage(now()).await, full);
    let new_year = Usage { of_offer_this_quarter: 0, this_month: 0, value_this_year_fen: 0, excluded: false };
    assert_eq!(usage(beijing("2027-01-01", 0)).await, new_year);
}

#[tokio::test]
async fn everybody_finds_their_own_and_nothing_else() {
    let world = World::new().await;
    let (first, tenth) = (world.merchant("水泊寺", "面馆").await, world.merchant("南关", "书店").await);
    let (noodles, book) = (world.offer(&first, "面", 10, |_| {}).await, world.offer(&tenth, "书", 10, |_| {}).await);
    let store = world.store(&first, "总店").await;
    let wang = world.staff(&store, 2, "王芳").await;
    let mine = world.redeem(0, &noodles, now()).await.expect("a redemption");
    let other = world.redeem(1, &book, now()).await.expect("a redemption");
    assert!(verify(&world, &mine, Verification { at: now(), by: wang.id, store: store.id }).await);
    let read = world.db.read();

    let found = redemptions::find_own(&read, world.member(0), mine.id).await.unwrap().expect("mine");
    assert_eq!((found.merchant_name.as_str(), found.member_name.as_str()), ("面馆", "张1"));
    assert_eq!((found.verifier_name.as_deref(), found.store_name.as_deref()), (Some("王芳"), Some("总店")));
    assert_eq!(found.redemption.verification.map(|v| (v.at, v.by)), Some((now(), wang.id)));
    assert!(redemptions::find_own(&read, world.member(1), mine.id).await.unwrap().is_none());

    let of = |merchant| redemptions::find_of_merchant_by_code_hash(&read, merchant, code_hash(&other));
    assert_eq!(of(tenth.id).await.unwrap().map(|found| found.redemption.id), Some(other.id));
    assert!(of(first.id).await.unwrap().is_none());
    assert!(redemptions::find_of_merchant(&read, first.id, other.id).await.unwrap().is_none());

    let page = PageRequest { after: None, limit: 10 };
    let (inside, district) = (world.paths(&["水泊寺"]), world.paths(&["平城区"]));
    let list = async |paths: &[_], filter| redemptions::list(&read, paths, &filter, &page).await.unwrap().items;
    assert_eq!(titles(&list(&inside, Filter::default()).await), ["面"]);
    assert_eq!(titles(&list(&district, Filter::default()).await), ["书", "面"]);
    let issued = Filter { state: Some((RedemptionState::Issued, now())), ..Filter::default() };
    assert_eq!(titles(&list(&district, issued).await), ["书"]);
    let one = Filter { merchant: Some(first.id), offer: Some(noodles.id), ..Filter::default() };
    assert_eq!(titles(&list(&district, one).await), ["面"]);
}

#[tokio::test]
async fn verifications_come_latest_first_by_store_and_in_pages() {
    let world = World::new().await;
    let merchant = world.merchant("水泊寺", "面馆").await;
    let (near, far) = (world.store(&merchant, "近店").await, world.store(&merchant, "远店").await);
    let (wang, li) = (world.staff(&near, 1, "王芳").await, world.staff(&far, 2, "李强").await);
    let mut offers = Vec::new();
    for title in ["甲", "乙", "丙", "丁"] {
        offers.push(world.offer(&merchant, title, 10, |_| {}).await);
    }
    // Two at the same instant, and one that was redeemed first is confirmed last.
    for (offer, staff, minutes) in [(0, &wang, 30), (1, &li, 10), (2, &wang, 10)] {
        let redemption = world.redeem(0, &offers[offer], now()).await.expect("a redemption");
        let at = now() + Duration::minutes(minutes);
        assert!(verify(&world, &redemption, Verification { at, by: staff.id, store: staff.store }).await);
    }
    world.redeem(0, &offers[3], now()).await.expect("not confirmed yet");
    let list = async |store: Option<StoreId>| {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = PageRequest { after, limit: 1 };
            let found = redemptions::list_verified(&world.db.read(), merchant.id, store, &page).await.unwrap();
            seen.extend(found.items.into_iter().map(|detail| detail.redemption.title));
            after = found.next;
            if after.is_none() {
                return seen;
            }
        }
    };
    assert_eq!(list(None).await, ["甲", "丙", "乙"]);
    assert_eq!(list(Some(far.id)).await, ["乙"]);
}

#[tokio::test]
async fn what_is_closed_or_over_is_not_verified_and_what_is_overdue_is_found() {
    let world = World::new().await;
    let merchant = world.merchant("水泊寺", "面馆").await;
    let store = world.store(&merchant, "总店").await;
    let wang = world.staff(&store, 1, "王芳").await;
    let offer = world.offer(&merchant, "面", 10, |_| {}).await;
    let given_back = world.redeem(0, &offer, now()).await.expect("a redemption");
    let over = world.redeem(0, &offer, now()).await.expect("a redemption");
    let used = world.redeem(0, &offer, now()).await.expect("a redemption");
    assert!(world.cancel(&given_back, now()).await);
    assert!(!world.cancel(&given_back, now()).await);
    let by = |at| Verification { at, by: wang.id, store: store.id };
    assert!(!verify(&world, &given_back, by(now())).await);
    assert!(!verify(&world, &over, by(over.expires_at)).await);
    assert!(verify(&world, &used, by(over.expires_at - Duration::microseconds(1))).await);
    assert!(!world.cancel(&used, now()).await);
    assert_eq!(world.stock_left(&offer).await, 5);

    let overdue = async |at, after| redemptions::list_overdue(&world.db.read(), at, after, 10).await.unwrap();
    assert_eq!(overdue(over.expires_at - Duration::microseconds(1), None).await, []);
    assert_eq!(overdue(over.expires_at, None).await, [(over.expires_at, over.id)]);
    assert_eq!(overdue(over.expires_at, Some((over.expires_at, over.id))).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_forty_who_want_seven_pieces_seven_get_one() {
    let world = Arc::new(World::new().await);
    let merchant = world.merchant("水泊寺", "面馆").await;
    let offer = Arc::new(world.offer(&merchant, "面", 10, |_| {}).await);
    let mut tasks = JoinSet::new();
    for number in 0..40 {
        let (world, offer) = (Arc::clone(&world), Arc::clone(&offer));
        tasks.spawn(async move { world.redeem(number % 3, &offer, now()).await });
    }
    let redeemed: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!((redeemed.len(), world.stock_left(&offer).await), (7, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_those_who_confirm_or_cancel_one_voucher_one_wins() {
    let world = Arc::new(World::new().await);
    let merchant = world.merchant("水泊寺", "面馆").await;
    let store = world.store(&merchant, "总店").await;
    let wang = world.staff(&store, 1, "王芳").await;
    let offer = Arc::new(world.offer(&merchant, "面", 10, |_| {}).await);
    for _ in 0..3 {
        let redemption = Arc::new(world.redeem(0, &offer, now()).await.expect("a redemption"));
        let mut tasks = JoinSet::new();
        for number in 0..16 {
            let (world, redemption) = (Arc::clone(&world), Arc::clone(&redemption));
            let verification = Verification { at: now(), by: wang.id, store: store.id };
            tasks.spawn(async move {
                if number % 2 == 0 {
                    verify(&world, &redemption, verification).await
                } else {
                    world.cancel(&redemption, now()).await
                }
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 1);
    }
    let page = PageRequest { after: None, limit: 100 };
    let kept = redemptions::list_own(&world.db.read(), world.member(0), None, &page).await.unwrap().items;
    let counted = kept.iter().filter(|detail| RedemptionState::COUNTED.contains(&detail.redemption.state)).count();
    assert_eq!(world.stock_left(&offer).await + i64::try_from(counted).unwrap(), 7);
}
