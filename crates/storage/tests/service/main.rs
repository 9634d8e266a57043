//! Queries of the service slice that have thought in them, on SQLite, or on PostgreSQL if the environment names one.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where it stood")]

mod world;

use chrono::Duration;
use domain::activity::ActivityState;
use domain::enrolment::{EnrolmentState, REMEMBERED};
use domain::id::{AdminId, MemberId};
use domain::official::Official;
use domain::page::PageRequest;
use domain::residency::{Declaration, LeavingReason, Residency, ResidencyState, Side};
use domain::service::Evaluation;
use storage::{activities, activity_sessions, enrolments, estates, identities, residencies};
use world::{World, hours, new_id, now};

fn page<C>(after: Option<C>, limit: u64) -> PageRequest<C> {
    PageRequest { after, limit }
}

fn first<C>() -> PageRequest<C> {
    page(None, 100)
}

fn official() -> Official {
    Official { admin: AdminId::new(uuid::Uuid::now_v7()), member: None }
}

fn report(world: &World, member: usize, estate: &str) -> Residency {
    let declaration = Declaration { building: "3号楼".into(), skills: vec!["急救".into()], wishes: Vec::new() };
    let member = &world.members[member];
    Residency::report(new_id(), member, &world.nodes[estate], declaration, None, now()).unwrap()
}

async fn keep(world: &World, residency: &Residency) -> storage::Result<()> {
    let mut tx = world.db.write().await?;
    residencies::insert(&mut tx, residency).await?;
    tx.commit().await
}

#[tokio::test]
async fn one_open_residency_per_member_whoever_checks() {
    let world = World::new().await;
    let mut residency = report(&world, 0, "新河湾小区");
    keep(&world, &residency).await.unwrap();
    let second = keep(&world, &report(&world, 0, "兴文苑小区")).await.unwrap_err();
    assert!(residencies::is_open_conflict(&second), "{second}");

    let mut tx = world.db.write().await.unwrap();
    residency.confirm(official(), now()).unwrap();
    residency.accept(official(), now()).unwrap();
    residency.leave(LeavingReason::Moved, hours(1)).unwrap();
    residencies::update(&mut tx, &residency).await.unwrap();
    tx.commit().await.unwrap();
    let read = world.db.read();
    assert!(residencies::find_open(&read, world.member(0)).await.unwrap().is_none());
    assert!(residencies::was_ever_accepted(&read, world.member(0)).await.unwrap());
    keep(&world, &report(&world, 0, "兴文苑小区")).await.unwrap();
    let own = residencies::list_own(&read, world.member(0), &first()).await.unwrap();
    assert_eq!(own.items.len(), 2);
    assert_eq!((own.items[0].estate.as_str(), own.items[0].community.as_str()), ("兴文苑小区", "兴文社区"));
    assert_eq!(own.items[1].residency, residency);
}

