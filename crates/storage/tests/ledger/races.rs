//! Many at once.

use std::sync::Arc;

use crate::books::{Books, at};
use domain::page::PageRequest;
use sea_orm::DbBackend;
use storage::{entries, purses, transfers};
use tokio::task::JoinSet;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_who_spend_the_points_for_one_exactly_one_succeeds() {
    let books = Arc::new(Books::open().await);
    books.credit(9, None, at(0)).await;
    books.credit(3, Some(at(30)), at(0)).await;
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let books = books.clone();
        tasks.spawn(async move { books.spend(12, at(1)).await.is_ok() });
    }
    let succeeded = tasks.join_all().await.into_iter().filter(|ok| *ok).count();
    assert_eq!(succeeded, 1);
    assert_eq!(books.balance(at(1)).await.available, 0);
    close(books).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_event_is_credited_once_and_one_spending_refunded_once() {
    let books = Arc::new(Books::open().await);
    let event = Uuid::now_v7();
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let books = books.clone();
        tasks.spawn(async move { books.credit_event(event, 10, None, at(0)).await });
    }
    let (credited, refused): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(credited.len(), 1);
    assert!(refused.iter().all(|outcome| outcome.as_ref().is_err_and(transfers::posted_before)), "{refused:?}");

    let spending = books.spend(10, at(1)).await.expect("enough points").id();
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let books = books.clone();
        tasks.spawn(async move { books.refund(spending, at(2)).await.is_some() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|ok| *ok).count(), 1);
    assert_eq!(books.balance(at(2)).await.available, 10);
    close(books).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_comers_open_the_accounts_together() {
    let books = Arc::new(Books::open().await);
    // SQLite has one writer; PostgreSQL's stand ready before the first of them locks.
    let writers = if books.raw.get_database_backend() == DbBackend::Postgres { 8 } else { 1 };
    for number in 1..=20 {
        let member = books.another_member(number).await;
        let mut ready = Vec::new();
        for _ in 0..writers {
            ready.push(books.write().await);
        }
        let mut tasks = JoinSet::new();
        for mut tx in ready {
            tasks.spawn(async move {
                let purse = purses::lock(&mut tx, member).await?;
                tx.commit().await.map(|()| purse.balance())
            });
        }
        let balances: Result<Vec<_>, _> = tasks.join_all().await.into_iter().collect();
        assert_eq!(balances.expect("a purse for each").iter().sum::<i64>(), 0);
    }
    close(books).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn comings_and_goings_at_once_leave_sound_books() {
    let books = Arc::new(Books::open().await);
    let mut tasks = JoinSet::new();
    for number in 0..60_i64 {
        let books = books.clone();
        tasks.spawn(async move {
            match number % 3 {
                0 => {
                    books.credit(10, Some(at(1 + u64::try_from(number % 7).expect("small"))), at(0)).await;
                }
                1 => {
                    if let Ok(spending) = books.spend(7, at(0)).await {
                        books.refund(spending.id(), at(3)).await;
                    }
                }
                _ => {
                    books.expire(at(4)).await;
                }
            }
        });
    }
    tasks.join_all().await;
    books.expire(at(20)).await;
    let page = PageRequest { after: None, limit: 1 };
    let newest = entries::list_own(&books.database.read(), books.member, &entries::Filter::default(), &page)
        .await
        .expect("entries");
    assert_eq!(newest.items.first().map(|line| line.balance_after), Some(books.balance(at(20)).await.available));
    close(books).await;
}

async fn close(books: Arc<Books>) {
    Arc::into_inner(books).expect("every task has ended").close().await;
}
