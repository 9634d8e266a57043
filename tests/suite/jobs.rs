//! The rounds of jobs.

use std::sync::atomic::{AtomicU32, Ordering};

use api::jobs::{Job, run_each};
use tests::TestApp;

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
