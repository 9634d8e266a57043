//! A member's statement: whatever touched their points or their debt, once, in one order, however it is paged.

use chrono::Duration;
use domain::id::{LotId, MemberId, TransferId};
use domain::page::PageRequest;
use domain::points::{self, Grant, Posting, Purse, SourceKind, TransferKind};
use domain::time::Instant;
use storage::entries::{self, EntryLine, Filter};
use storage::{purses, transfers};
use uuid::Uuid;

use crate::books::{Books, at, occasion};

/// A transfer, its points, its debt, and the balance after it.
type Told = (TransferId, i64, i64, i64);

fn told(line: &EntryLine) -> Told {
    (line.transfer, line.points, line.debt, line.balance_after)
}

/// Gives points, which pay the debt first; below zero, takes them, beyond the balance if need be.
fn decide(purse: &mut Purse, amount: i64, now: Instant) -> (Told, Posting) {
    let (points, debt) = (purse.balance(), purse.debt());
    let event = Uuid::now_v7();
    let id = TransferId::of_key(purse.member.into(), "test", &event.to_string());
    let why = occasion("积分调整", SourceKind::Adjustment, event, now);
    let posting = if amount < 0 {
        points::deduct(purse, id, why, -amount).expect("a sound deduction")
    } else {
        let grant = Grant { lot: LotId::new(Uuid::now_v7()), expires_at: None };
        points::adjust(purse, id, why, amount, grant).expect("a sound adjustment")
    };
    ((id, purse.balance() - points, debt - purse.debt(), purse.balance()), posting)
}

/// Posts these amounts in one transaction, and says what the member shall read of them, oldest first.
async fn post(books: &Books, member: MemberId, amounts: &[i64], now: Instant) -> Vec<Told> {
    let mut tx = books.write().await;
    let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
    let (told, postings): (Vec<_>, Vec<_>) = amounts.iter().map(|amount| decide(&mut purse, *amount, now)).unzip();
    transfers::post_all(&mut tx, &postings).await.expect("postings");
    tx.commit().await.expect("a commit");
    told
}

/// What the member has of 90 transfers, so many to a transaction, oldest first. The hours are those of the clocks.
async fn live(books: &Books, member: MemberId, at_once: u32, hour: impl Fn(u32) -> i64) -> Vec<Told> {
    let (mut all, mut has) = (Vec::new(), 0);
    for number in 0..90 / at_once {
        let next = |nth: u32| {
            // To and fro about nothing, so that points and debt come and go, whole and in part.
            let mixed = (number * at_once + nth + 1).wrapping_mul(2_654_435_761) >> 20;
            let amount = i64::from(mixed % 9) - 4 - has / 2;
            let amount = if amount == 0 { 1 } else { amount };
            has += amount;
            amount
        };
        let amounts: Vec<i64> = (0..at_once).map(next).collect();
        all.extend(post(books, member, &amounts, at(30) + Duration::hours(hour(number))).await);
    }
    let debt_alone = |sign: i64| all.iter().filter(|told| told.1 == 0 && told.2 * sign > 0).count();
    assert!(debt_alone(1) > 5 && debt_alone(-1) > 5, "{all:?}");
    assert!(all.iter().any(|told| told.1 > 0 && told.2 > 0) && all.iter().any(|told| told.1 < 0 && told.2 < 0));
    all
}

/// Turns the pages to the last; after each, something more is posted.
async fn paged(books: &Books, member: MemberId, filter: &Filter, limit: u64, more: &[i64]) -> Vec<EntryLine> {
    let (mut lines, mut page) = (Vec::new(), PageRequest { after: None, limit });
    loop {
        let found = entries::list_own(&books.database.read(), member, filter, &page).await.expect("a page");
        assert!(found.items.len() as u64 <= limit);
        lines.extend(found.items);
        let Some(next) = found.next else { return lines };
        assert_eq!(next.to_string().parse(), Ok(next));
        page.after = Some(next);
        if !more.is_empty() {
            post(books, member, more, at(40)).await;
        }
    }
}

