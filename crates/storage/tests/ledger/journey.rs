//! Points come, go, come back and expire.

use crate::books::{Books, at, occasion};
use domain::id::{LotId, TransferId};
use domain::points::{self, Grant, Purse, SourceKind, SpendError};
use storage::{entries, purses, transfers};
use uuid::Uuid;

#[tokio::test]
async fn points_come_and_go_and_come_back_to_their_lots() {
    let books = Books::open().await;
    books.credit(20, Some(at(90)), at(0)).await;
    books.credit(10, Some(at(60)), at(1)).await;
    books.credit(5, None, at(2)).await;
    let spending = books.spend(25, at(3)).await.expect("enough points");
    assert_eq!(spending.balance_after(), 10);
    let taken: Vec<i64> = spending.uses().iter().map(|used| used.amount).collect();
    assert_eq!(taken, [10, 15], "the earliest expiry first");

    let refund = books.refund(spending.id(), at(4)).await.expect("a refund");
    assert_eq!((refund.balance_after(), refund.granted().len()), (35, 0));
    assert!(books.refund(spending.id(), at(5)).await.is_none(), "once only");
    let after = books.balance(at(5)).await;
    assert_eq!((after.available, after.lifetime_earned), (35, 35));
    assert_eq!(after.expiring, [(at(60), 10)], "the lot of day 90 is further off than 60 days");
    books.close().await;
}

#[tokio::test]
async fn a_refund_after_the_lots_end_comes_with_days_of_grace() {
    let books = Books::open().await;
    books.credit(20, Some(at(10)), at(0)).await;
    books.credit(10, Some(at(50)), at(0)).await;
    let spending = books.spend(25, at(1)).await.expect("enough points");
    let kept = books.refund(spending.id(), at(10)).await.expect("a refund");
    assert_eq!(kept.granted()[0].granted, 20);
    let balance = books.balance(at(10)).await;
    assert_eq!((balance.available, balance.expiring), (30, vec![(at(18), 20), (at(50), 10)]));
    assert_eq!(books.expire(at(18)).await, 1, "the lot that ended on day 10 was empty and stays closed");
    assert_eq!(books.balance(at(18)).await.available, 10);
    books.close().await;
}

#[tokio::test]
async fn what_is_left_expires_once_and_cannot_be_spent_even_before_the_job_has_come() {
    let books = Books::open().await;
    books.credit(20, Some(at(10)), at(0)).await;
    books.credit(7, Some(at(11)), at(0)).await;
    let spending = books.spend(5, at(9)).await.expect("enough points");
    let refused = SpendError::Insufficient { available: 7, needed: 8 };
    assert_eq!(books.spend(8, at(10)).await, Err(refused));
    assert_eq!(books.balance(at(10)).await.available, 7);
    assert_eq!(books.balance(at(11)).await.available, 0);
    assert_eq!(books.expire(at(11)).await, 2);
    assert_eq!(books.expire(at(11)).await, 0, "nothing expires twice");
    assert_eq!(books.balance(at(11)).await, books.balance(at(12)).await);
    books.refund(spending.id(), at(12)).await.expect("a refund");
    assert_eq!(books.balance(at(12)).await.available, 5);
    books.close().await;
}

#[tokio::test]
async fn a_clawback_beyond_the_balance_is_a_debt_that_the_next_credit_pays() {
    let books = Books::open().await;
    let earned = books.credit(30, None, at(0)).await;
    books.spend(20, at(1)).await.expect("enough points");
    let clawback = books.clawback(earned, 30, at(2)).await;
    assert_eq!(clawback.entries().len(), 3);
    let balance = books.balance(at(2)).await;
    assert_eq!((balance.available, balance.debt, balance.lifetime_earned), (0, 20, 0));
    books.credit(15, None, at(3)).await;
    let balance = books.balance(at(3)).await;
    assert_eq!((balance.available, balance.debt, balance.lifetime_earned), (0, 5, 15));
    books.credit(15, None, at(4)).await;
    let balance = books.balance(at(4)).await;
    assert_eq!((balance.available, balance.debt, balance.lifetime_earned), (10, 0, 30));
    books.close().await;
}

#[tokio::test]
async fn several_decisions_in_one_transaction_see_each_other() {
    let books = Books::open().await;
    let mut tx = books.write().await;
    let mut purse = purses::lock(&mut tx, books.member).await.expect("the purse");
    let key = |name| TransferId::of_key(books.member.into(), "adjust_points", name);
    let why = || occasion("人工调整", SourceKind::Adjustment, Uuid::now_v7(), at(0));
    let grant = Grant { lot: LotId::new(Uuid::now_v7()), expires_at: None };
    let postings = [
        points::adjust(&mut purse, key("in"), why(), 9, grant).expect("in"),
        points::adjust(&mut purse, key("out"), why(), -4, grant).expect("out"),
        points::spend(&mut purse, key("spend"), why(), 5).expect("the rest"),
    ];
    assert!(points::spend(&mut purse, key("more"), why(), 1).is_err());
    transfers::post_all(&mut tx, &postings).await.expect("postings");
    tx.commit().await.expect("a commit");
    assert_eq!(books.balance(at(0)).await.available, 0);
    let page = domain::page::PageRequest { after: None, limit: 10 };
    let lines = entries::list_own(&books.database.read(), books.member, &entries::Filter::default(), &page)
        .await
        .expect("entries");
    assert_eq!(lines.items.iter().map(|line| line.balance_after).collect::<Vec<_>>(), [0, 5, 9]);
    books.close().await;
}