#[tokio::test]
async fn each_side_finds_the_residencies_of_its_own_subtree() {
    let world = World::new().await;
    let (mine, other) = (report(&world, 0, "新河湾小区"), report(&world, 2, "局前苑小区"));
    keep(&world, &mine).await.unwrap();
    keep(&world, &other).await.unwrap();

    let found = async |side, names: &[&str]| {
        let mut tx = world.db.write().await.unwrap();
        let found = residencies::lock_within(&mut tx, side, &world.paths(names), mine.id).await.unwrap();
        found.is_some()
    };
    assert!(found(Side::Unit, &["教育局"]).await);
    assert!(!found(Side::Community, &["教育局"]).await);
    assert!(!found(Side::Unit, &["卫健局"]).await);
    assert!(found(Side::Community, &["文源社区"]).await);
    assert!(found(Side::Community, &["局前社区", "水泊寺街道"]).await);
    assert!(!found(Side::Unit, &["文源社区"]).await);
    assert!(!found(Side::Community, &["兴文社区"]).await);
    assert!(!found(Side::Community, &[]).await);
    // `1/1/` is 水泊寺街道; 大庆路街道 is `1/10/`.
    assert!(!found(Side::Community, &["大庆路街道"]).await);

    let read = world.db.read();
    let seen = async |names: &[&str], state| {
        let seen = residencies::list_within(&read, &world.paths(names), state, &first()).await.unwrap();
        seen.items.into_iter().map(|row| (row.member_name, row.unit, row.estate)).collect::<Vec<_>>()
    };
    let row = |name: &str, unit: &str, estate: &str| (name.to_owned(), unit.to_owned(), estate.to_owned());
    assert_eq!(seen(&["教育局"], None).await, [row("张1", "教育局", "新河湾小区")]);
    assert_eq!(seen(&["水泊寺街道"], None).await, [row("张1", "教育局", "新河湾小区")]);
    assert_eq!(seen(&["大庆路街道"], None).await, [row("张3", "卫健局", "局前苑小区")]);
    assert_eq!(seen(&[""], Some(ResidencyState::Submitted)).await.len(), 2);
    assert_eq!(seen(&[""], Some(ResidencyState::Active)).await, []);
    let newest = residencies::list_within(&read, &world.paths(&[""]), None, &page(None, 1)).await.unwrap();
    assert_eq!((newest.items[0].residency.id, newest.next), (other.id, Some(other.id)));
    let older = residencies::list_within(&read, &world.paths(&[""]), None, &page(newest.next, 1)).await.unwrap();
    assert_eq!((older.items[0].residency.id, older.next), (mine.id, None));
}

#[tokio::test]
async fn estates_are_found_by_their_name_or_their_communitys() {
    let world = World::new().await;
    let read = world.db.read();
    let found = async |text: Option<&str>, community: Option<&str>| {
        let community = community.map(|name| world.node(name));
        let found = estates::list(&read, text, community, &first()).await.unwrap();
        found.items.into_iter().map(|estate| (estate.name, estate.community, estate.subdistrict)).collect::<Vec<_>>()
    };
    assert_eq!(found(None, None).await.len(), 3);
    let one = ("新河湾小区".to_owned(), "文源社区".to_owned(), "水泊寺街道".to_owned());
    assert_eq!(found(Some("河湾"), None).await, std::slice::from_ref(&one));
    assert_eq!(found(Some("文源"), None).await, std::slice::from_ref(&one));
    assert_eq!(found(None, Some("文源社区")).await, [one]);
    assert_eq!(found(Some("不存在"), None).await, []);
    let head = estates::list(&read, None, None, &page(None, 2)).await.unwrap();
    let rest = estates::list(&read, None, None, &page(head.next, 2)).await.unwrap();
    assert_eq!((head.items.len(), rest.items.len(), rest.next), (2, 1, None));
}

