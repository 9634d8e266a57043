//! What people read: balance, entries, explanations, and the sums behind the caps.

use std::sync::{Arc, Mutex};

use crate::books::{Books, at, occasion};
use domain::id::{LotId, MemberId, RulebookId, TransferId};
use domain::organisation::{NodeKind, NodePath};
use domain::page::PageRequest;
use domain::points::rulebook::{Edition, RulebookState};
use domain::points::{self, Earned, Grant, Service, Source, SourceKind, TransferKind, credit_for_service};
use domain::service::{Evaluation, ServiceKind, ServiceNature};
use domain::time::Instant;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use storage::earn_events::{self, EarnEvent};
use storage::service_records::{self, ServiceRecord, ServiceTotals};
use storage::{StorageError, accounts, entries, lots, purses, rulebooks, transfers};
use uuid::Uuid;

/// Credits a service as the feature does.
async fn serve(books: &Books, enrolment: Uuid, minutes: i64, served_at: Instant) -> Result<i64, StorageError> {
    let mut tx = books.write().await;
    let rulebook = rulebooks::in_force(&tx, served_at).await?;
    let mut purse = purses::lock_accounts(&mut tx, books.member).await?;
    let earned = earn_events::earned(&tx, books.member, served_at).await?;
    let (kind, evaluation) = (ServiceKind::Professional, Evaluation::A);
    let (starts_at, own_duty, excluded) = (served_at, false, false);
    let service =
        Service { timed_minutes: minutes, made_up_minutes: 10, kind, evaluation, starts_at, own_duty, excluded };
    let decision = credit_for_service(&rulebook.rules, &service, earned);
    let source = Source { kind: SourceKind::Enrolment, id: enrolment };
    let (mut transfer, mut debt_paid) = (None, 0);
    if decision.points > 0 {
        let id = TransferId::of_earning(source.kind, source.id, books.member);
        let why = occasion("小区义诊", source.kind, source.id, served_at);
        let expires_at = rulebook.rules.expires_at(served_at);
        let grant = Grant { lot: LotId::new(Uuid::now_v7()), expires_at };
        let credited = points::credit(&mut purse, id, why, decision.points, grant).expect("a sound credit");
        transfers::post(&mut tx, &credited.posting).await?;
        (transfer, debt_paid) = (Some(id), credited.debt_paid);
    }
    let (member, rulebook) = (books.member, rulebook.id);
    let event = EarnEvent { member, source, transfer, rulebook, decision, debt_paid, business_at: served_at };
    earn_events::insert(&mut tx, &event).await?;
    let record = ServiceRecord {
        id: Uuid::now_v7(),
        member,
        source,
        timed_minutes: minutes,
        made_up_minutes: 10,
        nature: ServiceNature::Voluntary,
        served_at,
        verified_at: served_at,
    };
    service_records::insert(&mut tx, &record).await?;
    tx.commit().await?;
    Ok(decision.points)
}

#[tokio::test]
async fn caps_look_at_the_beijing_day_month_and_year_of_the_service() {
    let books = Books::open().await;
    let (day, second) = (chrono::Duration::days(1), chrono::Duration::seconds(1));
    assert_eq!(serve(&books, Uuid::now_v7(), 120, at(30)).await.expect("a service"), 36);
    let cut = Uuid::now_v7();
    assert_eq!(serve(&books, cut, 120, at(31) - second).await.expect("a service"), 24, "the day's cap is 60");
    let none = Uuid::now_v7();
    assert_eq!(serve(&books, none, 120, at(30) + second).await.expect("a service"), 0);
    assert!(serve(&books, none, 120, at(30)).await.is_err(), "an event is decided once, even if it gave nothing");
    assert_eq!(serve(&books, Uuid::now_v7(), 120, at(31)).await.expect("a service"), 36, "a new day");

    let read = books.database.read();
    let earned = async |at| earn_events::earned(&read, books.member, at).await.expect("sums");
    assert_eq!(earned(at(30)).await, Earned { day: 60, month: 60, year: 96 });
    assert_eq!(earned(at(31)).await, Earned { day: 36, month: 36, year: 96 });
    assert_eq!(earned(at(365)).await, Earned::default());
    assert_eq!(earned(at(0) - second).await, Earned::default());

    let minutes = service_records::totals(&read, books.member).await.expect("totals");
    assert_eq!(minutes, ServiceTotals { timed_minutes: 480, made_up_minutes: 40 });
    let balance = books.balance(at(31) + day).await;
    assert_eq!((balance.verified_minutes, balance.lifetime_earned), (520, 96));

    let id = TransferId::of_earning(SourceKind::Enrolment, cut, books.member);
    let credit = earn_events::explain(&read, books.member, id).await.expect("an answer").expect("a credit");
    assert_eq!(
        points::explain(&credit),
        "服务 120 分钟、补录 10 分钟（按 0.00 计），每满 30 分钟计一次，计 120 分钟；每 30 分钟 5 分，基础分 20 分；\
         乘以系数 1.80（专业服务 1.50 × 评价优秀 1.20），得 36 分，因当日上限 60 分，实得 24 分（积分规则第 1 版）。"
    );
    let stranger = books.another_member(1).await;
    assert!(earn_events::explain(&read, stranger, id).await.expect("an answer").is_none());
    assert!(entries::find_own(&read, stranger, id).await.expect("an answer").is_none());
    books.close().await;
}