#[tokio::test]
async fn a_thousand_postings_are_written_in_a_few_statements() {
    let books = Books::open().await;
    let mut tx = books.write().await;
    let mut purse = purses::lock(&mut tx, books.member).await.expect("the purse");
    let mut postings = Vec::new();
    for number in 0..500 {
        let key = |what| TransferId::of_key(books.member.into(), what, &format!("{number}"));
        let why = || occasion("人工调整", SourceKind::Adjustment, Uuid::now_v7(), at(0));
        let grant = Grant { lot: LotId::new(Uuid::now_v7()), expires_at: Some(at(number % 3)) };
        postings.push(points::adjust(&mut purse, key("in"), why(), 3, grant).expect("in"));
        if number % 3 > 0 {
            postings.push(points::spend(&mut purse, key("out"), why(), 2).expect("out"));
        }
    }
    transfers::post_all(&mut tx, &postings).await.expect("postings");
    tx.commit().await.expect("a commit");
    assert_eq!(books.expire(at(1)).await, 100, "as many as were asked for");
    books.close().await;
}

#[tokio::test]
async fn a_transfer_is_posted_once_for_ever() {
    let books = Books::open().await;
    let event = Uuid::now_v7();
    books.credit_event(event, 20, None, at(0)).await.expect("a credit");
    let again = books.credit_event(event, 20, None, at(1)).await.expect_err("the same event");
    assert!(transfers::posted_before(&again), "{again:?}");
    assert_eq!(books.balance(at(1)).await.available, 20);
    books.close().await;
}

#[tokio::test]
async fn a_credit_is_taken_back_once_for_ever() {
    let books = Books::open().await;
    let earned = books.credit(20, None, at(0)).await;
    books.clawback(earned, 5, at(1)).await;
    let mut tx = books.write().await;
    let mut purse = purses::lock(&mut tx, books.member).await.expect("the purse");
    let why = occasion("再次追回", SourceKind::Transfer, earned.uuid(), at(2));
    let posting = points::clawback(&mut purse, why, earned, 5).expect("a sound clawback");
    let again = transfers::post(&mut tx, &posting).await.expect_err("the same credit");
    assert!(transfers::posted_before(&again), "{again:?}");
    drop(tx);
    assert_eq!(books.balance(at(2)).await.available, 15);
    books.close().await;
}

/// A purse as it stood before other moves: locked and let go.
async fn stale_purse(books: &Books) -> Purse {
    let mut tx = books.write().await;
    purses::lock(&mut tx, books.member).await.expect("the purse")
}

#[tokio::test]
async fn a_purse_that_was_not_locked_cannot_be_written_back() {
    let books = Books::open().await;
    books.credit(20, None, at(0)).await;
    let mut stale = stale_purse(&books).await;
    books.spend(20, at(1)).await.expect("enough points");
    let why = occasion("兑换", SourceKind::Redemption, Uuid::now_v7(), at(1));
    let id = TransferId::of_key(books.member.into(), "redeem_offer", "stale");
    let posting = points::spend(&mut stale, id, why, 20).expect("so it seemed");
    let mut tx = books.write().await;
    let refused = transfers::post(&mut tx, &posting).await.expect_err("the account has moved on");
    assert!(!transfers::posted_before(&refused), "{refused:?}");
    drop(tx);
    assert_eq!(books.balance(at(1)).await.available, 0);
    books.close().await;
}

#[tokio::test]
async fn a_stale_purse_is_refused_even_where_no_entry_would_tell() {
    let books = Books::open().await;
    let earned = books.credit(30, None, at(0)).await;
    let spending = books.spend(20, at(0)).await.expect("enough points");
    books.clawback(earned, 30, at(1)).await;
    let mut stale = stale_purse(&books).await;
    books.refund(spending.id(), at(2)).await.expect("a refund");
    let event = Uuid::now_v7();
    let id = TransferId::of_earning(SourceKind::Enrolment, event, books.member);
    let why = occasion("活动积分", SourceKind::Enrolment, event, at(2));
    let grant = Grant { lot: LotId::new(Uuid::now_v7()), expires_at: None };
    let credited = points::credit(&mut stale, id, why, 5, grant).expect("a credit that the debt takes whole");
    let mut tx = books.write().await;
    let refused = transfers::post(&mut tx, &credited.posting).await.expect_err("the points account has moved on");
    assert!(refused.breaks("account_sequence"), "{refused:?}");
    drop(tx);
    assert_eq!(books.balance(at(2)).await.available, 20);
    books.close().await;
}