#[tokio::test]
async fn members_find_published_activities_in_the_order_they_begin() {
    let world = World::new().await;
    let (early, _) = world.activity("新河湾小区", "清理楼道", 24, 26, 10).await;
    let (same, _) = world.activity("局前社区", "义诊服务", 24, 26, 10).await;
    let (past, _) = world.activity("文源社区", "昨天的活动", -24, -20, 10).await;
    let (ongoing, _) = world.activity("文源社区", "正在进行", -1, 1, 10).await;
    let (hidden, _) = world.proposal("文源社区", "还没审核", 48, 50, 10).await;
    let read = world.db.read();
    let list = async |filter: activities::Filter| {
        let found = activities::list_public(&read, &filter, &first()).await.unwrap();
        found.items.into_iter().map(|activity| activity.id).collect::<Vec<_>>()
    };
    let filter = activities::Filter::default;
    assert_eq!(list(filter()).await, [past.id, ongoing.id, early.id, same.id]);
    assert_eq!(list(activities::Filter { from: Some(now()), ..filter() }).await, [ongoing.id, early.id, same.id]);
    assert_eq!(list(activities::Filter { to: Some(now()), ..filter() }).await, [past.id, ongoing.id]);
    let within = Some(world.paths(&["水泊寺街道"]));
    assert_eq!(list(activities::Filter { within, ..filter() }).await, [past.id, ongoing.id, early.id]);
    assert_eq!(list(activities::Filter { text: Some("义诊".into()), ..filter() }).await, [same.id]);
    assert_eq!(list(activities::Filter { text: Some("三号楼".into()), ..filter() }).await.len(), 4);
    for (state, expected) in [
        (ActivityState::Published, vec![early.id, same.id]),
        (ActivityState::Ongoing, vec![ongoing.id]),
        (ActivityState::Finished, vec![past.id]),
        (ActivityState::Settled, Vec::new()),
        (ActivityState::Review, Vec::new()),
    ] {
        assert_eq!(list(activities::Filter { state: Some((state, now())), ..filter() }).await, expected, "{state:?}");
    }
    // Two begin at the same moment: a page may end between them.
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let found = activities::list_public(&read, &filter(), &page(after, 1)).await.unwrap();
        seen.extend(found.items.iter().map(|activity| activity.id));
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, [past.id, ongoing.id, early.id, same.id]);
    assert!(activities::find_public(&read, hidden.id).await.unwrap().is_none());
    let detail = activities::find_public(&read, early.id).await.unwrap().unwrap();
    assert_eq!((detail.node_name.as_str(), detail.lead_name.as_str()), ("新河湾小区", "张1"));
    assert_eq!(detail.activity, early);
    assert!(activities::find_led(&read, world.member(1), early.id).await.unwrap().is_none());
    assert_eq!(activities::list_led(&read, world.member(0), None, &first()).await.unwrap().items.len(), 4);
}

#[tokio::test]
async fn the_level_above_reviews_and_the_district_its_own() {
    let world = World::new().await;
    let (of_estate, _) = world.proposal("新河湾小区", "小区活动", 24, 26, 10).await;
    let (of_community, _) = world.proposal("文源社区", "社区活动", 24, 26, 10).await;
    let (of_unit, _) = world.proposal("教育局", "单位活动", 24, 26, 10).await;
    let (of_district, _) = world.proposal("", "全区活动", 24, 26, 10).await;
    let read = world.db.read();
    let reviewable = async |names: &[&str]| {
        let paths = world.paths(names);
        let listed = activities::list_within(&read, &paths, true, &activities::Filter::default(), &first()).await;
        let listed: Vec<_> = listed.unwrap().items.into_iter().map(|activity| activity.id).collect();
        for id in [of_district.id, of_unit.id, of_community.id, of_estate.id] {
            let mut tx = world.db.write().await.unwrap();
            let locked = activities::lock_reviewable(&mut tx, &paths, id).await.unwrap().is_some();
            assert_eq!(locked, listed.contains(&id));
        }
        listed
    };
    assert_eq!(reviewable(&[""]).await, [of_district.id, of_unit.id, of_community.id, of_estate.id]);
    assert_eq!(reviewable(&["水泊寺街道"]).await, [of_community.id, of_estate.id]);
    assert_eq!(reviewable(&["文源社区"]).await, [of_estate.id]);
    assert_eq!(reviewable(&["文源社区", "水泊寺街道"]).await, [of_community.id, of_estate.id]);
    assert_eq!(reviewable(&["新河湾小区"]).await, []);
    assert_eq!(reviewable(&["兴文社区"]).await, []);
    assert_eq!(reviewable(&["教育局"]).await, []);
    let (paths, filter) = (world.paths(&["教育局"]), activities::Filter::default());
    let own = activities::list_within(&read, &paths, false, &filter, &first()).await.unwrap();
    assert_eq!(own.items.len(), 1);
}

