//! Marks activities as settled once they have ended and nobody's service waits for anything any more.

use storage::activities;

use crate::error::ApiResult;
use crate::state::App;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let mut tx = app.database.write().await?;
    let settled = activities::settle_ended(&mut tx, app.clock.business()).await?;
    tx.commit().await?;
    Ok(settled)
}