#[tokio::test]
async fn whatever_touched_points_or_debt_is_told_once_in_the_order_it_happened() {
    let books = Books::open().await;
    let mut all = live(&books, books.member, 1, i64::from).await;
    // All at one instant: points came and went, debt was made and paid, and points came again.
    all.extend(post(&books, books.member, &[100, -100, -3, 3, 4], at(35)).await);
    all.reverse();
    let touched = all.iter().take(5).map(|told| (told.1, told.2)).collect::<Vec<_>>();
    assert!(matches!(touched[..], [(4, 0), (0, 3), (0, -3), ..]), "{touched:?}");
    for limit in [1, 2, 3, 94, 95, 100] {
        let lines = paged(&books, books.member, &Filter::default(), limit, &[]).await;
        assert_eq!(lines.iter().map(told).collect::<Vec<_>>(), all, "by {limit}");
    }
    for limit in [1, 2, 100] {
        for kind in [TransferKind::Adjust, TransferKind::Clawback, TransferKind::Donate] {
            let (from, to) = (Some(at(30) + Duration::hours(2)), Some(at(30) + Duration::hours(82)));
            let filter = Filter { kind: Some(kind), from, to };
            let lines = paged(&books, books.member, &filter, limit, &[]).await;
            let of_kind = |told: &&Told| (kind == TransferKind::Adjust) == (told.1 + told.2 > 0);
            let hours = all[13..93].iter();
            let wanted: Vec<_> = match kind {
                TransferKind::Donate => Vec::new(),
                _ => hours.filter(of_kind).copied().collect(),
            };
            assert_eq!(lines.iter().map(told).collect::<Vec<_>>(), wanted, "{kind:?} by {limit}");
        }
    }
    books.close().await;
}

#[tokio::test]
async fn nothing_is_skipped_or_told_twice_where_clocks_differ_and_more_is_posted_meanwhile() {
    let books = Books::open().await;
    for (limit, more) in [(1, vec![]), (2, vec![]), (1, vec![3, -7]), (2, vec![-9]), (3, vec![20])] {
        let member = books.another_member(u32::try_from(limit).unwrap_or(0) * 10 + u32::from(more.is_empty())).await;
        // One clock is hours behind the others, and a third stands still.
        let hour = |number: u32| [i64::from(number), i64::from(number) - 7, 11][number as usize % 3];
        let all = live(&books, member, 3, hour).await;
        let whole = paged(&books, member, &Filter::default(), 100, &[]).await;
        let lines = paged(&books, member, &Filter::default(), limit, &more).await;
        assert_eq!(lines, whole, "by {limit}, with {more:?} meanwhile");

        // Each once, and each account in its own order.
        assert_eq!(lines.len(), all.len());
        let touched = |lines: &mut dyn Iterator<Item = Told>, which: fn(&Told) -> i64| -> Vec<(TransferId, i64)> {
            lines.filter(|told| which(told) != 0).map(|told| (told.0, which(&told))).collect()
        };
        for which in [(|told| told.1) as fn(&Told) -> i64, |told| told.2] {
            let told = touched(&mut lines.iter().map(told), which);
            assert_eq!(told, touched(&mut all.iter().rev().copied(), which));
        }
        // The balances add up whatever the clocks said.
        for pair in lines.windows(2) {
            assert_eq!(pair[0].balance_after - pair[0].points, pair[1].balance_after);
        }
        let last = lines.last().expect("a line");
        assert_eq!(last.balance_after, last.points);
        let filter = Filter { kind: Some(TransferKind::Clawback), ..Filter::default() };
        let (one, many) =
            (paged(&books, member, &filter, 1, &[]).await, paged(&books, member, &filter, 100, &[]).await);
        let chosen = paged(&books, member, &Filter::default(), 100, &[]).await;
        let chosen: Vec<_> = chosen.into_iter().filter(|line| line.kind == TransferKind::Clawback).collect();
        assert_eq!((&one, &many), (&chosen, &chosen));
    }
    books.close().await;
}

#[tokio::test]
async fn what_is_chosen_is_found_however_far_down_it_stands() {
    let books = Books::open().await;
    let mut all = post(&books, books.member, &[5], at(1)).await;
    all.extend(post(&books, books.member, &[-1; 700], at(2)).await);
    all.extend(post(&books, books.member, &[1; 2], at(3)).await);
    all.reverse();
    let given = Filter { kind: Some(TransferKind::Adjust), ..Filter::default() };
    for limit in [1, 2, 3] {
        let lines = paged(&books, books.member, &given, limit, &[]).await;
        assert_eq!(lines.iter().map(told).collect::<Vec<_>>(), [all[0], all[1], all[702]], "by {limit}");
    }
    let taken = Filter { to: Some(at(3)), ..Filter::default() };
    let lines = paged(&books, books.member, &taken, 99, &[]).await;
    assert_eq!(lines.iter().map(told).collect::<Vec<_>>(), all[2..]);
    books.close().await;
}
