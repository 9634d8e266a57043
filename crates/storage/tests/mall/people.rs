//! Shop staff and their invitations.

use domain::merchant::{INVITATION_LIFETIME, Invitation};
use domain::page::PageRequest;
use domain::typed_code::TypedCode;
use storage::{staff, staff_invitations};

use crate::world::{World, new_id, now};

#[tokio::test]
async fn somebody_works_for_one_shop_at_a_time() {
    let world = World::new().await;
    let (noodles, books) = (world.merchant("水泊寺", "面馆").await, world.merchant("水泊寺", "书店").await);
    let (kitchen, shelf) = (world.store(&noodles, "总店").await, world.store(&books, "总店").await);
    let wang = world.staff(&kitchen, 0, "王芳").await;
    let again = domain::merchant::Staff { id: new_id(), merchant: books.id, store: shelf.id, ..wang.clone() };

    let mut tx = world.db.write().await.unwrap();
    let refused = staff::insert(&mut tx, &again, world.identity(0), now()).await.unwrap_err();
    assert!(refused.breaks("identity_id"), "{refused}");
    drop(tx);

    let mut tx = world.db.write().await.unwrap();
    assert!(!staff::leave(&mut tx, books.id, wang.id, now()).await.unwrap(), "not theirs to let go");
    assert!(staff::leave(&mut tx, noodles.id, wang.id, now()).await.unwrap());
    assert!(!staff::leave(&mut tx, noodles.id, wang.id, now()).await.unwrap(), "gone already");
    staff::insert(&mut tx, &again, world.identity(0), now()).await.unwrap();
    tx.commit().await.unwrap();
    let works = staff::find_active(&world.db.read(), world.identity(0)).await.unwrap().unwrap();
    assert_eq!((works.merchant, works.id), (books.id, again.id));

    let page = PageRequest { after: None, limit: 10 };
    let past = staff::list_of(&world.db.read(), noodles.id, None, &page).await.unwrap().items;
    assert_eq!(past.len(), 1);
    assert_eq!((past[0].store_name.as_str(), past[0].left_at), ("总店", Some(now())));
}

#[tokio::test]
async fn an_invitation_is_found_by_its_code_alone_and_remembers_who_came() {
    let world = World::new().await;
    let noodles = world.merchant("水泊寺", "面馆").await;
    let store = world.store(&noodles, "总店").await;
    let code = TypedCode::new([5; 10]);
    let hash = code.lookup_hash(&[1; 32], "staff invitation");
    let invitation = Invitation {
        id: new_id(),
        merchant: noodles.id,
        store: store.id,
        name: "王芳".into(),
        expires_at: now() + INVITATION_LIFETIME,
        accepted_by: None,
    };
    let mut tx = world.db.write().await.unwrap();
    staff_invitations::insert(&mut tx, &invitation, hash, new_id(), now()).await.unwrap();
    assert!(staff_invitations::lock_by_code_hash(&mut tx, [0; 32]).await.unwrap().is_none());
    let mut found = staff_invitations::lock_by_code_hash(&mut tx, hash).await.unwrap().unwrap();
    let joined = found.accept(&noodles, new_id(), now()).unwrap();
    staff::insert(&mut tx, &joined, world.identity(0), now()).await.unwrap();
    staff_invitations::accepted(&mut tx, &found, now()).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = world.db.write().await.unwrap();
    let found = staff_invitations::lock_by_code_hash(&mut tx, hash).await.unwrap().unwrap();
    assert_eq!((found.accepted_by, found.name.as_str()), (Some(joined.id), "王芳"));
}
