//! The roster's queries, on SQLite and, where a server is named, on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod asking;
mod imports;
mod world;

use domain::id::MemberId;
use domain::member::{self, MemberCategory, MemberState};
use domain::page::PageRequest;
use domain::time::Instant;
use sea_orm::{ConnectionTrait, Statement};
use storage::members::{self, Filter};
use storage::unit_pairings;
use uuid::Uuid;

use crate::world::{World, new_id, now, phone};

fn first<C>(limit: u64) -> PageRequest<C> {
    PageRequest { after: None, limit }
}

#[tokio::test]
async fn members_are_found_by_phone_with_their_unit_and_whether_they_sign_in() {
    let world = World::new().await;
    let (one, two) = (world.entry(1, "教育局"), world.entry(2, "文旅局"));
    world.keep(&[one.clone(), two.clone()]).await;
    world.identity("o1", Some(one.member.id)).await;
    let phones = [phone(2), phone(3), phone(1)];
    let phones: Vec<_> = phones.iter().collect();
    let found = members::find_on_roster(&world.db.read(), &world.vault, &phones).await.unwrap();
    let mut tx = world.db.write().await.unwrap();
    let locked = members::lock_on_roster(&mut tx, &world.vault, &phones).await.unwrap();
    for found in [found, locked] {
        let [Some(second), None, Some(first)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((first.member.id, first.bound, first.record.clone()), (one.member.id, true, one.record.clone()));
        assert_eq!((second.member.id, second.bound), (two.member.id, false));
        assert_eq!(second.unit_path, world.nodes["文旅局"].path);
    }
}

#[tokio::test]
async fn the_same_phone_cannot_be_kept_twice() {
    let world = World::new().await;
    world.keep(&[world.entry(1, "教育局")]).await;
    let mut again = world.entry(1, "教育局");
    again.member.number = "PC99999999".into();
    let mut tx = world.db.write().await.unwrap();
    let refused = members::insert_many(&mut tx, &world.vault, &[again], now()).await.unwrap_err();
    assert!(refused.breaks("phone_index"), "{refused}");
}

#[tokio::test]
async fn a_number_that_somebody_has_is_drawn_again() {
    let world = World::new().await;
    let (id, other): (MemberId, MemberId) = (new_id(), new_id());
    let mut taken = world.entry(1, "教育局");
    taken.member.number = member::number(id, 0);
    world.keep(&[taken]).await;
    let numbers = members::free_numbers(&world.db.read(), &[id, other, id]).await.unwrap();
    assert_eq!(numbers, [member::number(id, 1), member::number(other, 0), member::number(id, 2)]);
    assert_eq!(members::free_numbers(&world.db.read(), &[]).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn admins_see_the_members_of_their_own_subtree() {
    let world = World::new().await;
    let entries: Vec<_> = [(1, "教育局"), (2, "文旅局"), (3, "教育局"), (14, "教育局")]
        .into_iter()
        .map(|(number, unit)| world.entry(number, unit))
        .collect();
    world.keep(&entries).await;
    world.identity("o3", Some(entries[2].member.id)).await;
    let names = async |filter: Filter, page: PageRequest<MemberId>| {
        let listed = members::list(&world.db.read(), &filter, &page).await.unwrap();
        (listed.items.iter().map(|item| item.member.name.clone()).collect::<Vec<_>>().join(" "), listed.next)
    };
    let within = |names: &[&str]| Filter { within: world.paths(names), ..Filter::default() };
    assert_eq!(names(within(&[""]), first(9)).await.0, "张1 张2 张3 张14");
    assert_eq!(names(within(&["教育局"]), first(9)).await.0, "张1 张3 张14");
    assert_eq!(names(within(&["水泊寺街道"]), first(9)).await.0, "");
    assert_eq!(names(within(&[]), first(9)).await.0, "");
    let (page, next) = names(within(&["教育局", "文旅局"]), first(2)).await;
    assert_eq!((page.as_str(), next), ("张1 张2", Some(entries[1].member.id)));
    assert_eq!(names(within(&[""]), PageRequest { after: next, limit: 2 }).await, ("张3 张14".into(), None));
    let unit = Filter { unit: Some(world.node("文旅局")), ..within(&[""]) };
    assert_eq!(names(unit, first(9)).await.0, "张2");
    let foreign = Filter { unit: Some(world.node("文旅局")), ..within(&["教育局"]) };
    assert_eq!(names(foreign, first(9)).await.0, "");
    for (prefix, found) in [("张1", "张1 张14"), ("张", "张1 张2 张3 张14"), ("1", ""), ("%", ""), ("张_", "")]
    {
        let beginning = Filter { name: Some(prefix.into()), ..within(&[""]) };
        assert_eq!(names(beginning, first(9)).await.0, found, "{prefix}");
    }
    let left = Filter { state: Some(MemberState::Left), ..within(&[""]) };
    assert_eq!(names(left, first(9)).await.0, "");
    let retired = Filter { category: Some(MemberCategory::InService), ..within(&["文旅局"]) };
    assert_eq!(names(retired, first(9)).await.0, "张2");

    let find = async |names: &[&str], index: usize| {
        let paths = world.paths(names);
        members::find_in_subtree(&world.db.read(), &paths, entries[index].member.id).await.unwrap()
    };
    let found = find(&["教育局"], 2).await.unwrap();
    assert_eq!((found.unit_name.as_str(), found.bound), ("教育局", true));
    assert!(!find(&[""], 1).await.unwrap().bound);
    assert!(find(&["教育局"], 1).await.is_none());
}

#[tokio::test]
async fn a_unit_is_paired_with_a_community_once() {
    let world = World::new().await;
    let pair = async |unit: &str, at: Instant| {
        let mut tx = world.db.write().await.unwrap();
        unit_pairings::insert(&mut tx, Uuid::now_v7(), world.node(unit), world.node("文源社区"), at).await?;
        tx.commit().await
    };
    pair("教育局", now()).await.unwrap();
    pair("文旅局", now()).await.unwrap();
    assert!(unit_pairings::is_open_conflict(&pair("教育局", now()).await.unwrap_err()));
    let read = world.db.read();
    assert!(unit_pairings::exists(&read, world.node("教育局"), world.node("文源社区")).await.unwrap());
    assert!(!unit_pairings::exists(&read, world.node("卫健局"), world.node("文源社区")).await.unwrap());
    for (name, seen) in [("教育局", vec!["教育局"]), ("水泊寺街道", vec!["文旅局", "教育局"]), ("卫健局", vec![])]
    {
        let listed =
            unit_pairings::list_within(&read, &world.paths(&[name]), &unit_pairings::Filter::default(), &first(9))
                .await
                .unwrap()
                .items;
        assert_eq!(listed.iter().map(|pairing| pairing.unit.as_str()).collect::<Vec<_>>(), seen);
        for pairing in listed {
            let found = unit_pairings::find_any(&read, pairing.id).await.unwrap().unwrap();
            assert_eq!((found.community.as_str(), found.unit_id()), ("文源社区", pairing.unit_id()));
        }
    }
}

async fn number(world: &World, sql: &str) -> i64 {
    let connection = sea_orm::Database::connect(&world.url).await.unwrap();
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}
