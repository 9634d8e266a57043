//! Sealing: nothing that was posted stays without a seal.

use api::jobs;
use chrono::Duration;
use domain::points::seal::{self, Seal};
use storage::seal_keys::{self, PublicSealKey};
use storage::{invariants, seals};
use tests::TestApp;

const UNSEALED: &str = "SELECT count(*) FROM transfer WHERE id NOT IN (SELECT transfer_id FROM sealed_transfer)";

/// One seal covers some thousand transfers; what was left waits for the next, be it a day, as after an outage.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_by_a_seal_is_sealed_however_long_ago_it_was_posted() {
    let app = TestApp::demo().await;
    let mut tx = app.state.database.write().await.expect("a transaction");
    let first = seals::list_unsealed(&tx, app.state.clock.wall(), 1).await.expect("an answer");
    let leaves = seals::leaves(&tx, &first).await.expect("a leaf");
    let root = seal::root(&leaves).expect("a root");
    let signed_at = app.state.clock.wall();
    let seal = Seal { number: 1, previous_root: None, root, transfers: 1, signed_at };
    let checker = app.state.seal_key.checker();
    let key = PublicSealKey { id: checker.id().into(), public: checker.public().into(), first_used_at: signed_at };
    seal_keys::insert_missing(&mut tx, &key).await.expect("the key is kept");
    seals::insert(&mut tx, &app.state.seal_key.sign(seal), &first).await.expect("the seal is kept");
    tx.commit().await.expect("kept");

    let an_hour_ago = (signed_at - seals::LATE).format("%Y-%m-%d %H:%M:%S+00:00");
    assert!(app.number(&format!("{UNSEALED} AND posted_at < '{an_hour_ago}'")).await > 10);
    jobs::run_all(&app.state).await;
    jobs::run_all(&app.state).await;
    assert_eq!(app.number(UNSEALED).await, 0);
    app.books_are_sound().await;
}

/// Somebody does something, and the job that seals has not come for more than five minutes.
#[tokio::test(flavor = "multi_thread")]
async fn a_sealer_that_has_stopped_is_found_out() {
    let app = TestApp::start().await;
    app.enrich("zhang", 30).await;
    jobs::run_all(&app.state).await;
    let unsealed = async || {
        let sealed = invariants::all().find(|invariant| invariant.name == "sealed").expect("an invariant");
        let found = invariants::check(&app.state.database.read(), &sealed, app.state.clock.wall()).await;
        found.expect("an answer").count
    };
    app.enrich("zhang", 10).await;
    assert_eq!(unsealed().await, 0, "it is not late yet");
    app.state.clock.advance_wall(Duration::minutes(6));
    app.enrich("li", 10).await;
    assert_eq!(unsealed().await, 1);
    jobs::run_all(&app.state).await;
    assert_eq!(unsealed().await, 0);
}