#[tokio::test]
async fn entries_are_paged_from_the_newest() {
    let books = Books::open().await;
    for number in 1..=5 {
        books.credit(number, None, at(0)).await;
    }
    let spending = books.spend(4, at(1)).await.expect("enough points");
    let read = books.database.read();
    let mut seen = Vec::new();
    let mut page = PageRequest { after: None, limit: 4 };
    loop {
        let found = entries::list_own(&read, books.member, &entries::Filter::default(), &page).await.expect("a page");
        seen.extend(found.items.iter().map(|line| (line.place.points, line.points, line.balance_after)));
        let Some(next) = found.next else { break };
        page.after = Some(next);
    }
    assert_eq!(seen, [(6, -4, 11), (5, 5, 15), (4, 4, 10), (3, 3, 6), (2, 2, 3), (1, 1, 1)]);
    let line = entries::find_own(&read, books.member, spending.id()).await.expect("an answer").expect("my entry");
    assert_eq!((line.kind, line.points, line.debt), (TransferKind::Redeem, -4, 0));
    assert_eq!((line.reason.as_str(), line.business_at), ("兑换：理发券", at(1)));
    books.close().await;
}

/// Moves one point in and out until the member has so many entries.
async fn wear_out(books: &Books, member: MemberId, entries: u32) {
    for first in (0..entries).step_by(500) {
        let mut tx = books.write().await;
        let mut purse = purses::lock(&mut tx, member).await.expect("the purse");
        let mut postings = Vec::new();
        for number in first..entries.min(first + 500) {
            let id = TransferId::of_key(member.into(), "test", &number.to_string());
            let why = occasion("积分调整", SourceKind::Adjustment, id.uuid(), at(0));
            let grant = Grant { lot: LotId::new(Uuid::now_v7()), expires_at: Some(at(90)) };
            let amount = if number % 2 == 0 { 2 } else { -1 - i64::from(number < entries - 10) };
            postings.push(points::adjust(&mut purse, id, why, amount, grant).expect("a sound adjustment"));
        }
        transfers::post_all(&mut tx, &postings).await.expect("postings");
        tx.commit().await.expect("a commit");
    }
}

/// What a member's balance and first page of entries ask of the database.
async fn asked(books: &Books, member: MemberId) -> Vec<String> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&asked);
    let database = books.database.clone().overheard(move |statement| {
        listener.lock().expect("a list").push(statement.to_owned());
    });
    let read = database.read();
    assert_eq!(accounts::balance(&read, member, at(1)).await.expect("a balance").available, 5);
    let page = PageRequest { after: None, limit: 5 };
    let found = entries::list_own(&read, member, &entries::Filter::default(), &page).await.expect("a page");
    assert_eq!(found.items.len(), 5);
    drop((read, database));
    let asked = asked.lock().expect("a list");
    asked.clone()
}

/// How many rows PostgreSQL goes through to answer this.
async fn rows_touched(books: &Books, statement: &str) -> f64 {
    fn touched(node: &serde_json::Value) -> f64 {
        let number = |name: &str| node[name].as_f64().unwrap_or(0.0);
        let removed = ["Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter"];
        let own = number("Actual Rows") + removed.map(number).iter().sum::<f64>();
        let below = node["Plans"].as_array().into_iter().flatten().map(touched).sum::<f64>();
        own * number("Actual Loops") + below
    }
    let explained = format!("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}");
    let question = Statement::from_string(DbBackend::Postgres, explained);
    let row = books.raw.query_one_raw(question).await.expect("a plan").expect("a row");
    let plan: serde_json::Value = row.try_get_by_index(0).expect("JSON");
    touched(&plan[0]["Plan"])
}

/// How SQLite goes about answering this.
async fn plan(books: &Books, statement: &str) -> Vec<String> {
    let question = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {statement}"));
    let rows = books.raw.query_all_raw(question).await.expect("a plan");
    rows.iter().map(|row| row.try_get("", "detail").expect("a text")).collect()
}

#[tokio::test]
async fn ten_thousand_entries_cost_as_much_as_ten() {
    let books = Books::open().await;
    let other = books.another_member(1).await;
    wear_out(&books, books.member, 10_000).await;
    wear_out(&books, other, 10).await;
    let postgres = books.raw.get_database_backend() == DbBackend::Postgres;
    if postgres {
        books.execute("ANALYZE").await.expect("statistics, as a database at work has them");
    }
    let (many, few) = (asked(&books, books.member).await, asked(&books, other).await);
    assert_eq!((many.len(), few.len()), (2, 2), "one question each: {many:?}");
    // Of the balance, only the lots that are still open are put in order; the entries are in order already.
    for ((many, few), sorts) in many.iter().zip(&few).zip([true, false]) {
        if postgres {
            // By statistics the plans may differ; neither goes through more than the page and its joins.
            for statement in [many, few] {
                let rows = rows_touched(&books, statement).await;
                assert!(0.0 < rows && rows < 100.0, "{rows} rows: {statement}");
            }
        } else {
            let (many_plan, few_plan) = (plan(&books, many).await, plan(&books, few).await);
            println!("{many_plan:?}: {many}");
            assert_eq!(many_plan, few_plan, "{many}");
            // The newest of each account are no more than the page.
            let scans = |step: &String| step.starts_with("SCAN") && step != "SCAN newest";
            let goes_through_all = |step: &String| scans(step) || (!sorts && step.contains("TEMP B-TREE"));
            assert!(!many_plan.iter().any(goes_through_all), "{many_plan:?}: {many}");
        }
    }
    books.close().await;
}

