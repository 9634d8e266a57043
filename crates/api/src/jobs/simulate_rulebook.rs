//! Replays the past under drafts of the rules, one replay a round, a page of events at a time. A replay whose worker ended
//! in the middle begins anew: it posts nothing, so nothing of it counted.

use domain::id::SimulationId;
use domain::points::replay::{Outcome, Replay};
use storage::rulebook_simulations::{self, Claimed};
use uuid::Uuid;

use crate::error::ApiResult;
use crate::error_code::ErrorCode;
use crate::state::App;

/// Events that are read at once.
const PAGE: u32 = 2_000;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let holder = Uuid::now_v7();
    let mut tx = app.database.write().await?;
    let Some(claimed) = rulebook_simulations::claim_next(&mut tx, holder).await? else { return Ok(0) };
    tx.commit().await?;
    let id = claimed.id;
    match replay(app, holder, claimed).await {
        Ok(Some(outcome)) => finish(app, holder, id, Some(outcome)).await?,
        Ok(None) => tracing::warn!(simulation = %id, "another process took a replay over"),
        // The database did not answer, or somebody holds a row: a later round tries again.
        Err(error) if matches!(error.code, ErrorCode::Unavailable | ErrorCode::StillRunning) => return Err(error),
        Err(error) => {
            tracing::error!(simulation = %id, %error, source = ?error.source, "the past was not replayed");
            finish(app, holder, id, None).await?;
        }
    }
    Ok(1)
}

/// What the replay found; none if another process took it over.
async fn replay(app: &App, holder: Uuid, claimed: Claimed) -> ApiResult<Option<Outcome>> {
    let Claimed { id, place, rules, period } = claimed;
    let (mut replay, mut cursor, mut events_read) = (Replay::begin(&rules, period), None, 0);
    loop {
        let read = app.database.read();
        let (events, last) = rulebook_simulations::page(&read, &place, period, cursor.as_ref(), PAGE).await?;
        for event in &events {
            replay.take(event);
        }
        events_read += u64::try_from(events.len()).unwrap_or(u64::MAX);
        let mut tx = app.database.write().await?;
        if !rulebook_simulations::renew(&mut tx, id, holder).await? {
            return Ok(None);
        }
        rulebook_simulations::set_progress(&mut tx, id, events_read).await?;
        tx.commit().await?;
        if last.is_none() {
            return Ok(Some(replay.end()));
        }
        cursor = last;
    }
}

async fn finish(app: &App, holder: Uuid, id: SimulationId, outcome: Option<Outcome>) -> ApiResult<()> {
    let mut tx = app.database.write().await?;
    if rulebook_simulations::renew(&mut tx, id, holder).await? {
        rulebook_simulations::finish(&mut tx, id, holder, outcome.as_ref(), app.clock.business()).await?;
    }
    Ok(tx.commit().await?)
}
