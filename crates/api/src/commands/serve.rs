//! Serves until told to stop.

use tokio::signal::unix::{SignalKind, signal};

use crate::clock::Clock;
use crate::config::Config;
use crate::failure::Failure;
use crate::state::State;
use crate::{demo, jobs};

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    let state = State::open(config, Clock::default()).await?;
    let welcome = demo::settle(&state).await?;
    let running = crate::start(state.clone()).map_err(|error| Failure::Usage(error.to_string()))?;
    println!("{}", welcome.at(running.public));
    let jobs = tokio::spawn(jobs::run_for_ever(state.clone()));

    let mut terminate = signal(SignalKind::terminate()).map_err(|error| Failure::Found(error.to_string()))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| Failure::Found(error.to_string()))?;
    let handles = running.handles;
    let stop = tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        for handle in handles {
            handle.stop(true).await;
        }
    });
    let ended = running.ended.await;
    stop.abort();
    jobs.abort();
    // Ended first, so that nothing new is begun after the leases are given up.
    drop(jobs.await);
    if let Err(error) = jobs::give_up(&state).await {
        tracing::warn!(%error, "the leases of this replica run out by themselves");
    }
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Failure::Found(error.to_string())),
        Err(error) => Err(Failure::Found(error.to_string())),
    }
}
