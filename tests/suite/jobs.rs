//! The rounds of jobs.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use api::jobs::{Job, repeat, run_each};
use tests::TestApp;
use tokio::sync::Semaphore;

static RAN: AtomicU32 = AtomicU32::new(0);

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_panics_ends_neither_the_others_nor_the_next_round() {
    let app = TestApp::empty().await;
    let jobs: [(&str, Job); 2] = [
        ("panics", |_| Box::pin(async { panic!("on purpose") })),
        ("counts", |_| {
            Box::pin(async {
                RAN.fetch_add(1, Ordering::SeqCst);
                Ok(1)
            })
        }),
    ];
    run_each(&app.state, &jobs).await;
    run_each(&app.state, &jobs).await;
    assert_eq!(RAN.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_does_not_end_holds_up_none_of_the_others() {
    static ROUNDS: Semaphore = Semaphore::const_new(0);
    const JOBS: &[(&str, Job)] = &[
        ("never_ends", |_| Box::pin(pending())),
        ("goes_on", |_| {
            Box::pin(async {
                ROUNDS.add_permits(1);
                Ok(1)
            })
        }),
    ];
    let app = TestApp::empty().await;
    let _jobs = repeat(&app.state, JOBS, Duration::from_millis(1));
    let rounds = tokio::time::timeout(Duration::from_mins(1), ROUNDS.acquire_many(3)).await;
    rounds.expect("rounds of the other job").expect("an open semaphore").forget();
}
