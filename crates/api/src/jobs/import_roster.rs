//! Imports the rosters that were handed in, one after the other. An import whose worker ended in the middle begins anew:
//! nothing of it counted before all of it did.

use domain::organisation::NodeKind;
use domain::time::business_day;
use storage::roster_imports::{self, Claimed, Problems};
use uuid::Uuid;

use crate::error::ApiResult;
use crate::error_code::ErrorCode;
use crate::roster_file::Limits;
use crate::roster_import::{Claim, Outcome, Plan, import, refuse};
use crate::state::App;

/// A unit's roster has some hundreds of rows.
const UNIT: Limits = Limits { unpacked: 40 << 20, rows: 20_000 };

/// The district has 134,000 members.
const DISTRICT: Limits = Limits { unpacked: 160 << 20, rows: 200_000 };

/// After so many imports the round ends, so that the lease is renewed before it runs out.
const IMPORTS_IN_A_ROUND: u64 = 20;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let mut done = 0;
    while done < IMPORTS_IN_A_ROUND {
        let holder = Uuid::now_v7();
        let mut tx = app.database.write().await?;
        let Some(claimed) = roster_imports::claim_next(&mut tx, &app.vault, holder).await? else { break };
        tx.commit().await?;
        import_one(app, holder, claimed).await?;
        done += 1;
    }
    Ok(done)
}

async fn import_one(app: &App, holder: Uuid, Claimed { id, unit, file }: Claimed) -> ApiResult<()> {
    let claim = Claim { id, holder };
    let Some(file) = file else {
        refuse(app, claim, of_file("命令行导入中途停止，名册没有改动，请重新导入")).await?;
        return Ok(());
    };
    let limits = if unit.kind == NodeKind::District { DISTRICT } else { UNIT };
    let today = business_day(app.clock.business());
    let plan = Plan { file: file.into(), limits, at: unit, create_units: false, today };
    match import(app, claim, &plan, |_, _| {}).await {
        Ok(Outcome::Done { .. } | Outcome::Refused(_)) => Ok(()),
        Ok(Outcome::Lost) => {
            tracing::warn!(import = %id, "another process took a roster import over");
            Ok(())
        }
        // The database did not answer, or somebody holds a row: a later round tries again.
        Err(error) if matches!(error.code, ErrorCode::Unavailable | ErrorCode::StillRunning) => Err(error),
        Err(error) => {
            tracing::error!(import = %id, %error, source = ?error.source, "a roster was not imported");
            refuse(app, claim, of_file("服务出现故障，名册没有改动，请稍后重新上传")).await?;
            Ok(())
        }
    }
}

fn of_file(sentence: &str) -> Problems {
    let mut problems = Problems::default();
    problems.of_file(sentence);
    problems
}
