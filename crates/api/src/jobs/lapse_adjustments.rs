//! Lets adjustments lapse that nobody decided in time, each in a transaction of its own. Their holds expire by themselves.

use domain::id::AdjustmentId;
use storage::adjustments;

use crate::error::{ApiError, ApiResult};
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// Adjustments that are looked for at once.
const AT_ONCE: u64 = 200;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let (mut lapsed, mut after) = (0, None);
    loop {
        let due = adjustments::list_overdue(&app.database.read(), app.clock.business(), after, AT_ONCE).await?;
        let Some(last) = due.last() else { break };
        after = Some(*last);
        for id in due {
            let use_case = UseCase::internal(app.clone());
            match use_case.write("lapse_adjustment", move |work| Box::pin(lapse(work, id))).await {
                Ok(()) => lapsed += 1,
                Err(error) => tracing::error!(adjustment = %id, %error, "an adjustment could not lapse"),
            }
        }
    }
    Ok(lapsed)
}

async fn lapse(work: &mut Work, id: AdjustmentId) -> ApiResult<()> {
    work.about("adjustment", id);
    let mut adjustment = adjustments::lock_any(&mut work.tx, id).await?.ok_or_else(ApiError::not_found)?;
    adjustment.lapse(work.now)?;
    Ok(adjustments::update(&mut work.tx, &adjustment).await?)
}