#[tokio::test]
async fn seats_are_summed_guarded_and_never_below_nothing() {
    let world = World::new().await;
    let both = world.activity("文源社区", "清理楼道", 24, 26, 2).await;
    let states =
        [world.enrol(1, &both).await.state, world.enrol(2, &both).await.state, world.enrol(3, &both).await.state];
    assert_eq!(states, [EnrolmentState::Enrolled, EnrolmentState::Enrolled, EnrolmentState::Waitlisted]);
    let read = world.db.read();
    let listed = activities::list_public(&read, &activities::Filter::default(), &first()).await.unwrap();
    let seats = listed.items[0].seats;
    assert_eq!((seats.sessions, seats.capacity, seats.enrolled), (1, 2, 2));
    for impossible in [1, -3] {
        let mut tx = world.db.write().await.unwrap();
        let refused = activity_sessions::change_seats(&mut tx, both.1.id, impossible).await.unwrap_err();
        assert!(refused.breaks("activity_session_seats"), "{refused}");
    }
    let mut tx = world.db.write().await.unwrap();
    let mut stale = enrolments::lock_own(&mut tx, world.member(1), both.1.id).await.unwrap().unwrap();
    enrolments::update(&mut tx, &stale).await.unwrap();
    stale.state = EnrolmentState::Voided;
    assert!(enrolments::update(&mut tx, &stale).await.unwrap_err().breaks("version"));
}

#[tokio::test]
async fn the_own_row_is_locked_with_the_first_of_the_others_in_line() {
    let world = World::new().await;
    let both = world.activity("文源社区", "清理楼道", 24, 26, 1).await;
    world.enrol(1, &both).await;
    let (second, third) = (world.enrol(2, &both).await, world.enrol(3, &both).await);
    let mut tx = world.db.write().await.unwrap();
    for (member, own, next) in [(1, true, second.id), (2, true, third.id), (3, true, second.id), (4, false, second.id)]
    {
        let locked = enrolments::lock_own_and_next(&mut tx, world.member(member), both.1.id).await.unwrap();
        assert_eq!(locked.0.map(|own| own.member), own.then(|| world.member(member)), "{member}");
        assert_eq!(locked.1.map(|next| next.id), Some(next), "{member}");
    }
}

#[tokio::test]
async fn engagements_are_the_hours_that_bind() {
    let world = World::new().await;
    let morning = world.activity("文源社区", "上午活动", 10, 12, 9).await;
    let noon = world.activity("文源社区", "中午活动", 12, 14, 9).await;
    let full = world.activity("文源社区", "下午活动", 13, 15, 1).await;
    world.enrol(2, &full).await;
    let enrolled = world.enrol(1, &morning).await;
    world.enrol(1, &noon).await;
    assert_eq!(world.enrol(1, &full).await.state, EnrolmentState::Waitlisted);
    let read = world.db.read();
    let titles = async |from, to| {
        let bound = enrolments::engagements(&read, world.member(1), hours(from), hours(to)).await.unwrap();
        let mut titles: Vec<_> = bound.into_iter().map(|engagement| engagement.title).collect();
        titles.sort();
        titles
    };
    assert_eq!(titles(8, 10).await, [""; 0]);
    assert_eq!(titles(11, 12).await, ["上午活动"]);
    assert_eq!(titles(11, 14).await, ["上午活动", "下午活动", "中午活动"]);
    world.change(&enrolled, |enrolment| enrolment.state = EnrolmentState::Cancelled).await;
    assert_eq!(titles(11, 12).await, [""; 0]);
    assert!(enrolments::engagements(&read, world.member(3), hours(0), hours(99)).await.unwrap().is_empty());
}

#[tokio::test]
async fn absences_are_no_shows_and_late_cancellations() {
    let world = World::new().await;
    for (from, change) in [(-50, 0), (-40, 1), (-30, 2), (-20_000, 0)] {
        let both = world.activity("文源社区", "清理楼道", from, from + 2, 9).await;
        let enrolment = world.enrol(1, &both).await;
        world
            .change(&enrolment, |enrolment| match change {
                0 => assert!(enrolment.close(&both.1, now())),
                1 => {
                    enrolment.state = EnrolmentState::Cancelled;
                    enrolment.cancelled_late = true;
                }
                _ => enrolment.state = EnrolmentState::Cancelled,
            })
            .await;
    }
    let mut absences = enrolments::absences(&world.db.read(), world.member(1), now() - REMEMBERED).await.unwrap();
    absences.sort();
    assert_eq!(absences, [hours(-50), hours(-40)]);
}

