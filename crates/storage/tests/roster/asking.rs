//! What people ask for and allow: applications, consent, complaints.

use domain::application::{Application, ApplicationState};
use domain::complaint::{self, ComplaintCategory, ComplaintState};
use domain::consent::{POLICY_VERSION, Purpose};
use domain::id::{ApplicationId, MemberId, PersonId};
use domain::session::Audience;
use storage::membership_applications::{self, Applicant};
use storage::{complaints, consents};

use crate::world::{World, new_id, now, phone};
use crate::{first, number};

fn application(world: &World, unit: &str, identity: domain::id::IdentityId) -> Application {
    Application {
        id: new_id::<ApplicationId>(),
        identity,
        name: "王五".into(),
        phone_tail: phone(7).tail().into(),
        unit: world.node(unit),
        state: ApplicationState::Submitted,
        refusal_reason: None,
        submitted_at: now(),
        decided_at: None,
        member: None,
    }
}

#[tokio::test]
async fn an_application_waits_once_and_only_its_unit_sees_it() {
    let world = World::new().await;
    let identity = world.identity("o7", None).await;
    let record = world.entry(7, "教育局").record;
    let waiting = application(&world, "教育局", identity);
    let insert = async |application: &Application| {
        let mut tx = world.db.write().await.unwrap();
        let applicant = Applicant { application: application.clone(), phone: phone(7), record: record.clone() };
        membership_applications::insert(&mut tx, &world.vault, &applicant).await?;
        tx.commit().await
    };
    insert(&waiting).await.unwrap();
    let refused = insert(&application(&world, "文旅局", identity)).await.unwrap_err();
    assert!(membership_applications::is_waiting_conflict(&refused), "{refused}");

    let read = world.db.read();
    for (names, seen) in [(["教育局"], 1), ([""], 1), (["文旅局"], 0)] {
        let paths = world.paths(&names);
        let state = Some(ApplicationState::Submitted);
        let listed = membership_applications::list_within(&read, &world.vault, &paths, state, &first(9)).await.unwrap();
        assert_eq!(listed.items.len(), seen);
        let found = membership_applications::find_within(&read, &world.vault, &paths, waiting.id).await.unwrap();
        assert_eq!(found.is_some(), seen == 1);
        let mut tx = world.db.write().await.unwrap();
        let locked = membership_applications::lock_within(&mut tx, &world.vault, &paths, waiting.id).await.unwrap();
        assert_eq!(locked.map(|open| (open.phone, open.record)), (seen == 1).then(|| (phone(7), record.clone())));
    }
    let mut tx = world.db.write().await.unwrap();
    membership_applications::refuse(&mut tx, waiting.id, "不是本单位人员", new_id(), now()).await.unwrap();
    tx.commit().await.unwrap();
    insert(&application(&world, "文旅局", identity)).await.unwrap();
    let latest = membership_applications::find_latest_own(&read, &world.vault, identity).await.unwrap().unwrap();
    assert_eq!((latest.unit.as_str(), latest.application.state), ("文旅局", ApplicationState::Submitted));
    assert_eq!(latest.record, Some(record));
}

#[tokio::test]
async fn consent_holds_once_per_purpose_and_leaves_its_history() {
    let world = World::new().await;
    let identity = world.identity("o1", None).await;
    let give = async |purpose, version: &str| {
        let mut tx = world.db.write().await.unwrap();
        consents::give(&mut tx, identity, purpose, version, now()).await.unwrap();
        tx.commit().await.unwrap();
    };
    give(Purpose::PrivacyPolicy, "2025-01").await;
    give(Purpose::PrivacyPolicy, POLICY_VERSION).await;
    give(Purpose::PrivacyPolicy, POLICY_VERSION).await;
    give(Purpose::PreciseLocation, POLICY_VERSION).await;
    let held = consents::list(&world.db.read(), identity).await.unwrap();
    let held: Vec<_> = held.iter().map(|consent| (consent.purpose, consent.policy_version.as_str())).collect();
    assert_eq!(held, [(Purpose::PrivacyPolicy, POLICY_VERSION), (Purpose::PreciseLocation, POLICY_VERSION)]);
    let mut tx = world.db.write().await.unwrap();
    assert!(consents::withdraw(&mut tx, identity, Purpose::PreciseLocation, now()).await.unwrap());
    assert!(!consents::withdraw(&mut tx, identity, Purpose::PreciseLocation, now()).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(consents::list(&world.db.read(), identity).await.unwrap().len(), 1);
    assert_eq!(number(&world, "SELECT count(*) FROM consent").await, 3);
}

#[tokio::test]
async fn a_complaint_is_seen_by_whoever_spoke_and_by_the_admins_above() {
    let world = World::new().await;
    let member: MemberId = new_id();
    let person = PersonId::from(member);
    let submit = |text: &str| complaint::submit(new_id(), ComplaintCategory::Points, text.into(), 0, now()).unwrap();
    let (one, two) = (submit("积分少算了"), submit("又少算了"));
    let mut tx = world.db.write().await.unwrap();
    for complaint in [&one, &two] {
        complaints::insert(&mut tx, complaint, Audience::Member, person, world.node("文源社区")).await.unwrap();
    }
    tx.commit().await.unwrap();
    let read = world.db.read();
    assert_eq!(complaints::count_open(&read, &[person]).await.unwrap(), 2);
    for (names, seen) in [(["水泊寺街道"], true), (["文源社区"], true), ([""], true), (["教育局"], false)] {
        let paths = world.paths(&names);
        let state = Some(ComplaintState::Open);
        let listed = complaints::list_within(&read, &paths, state, &first(9)).await.unwrap().items;
        assert_eq!(listed.len(), if seen { 2 } else { 0 }, "{names:?}");
        let mut tx = world.db.write().await.unwrap();
        assert_eq!(complaints::lock_within(&mut tx, &paths, one.id).await.unwrap().is_some(), seen);
    }
    let mut tx = world.db.write().await.unwrap();
    let mut locked = complaints::lock_within(&mut tx, &world.paths(&[""]), one.id).await.unwrap().unwrap();
    complaint::answer(&mut locked, "已补记".into(), now()).unwrap();
    complaints::answer(&mut tx, &locked, new_id()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(complaints::count_open(&read, &[person]).await.unwrap(), 1);
    let own = complaints::list_own(&read, &[person], Audience::Member, &first(9)).await.unwrap().items;
    assert_eq!(own.iter().map(|one| one.answer.as_deref()).collect::<Vec<_>>(), [None, Some("已补记")]);
    let nobody = PersonId::from(new_id::<MemberId>());
    assert_eq!(complaints::list_own(&read, &[nobody], Audience::Member, &first(9)).await.unwrap().items.len(), 0);
}