#[tokio::test]
async fn a_member_without_accounts_has_nothing() {
    let books = Books::open().await;
    let nothing = accounts::Balance { awaits: true, ..accounts::Balance::default() };
    assert_eq!(books.balance(at(0)).await, nothing, "service may await its credit all the same");
    let page = PageRequest { after: None, limit: 1 };
    assert!(
        entries::list_own(&books.database.read(), books.member, &entries::Filter::default(), &page)
            .await
            .expect("a page")
            .items
            .is_empty()
    );
    assert!(books.spend(1, at(0)).await.is_err());
    books.close().await;
}

#[tokio::test]
async fn a_balance_is_shown_only_to_those_above() {
    let books = Books::open().await;
    books.credit(5, Some(at(10)), at(0)).await;
    let read = books.database.read();
    let within = async |path: &str, member| {
        let paths = [NodePath::from_stored(path.into())];
        accounts::balance_within(&read, &paths, member, at(0)).await.expect("an answer")
    };
    assert_eq!(within("1/", books.member).await, Some(books.balance(at(0)).await));
    assert_eq!(within("1/1/", books.member).await, None);
    assert_eq!(within("1/", books.another_member(1).await).await, Some(accounts::Balance::default()));
    assert_eq!(within("1/", MemberId::new(Uuid::now_v7())).await, None);
    assert_eq!(accounts::balance_within(&read, &[], books.member, at(0)).await.expect("an answer"), None);
    books.close().await;
}

#[tokio::test]
async fn members_with_expired_lots_are_found_in_order_and_only_once() {
    let books = Books::open().await;
    books.credit(5, Some(at(10)), at(0)).await;
    books.credit(5, Some(at(12)), at(0)).await;
    let read = books.database.read();
    assert!(!lots::any_expired(&read, at(9)).await.expect("an answer"));
    assert!(lots::any_expired(&read, at(10)).await.expect("an answer"));
    let due = lots::list_members_with_expired(&read, at(12), None, 10).await.expect("members");
    let [(account, member)] = due[..] else { panic!("{due:?}") };
    assert_eq!(member, books.member);
    assert!(lots::list_members_with_expired(&read, at(12), Some(account), 10).await.expect("members").is_empty());
    assert_eq!(books.expire(at(12)).await, 2);
    assert!(!lots::any_expired(&read, at(12)).await.expect("an answer"));
    books.close().await;
}

#[tokio::test]
async fn a_district_has_its_first_rules_once_and_later_versions_hold_from_their_day() {
    let books = Books::open().await;
    let mut tx = books.write().await;
    rulebooks::ensure_default(&mut tx, books.district, at(5)).await.expect("nothing to do");
    tx.commit().await.expect("a commit");
    let read = books.database.read();
    let first = rulebooks::in_force(&read, at(0)).await.expect("the rules");
    assert_eq!((first.version, &first.rules), (1, &points::Rulebook::default_rules()));

    let mut tx = books.write().await;
    assert!(rulebooks::end(&mut tx, first.id, at(10)).await.expect("an answer"));
    let mut rules = first.rules.clone();
    rules.earning.day_cap = 70;
    let second = Edition {
        id: RulebookId::new(Uuid::now_v7()),
        scope: books.district,
        scope_kind: NodeKind::District,
        version: rulebooks::next_version(&tx, books.district).await.expect("a number"),
        state: RulebookState::Effective,
        rules,
        note: None,
        effective_from: at(10),
        effective_to: None,
        drafted_by: None,
        approved_by: None,
        approved_at: None,
    };
    rulebooks::insert(&mut tx, &second, at(5)).await.expect("a second version");
    tx.commit().await.expect("a commit");
    let just_before = at(10) - chrono::Duration::microseconds(1);
    assert_eq!(rulebooks::in_force(&read, just_before).await.expect("the rules"), first);
    let later = rulebooks::in_force(&read, at(10)).await.expect("the rules");
    assert_eq!((later.version, later.rules.earning.day_cap), (2, 70));
    let (found, scope) =
        rulebooks::find_at(&read, books.district, at(10)).await.expect("an answer").expect("the rules");
    assert_eq!((found, scope.as_str()), (later, "平城区"));
    let before_all = at(0) - chrono::Duration::days(40_000);
    assert_eq!(rulebooks::find_at(&read, books.district, before_all).await.expect("an answer"), None);
    books.close().await;
}