#[tokio::test]
async fn jobs_find_what_is_due_and_activities_settle_last() {
    let world = World::new().await;
    let past = world.activity("文源社区", "昨天的活动", -24, -22, 9).await;
    let coming = world.activity("文源社区", "明天的活动", 24, 26, 9).await;
    let empty = world.activity("文源社区", "没人来的活动", -24, -22, 9).await;
    let (came, absent) = (world.enrol(1, &past).await, world.enrol(2, &past).await);
    world.enrol(1, &coming).await;
    world.change(&came, |enrolment| enrolment.check_in(&past.1, None, hours(-24)).unwrap()).await;
    let read = world.db.read();
    let all = enrolments::unclosed(&read, now(), None, 10).await.unwrap();
    assert_eq!(all, [(came.id, past.1.id), (absent.id, past.1.id)]);
    assert_eq!(enrolments::unclosed(&read, now(), Some(came.id), 10).await.unwrap(), [(absent.id, past.1.id)]);
    assert_eq!(enrolments::unclosed(&read, hours(-23), None, 10).await.unwrap(), []);

    for enrolment in [&came, &absent] {
        world.change(enrolment, |enrolment| assert!(enrolment.close(&past.1, now()))).await;
    }
    assert_eq!(enrolments::unclosed(&read, now(), None, 10).await.unwrap(), []);
    let settle = async |made_up_for| {
        let mut tx = world.db.write().await.unwrap();
        let settled = activities::settle_ended(&mut tx, now(), made_up_for).await.unwrap();
        tx.commit().await.unwrap();
        settled
    };
    assert_eq!(settle(Duration::zero()).await, 1);
    assert_eq!(activities::find_any(&read, empty.0.id).await.unwrap().unwrap().state, ActivityState::Settled);
    world
        .change(&came, |enrolment| {
            enrolment.confirm(&past.0, world.member(0), Evaluation::B, now()).unwrap();
        })
        .await;
    world.change(&came, |enrolment| enrolment.approve(official(), 3, now()).unwrap()).await;
    assert_eq!(enrolments::publicity_ended(&read, hours(71), None, 10).await.unwrap(), []);
    assert_eq!(enrolments::publicity_ended(&read, hours(72), None, 10).await.unwrap(), [(came.id, came.member)]);
    assert_eq!(enrolments::publicity_ended(&read, hours(72), Some(came.id), 10).await.unwrap(), []);
    assert_eq!(settle(Duration::zero()).await, 0);
    world.change(&came, |enrolment| enrolment.credit(hours(72)).unwrap()).await;
    assert_eq!(settle(Duration::hours(23)).await, 0, "who was absent can still be made up for");
    assert_eq!(settle(Duration::hours(22)).await, 1);
}

#[tokio::test]
async fn whoever_credits_passes_over_what_another_holds() {
    let world = World::new().await;
    let past = world.activity("文源社区", "昨天的活动", -24, -22, 9).await;
    let (held, free) = (world.enrol(1, &past).await, world.enrol(2, &past).await);
    let both = [free.id, held.id];
    if std::env::var("ZHIXIANG_TEST_DATABASE_URL").is_err() {
        let mut tx = world.db.write().await.unwrap();
        assert_eq!(enrolments::lock_free(&mut tx, &both).await.unwrap().len(), 2, "SQLite's one writer holds all");
        return;
    }
    let mut other = world.db.write().await.unwrap();
    enrolments::lock_any(&mut other, held.id).await.unwrap();
    let mut tx = world.db.write().await.unwrap();
    let locked = enrolments::lock_free(&mut tx, &both).await.unwrap();
    assert_eq!(locked.iter().map(|enrolment| enrolment.id).collect::<Vec<_>>(), [free.id]);
}

