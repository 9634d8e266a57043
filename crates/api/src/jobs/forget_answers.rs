//! Forgets stored answers after a week; what they did stays unique by its transfer.

use chrono::Duration;
use storage::idempotency;

use crate::error::ApiResult;
use crate::state::App;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let before = app.clock.wall() - Duration::days(7);
    let mut tx = app.database.write().await?;
    let forgotten = idempotency::forget_before(&mut tx, before).await?;
    tx.commit().await?;
    Ok(forgotten)
}
