//! Imports the rosters that were handed in, one after the other. An import is finished in the transaction that writes its
//! members, so a job that was ended in the middle begins anew and makes no doubles.

use domain::id::ImportId;
use domain::roster::Counts;
use domain::time::business_day;
use storage::roster_imports::{self, Claimed, Problems};

use crate::error::ApiResult;
use crate::error_code::ErrorCode;
use crate::roster_file::Limits;
use crate::roster_import::{Checking, Plan, Writing};
use crate::state::App;

/// A unit's roster has some hundreds of rows; so many keep the writer for a moment only.
const LIMITS: Limits = Limits { unpacked: 40 << 20, rows: 20_000 };

/// After so many imports the other jobs get their turn.
const IMPORTS_IN_A_ROUND: u64 = 20;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let mut done = 0;
    while done < IMPORTS_IN_A_ROUND {
        let mut tx = app.database.write().await?;
        let Some(import) = roster_imports::claim_next(&mut tx).await? else { break };
        tx.commit().await?;
        import_one(app, import).await?;
        done += 1;
    }
    Ok(done)
}

async fn import_one(app: &App, import: Claimed) -> ApiResult<()> {
    let Claimed { id, unit, file } = import;
    let today = business_day(app.clock.business());
    let plan = Plan { file: file.into(), limits: LIMITS, at: unit, create_units: false, today };
    let outcome = match check(app, id, plan).await {
        Ok(Ok(writing)) => write(app, id, writing).await,
        Ok(Err(problems)) => Ok(Err(problems)),
        Err(error) => Err(error),
    };
    let problems = match outcome {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(problems)) => problems,
        // The database did not answer, or somebody holds a row: the next round tries again.
        Err(error) if matches!(error.code, ErrorCode::Unavailable | ErrorCode::StillRunning) => return Err(error),
        Err(error) => {
            tracing::error!(import = %id, %error, source = ?error.source, "a roster was not imported");
            let mut problems = Problems::default();
            problems.of_file("服务出现故障，名册没有改动，请稍后重新上传");
            problems
        }
    };
    let mut tx = app.database.write().await?;
    if roster_imports::lock_running(&mut tx, id).await? {
        roster_imports::finish(&mut tx, id, Counts::default(), &problems, app.clock.business()).await?;
    }
    Ok(tx.commit().await?)
}

async fn check(app: &App, id: ImportId, plan: Plan) -> ApiResult<Result<Writing, Problems>> {
    let mut checking = Checking::begin(plan);
    while let Some(rows) = checking.step(&app.database.read(), &app.vault).await? {
        keep_progress(app, id, rows, None).await?;
    }
    keep_progress(app, id, checking.rows(), Some(checking.rows())).await?;
    Ok(checking.end())
}

async fn keep_progress(app: &App, id: ImportId, rows: u64, total: Option<u64>) -> ApiResult<()> {
    let mut tx = app.database.write().await?;
    roster_imports::set_progress(&mut tx, id, rows, total).await?;
    Ok(tx.commit().await?)
}

/// Writes everything and finishes the import, or leaves all as it was.
async fn write(app: &App, id: ImportId, mut writing: Writing) -> ApiResult<Result<(), Problems>> {
    let now = app.clock.business();
    let mut tx = app.database.write().await?;
    if !roster_imports::lock_running(&mut tx, id).await? {
        return Ok(Ok(()));
    }
    while writing.step(&mut tx, &app.vault, now).await?.is_some() {}
    match writing.end() {
        Ok(counts) => {
            roster_imports::finish(&mut tx, id, counts, &Problems::default(), now).await?;
            tx.commit().await?;
            Ok(Ok(()))
        }
        Err(problems) => Ok(Err(problems)),
    }
}