#[tokio::test]
async fn reviewers_see_and_lock_only_their_own_subtree() {
    let world = World::new().await;
    let past = world.activity("文源社区", "昨天的活动", -24, -22, 9).await;
    let (mine, waiting) = (world.enrol(1, &past).await, world.enrol(2, &past).await);
    world.change(&mine, |enrolment| enrolment.check_in(&past.1, None, hours(-24)).unwrap()).await;
    world.change(&mine, |enrolment| assert!(enrolment.close(&past.1, now()))).await;
    world
        .change(&mine, |enrolment| {
            enrolment.confirm(&past.0, world.member(0), Evaluation::A, now()).unwrap();
        })
        .await;
    let read = world.db.read();
    let listed = async |names: &[&str]| {
        let paths = world.paths(names);
        let state = EnrolmentState::LeadConfirmed;
        let listed = enrolments::list_reviewable(&read, &paths, state, None, &first()).await.unwrap().items;
        let mut tx = world.db.write().await.unwrap();
        let locked = enrolments::lock_within(&mut tx, &paths, &[waiting.id, mine.id]).await.unwrap();
        assert_eq!(locked.len(), 2 * listed.len());
        listed
    };
    let rows = listed(&["文源社区"]).await;
    assert_eq!(
        (rows[0].enrolment.id, rows[0].member_name.as_str(), rows[0].lead_name.as_str()),
        (mine.id, "张2", "张1")
    );
    assert_eq!((rows[0].starts_at, rows[0].enrolment.timed_minutes), (hours(-24), Some(120)));
    assert_eq!(listed(&["水泊寺街道"]).await.len(), 1);
    assert_eq!(listed(&["兴文社区"]).await.len(), 0);
    assert_eq!(listed(&["新河湾小区"]).await.len(), 0);

    let people = enrolments::list_of_activity(&read, past.0.id, &page(None, 1)).await.unwrap();
    assert_eq!((people.items[0].member_name.as_str(), people.next), ("张2", Some(mine.id)));
    let own = enrolments::list_own(&read, world.member(1), None, &first()).await.unwrap();
    assert_eq!((own.items.len(), own.items[0].title.as_str()), (1, "昨天的活动"));
    assert_eq!(enrolments::list_own_in(&read, world.member(1), past.0.id).await.unwrap().len(), 1);
    assert_eq!(enrolments::list_own(&read, world.member(4), None, &first()).await.unwrap().items.len(), 0);
    let mut tx = world.db.write().await.unwrap();
    let other: MemberId = world.member(4);
    assert!(enrolments::lock_own(&mut tx, other, past.1.id).await.unwrap().is_none());
}

#[tokio::test]
async fn calling_off_ends_every_enrolment_and_frees_every_seat() {
    let world = World::new().await;
    let both = world.activity("文源社区", "清理楼道", 24, 26, 1).await;
    let (seated, waiting) = (world.enrol(1, &both).await, world.enrol(2, &both).await);
    let mut tx = world.db.write().await.unwrap();
    let mut activity = activities::lock_within(&mut tx, &world.paths(&[""]), both.0.id).await.unwrap().unwrap();
    activity.cancel(new_id(), "下雨".into(), now()).unwrap();
    activities::update(&mut tx, &activity).await.unwrap();
    assert_eq!(enrolments::cancel_all(&mut tx, activity.id, now()).await.unwrap(), 2);
    activity_sessions::free_all(&mut tx, activity.id).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.db.write().await.unwrap();
    for id in [seated.id, waiting.id] {
        let enrolment = enrolments::lock_any(&mut tx, id).await.unwrap().unwrap();
        assert_eq!((enrolment.state, enrolment.cancelled_at), (EnrolmentState::Cancelled, Some(now())));
        assert!(!enrolment.cancelled_late);
    }
    assert_eq!(activity_sessions::find(&tx, both.1.id).await.unwrap().unwrap().enrolled, 0);
    assert_eq!(activities::find_any(&tx, activity.id).await.unwrap().unwrap(), activity);
    assert!(identities::lock_of_member(&mut tx, world.member(1)).await.unwrap().is_some());
}
