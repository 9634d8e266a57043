//! Lets adjustments lapse that nobody decided in time, each in a transaction of its own. Their holds expire by themselves.

use domain::id::AdjustmentId;
use storage::adjustments;

use crate::error::{ApiError, ApiResult};
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// Adjustments that are looked for at once.
const AT_ONCE: u64 = 200;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let mut lapsed = 0;
    loop {
        let due = adjustments::list_overdue(&app.database.read(), app.clock.business(), AT_ONCE).await?;
        let mut done = 0;
        for id in due {
            let use_case = UseCase::internal(app.clone());
            match use_case.write("lapse_adjustment", move |work| Box::pin(lapse(work, id))).await {
                Ok(()) => done += 1,
                Err(error) => tracing::error!(adjustment = %id, %error, "an adjustment could not lapse"),
            }
        }
        if done == 0 {
            break;
        }
        lapsed += done;
    }
    Ok(lapsed)
}

async fn lapse(work: &mut Work, id: AdjustmentId) -> ApiResult<()> {
    work.about("adjustment", id);
    let mut adjustment = adjustments::lock_any(&mut work.tx, id).await?.ok_or_else(ApiError::not_found)?;
    adjustment.lapse(work.now)?;
    Ok(adjustments::update(&mut work.tx, &adjustment).await?)
}
