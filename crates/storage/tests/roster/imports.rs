//! Imports: files that wait, and what they do all at once.

use chrono::Duration;
use domain::id::ImportId;
use domain::member::MemberCategory;
use domain::roster::{CellError, Column, Counts, ImportState, RowProblem};
use sea_orm::{ConnectionTrait, Statement};
use storage::members;
use storage::roster_imports::{self, NewImport, Problems, Seen, StagedRow};
use uuid::Uuid;

use crate::world::{World, new_id, now, phone};
use crate::{first, number};

fn changes(created: u64, updated: u64) -> Counts {
    Counts { created, updated, unchanged: 0 }
}

async fn queue(world: &World, unit: &str, file: &[u8]) -> ImportId {
    let id = new_id();
    let import = NewImport { id, unit: world.node(unit), uploaded_by: Some(new_id()), file_name: "名册.csv".into() };
    let mut tx = world.db.write().await.unwrap();
    roster_imports::insert(&mut tx, &world.vault, import, file, now()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// An import that this process works on, with these rows kept aside.
async fn staged(world: &World, rows: &[StagedRow]) -> ImportId {
    let id = new_id();
    let import = NewImport { id, unit: world.node(""), uploaded_by: None, file_name: "district.csv".into() };
    let mut tx = world.db.write().await.unwrap();
    roster_imports::insert_claimed(&mut tx, import, Uuid::now_v7(), now()).await.unwrap();
    roster_imports::stage(&mut tx, &world.vault, id, rows, now()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

#[tokio::test]
async fn a_file_is_sealed_and_outlives_whoever_began_it() {
    let world = World::new().await;
    let file = "孙丽,13900000001".repeat(10);
    let (one, two) = (queue(&world, "教育局", file.as_bytes()).await, queue(&world, "文旅局", b"x").await);
    let connection = sea_orm::Database::connect(&world.url).await.unwrap();
    let sql = Statement::from_string(connection.get_database_backend(), "SELECT file FROM roster_import ORDER BY id");
    let kept: Vec<u8> = connection.query_one_raw(sql).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    assert!(kept.len() > file.len() && !kept.windows(11).any(|window| window == b"13900000001"));

    let (holder, other) = (Uuid::now_v7(), Uuid::now_v7());
    let claim = async |holder| {
        let mut tx = world.db.write().await.unwrap();
        let claimed = roster_imports::claim_next(&mut tx, &world.vault, holder).await.unwrap();
        tx.commit().await.unwrap();
        claimed
    };
    let claimed = claim(holder).await.unwrap();
    assert_eq!((claimed.id, claimed.unit.id), (one, world.node("教育局")));
    assert_eq!(claimed.file.as_deref(), Some(file.as_bytes()));
    assert_eq!(claim(other).await.map(|claimed| claimed.id), Some(two));
    assert!(claim(other).await.is_some_and(|claimed| claimed.id == two), "its own holder may begin anew");
    assert!(claim(Uuid::now_v7()).await.is_none());
    let mut tx = world.db.write().await.unwrap();
    assert!(!roster_imports::renew(&mut tx, one, other).await.unwrap());
    assert!(roster_imports::renew(&mut tx, one, holder).await.unwrap());
    roster_imports::set_progress(&mut tx, one, 20, Some(40)).await.unwrap();
    tx.commit().await.unwrap();
    let read = world.db.read();
    let shown = roster_imports::find_within(&read, &world.paths(&["教育局"]), one).await.unwrap().unwrap();
    assert_eq!((shown.state, shown.rows_read, shown.rows_total), (ImportState::Running, 20, Some(40)));
    assert!(roster_imports::find_within(&read, &world.paths(&["教育局"]), two).await.unwrap().is_none());

    let counts = Counts { created: 3, updated: 2, unchanged: 1 };
    let mut problems = Problems::default();
    for line in 0..317 {
        problems.of_cell(&RowProblem { line, column: Column::JoinedOn, reason: CellError::Date });
    }
    let mut tx = world.db.write().await.unwrap();
    roster_imports::finish(&mut tx, one, holder, counts, &Problems::default(), now()).await.unwrap();
    roster_imports::finish(&mut tx, two, other, Counts::default(), &problems, now()).await.unwrap();
    tx.commit().await.unwrap();
    assert!(claim(holder).await.is_none());
    let listed = roster_imports::list_within(&read, &world.paths(&[""]), None, &first(9)).await.unwrap().items;
    assert_eq!(listed.iter().map(|import| import.id).collect::<Vec<_>>(), [two, one]);
    assert_eq!((listed[1].state, listed[1].counts, listed[1].problems.total), (ImportState::Done, counts, 0));
    assert_eq!((listed[0].state, listed[0].problems.total), (ImportState::Failed, 317));
    assert_eq!(listed[0].problems.first.len(), roster_imports::PROBLEMS_KEPT);
    assert_eq!(number(&world, "SELECT count(*) FROM roster_import WHERE file IS NOT NULL").await, 0);
    assert_eq!(number(&world, "SELECT count(*) FROM lease").await, 0);
}

#[tokio::test]
async fn a_silent_workers_import_is_anybodys() {
    let world = World::new().await;
    let id = queue(&world, "教育局", b"x").await;
    for _ in 0..2 {
        let mut tx = world.db.write().await.unwrap();
        let claimed = roster_imports::claim_next(&mut tx, &world.vault, Uuid::now_v7()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(claimed.map(|claimed| claimed.id), Some(id));
        let connection = sea_orm::Database::connect(&world.url).await.unwrap();
        connection.execute_unprepared("UPDATE lease SET until = '2000-01-01 00:00:00+00:00'").await.unwrap();
    }
}

#[tokio::test]
async fn many_are_created_and_changed_at_once() {
    let world = World::new().await;
    let mut entries: Vec<_> = (0..2_500).map(|number| world.entry(number, "教育局")).collect();
    let rows: Vec<_> =
        (2..).zip(&entries).map(|(line, entry)| StagedRow { line, entry: entry.clone(), seen: None }).collect();
    let id = staged(&world, &rows).await;
    assert_eq!(number(&world, "SELECT count(*) FROM member").await, 0);
    let mut tx = world.db.write().await.unwrap();
    assert!(roster_imports::apply(&mut tx, id, changes(2_500, 0), now()).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(number(&world, "SELECT count(*) FROM member WHERE state = 'active'").await, 2_500);

    for entry in &mut entries {
        entry.member.name = "李四".into();
        entry.member.unit = world.node("卫健局");
        entry.member.category = MemberCategory::Retired;
        entry.record.organisation = "第二支部".into();
    }
    entries.push(world.entry(9_999, "文旅局"));
    let seen = Some(Seen { updated_at: now(), bound: false });
    let rows: Vec<_> = (2..)
        .zip(&entries)
        .map(|(line, entry)| StagedRow { line, entry: entry.clone(), seen: seen.filter(|_| line < 2_502) })
        .collect();
    let id = staged(&world, &rows).await;
    let mut tx = world.db.write().await.unwrap();
    assert!(roster_imports::apply(&mut tx, id, changes(1, 2_500), now() + Duration::hours(1)).await.unwrap());
    tx.commit().await.unwrap();
    let phones: Vec<_> = entries.iter().map(|entry| &entry.phone).collect();
    let found = members::find_on_roster(&world.db.read(), &world.vault, &phones).await.unwrap();
    for (entry, found) in entries.iter().zip(found) {
        let found = found.unwrap();
        assert_eq!((found.member.id, &found.member.number), (entry.member.id, &entry.member.number));
        assert_eq!((&found.member.name, found.member.unit), (&entry.member.name, entry.member.unit));
        assert_eq!((found.member.category, &found.record), (entry.member.category, &entry.record));
    }
    let changed = "SELECT count(*) FROM member WHERE created_at < updated_at";
    assert_eq!(number(&world, changed).await, 2_500);

    let mut rounds = 0;
    loop {
        let mut tx = world.db.write().await.unwrap();
        let more = roster_imports::discard(&mut tx, id).await.unwrap();
        tx.commit().await.unwrap();
        rounds += 1;
        if !more {
            break;
        }
    }
    assert_eq!(rounds, 2);
    assert_eq!(number(&world, "SELECT count(*) FROM roster_import_row").await, 2_500, "the other import keeps its own");
}

#[tokio::test]
async fn what_changed_since_it_was_looked_at_is_not_overwritten() {
    let world = World::new().await;
    let one = world.entry(1, "教育局");
    world.keep(std::slice::from_ref(&one)).await;
    let mut wanted = one.clone();
    wanted.member.name = "李四".into();
    let staged_as = async |updated_at, bound| {
        let seen = Some(Seen { updated_at, bound });
        staged(&world, &[StagedRow { line: 2, entry: wanted.clone(), seen }]).await
    };
    let apply = async |id| {
        let mut tx = world.db.write().await.unwrap();
        let applied = roster_imports::apply(&mut tx, id, changes(0, 1), now()).await.unwrap();
        if applied {
            tx.commit().await.unwrap();
        }
        applied
    };
    assert!(!apply(staged_as(now() - Duration::microseconds(1), false).await).await);
    assert!(!apply(staged_as(now(), true).await).await);
    let early = staged_as(now(), false).await;
    world.identity("o1", Some(one.member.id)).await;
    assert!(!apply(early).await, "somebody who signs in now keeps their name");
    let phones = [&one.phone];
    let there = members::find_on_roster(&world.db.read(), &world.vault, &phones).await.unwrap();
    assert_eq!(there[0].as_ref().unwrap().member.name, one.member.name);
    assert!(apply(staged_as(now(), true).await).await);
}

#[tokio::test]
async fn a_number_that_came_onto_the_roster_meanwhile_is_a_conflict() {
    let world = World::new().await;
    for taken in ["phone", "number"] {
        let (one, mut other) = (world.entry(1, "教育局"), world.entry(2, "教育局"));
        match taken {
            "phone" => other.phone = phone(1),
            _ => other.member.number.clone_from(&one.member.number),
        }
        let rows = [StagedRow { line: 2, entry: other, seen: None }];
        let id = staged(&world, &rows).await;
        if taken == "phone" {
            world.keep(&[one]).await;
        }
        let mut tx = world.db.write().await.unwrap();
        let refused = roster_imports::apply(&mut tx, id, changes(1, 0), now()).await.unwrap_err();
        assert!(refused.breaks(taken), "{refused}");
    }
    assert_eq!(number(&world, "SELECT count(*) FROM member").await, 1);
}
