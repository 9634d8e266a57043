//! Imports the whole district's roster from one file: checked first, then done in one transaction.

use std::path::{Path, PathBuf};

use clap::Args;
use domain::id::ImportId;
use domain::time::business_day;
use storage::organisations;
use storage::roster_imports::{self, NewImport, PROBLEMS_KEPT, Problems};
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::Config;
use crate::failure::Failure;
use crate::roster_file::Limits;
use crate::roster_import::{self, Claim, Outcome, Plan};
use crate::state::{App, State};
use crate::use_case::UseCase;

/// The largest file, in bytes; it is held in memory while it is read row by row.
const LARGEST: u64 = 64 << 20;

/// What a file may hold: some times the district's members.
const LIMITS: Limits = Limits { unpacked: 512 << 20, rows: 1_000_000 };

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The roster, CSV or .xlsx, with the columns 姓名、手机号、单位、党组织、入党日期、党员类别.
    file: PathBuf,
    /// Put units that the file names and the tree lacks into the tree, below the district.
    #[arg(long)]
    create_units: bool,
    /// Check everything and say what would be done, but do nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(config: Config, arguments: Arguments) -> Result<(), Failure> {
    let path = arguments.file.display().to_string();
    let unreadable = |error| Failure::Usage(format!("cannot read {path}: {error}"));
    let size = std::fs::metadata(&arguments.file).map_err(unreadable)?.len();
    if size > LARGEST {
        return Err(Failure::Usage(format!("{path} is larger than {} MiB: split it", LARGEST >> 20)));
    }
    let file = std::fs::read(&arguments.file).map_err(unreadable)?;
    let app = State::open(config, Clock::default()).await?;
    let at = organisations::root(&app.database.read()).await?;
    let at = at.ok_or_else(|| Failure::Usage("there is no district yet: run zhixiang create-admin first".into()))?;
    let today = business_day(app.clock.business());
    let plan = Plan { file: file.into(), limits: LIMITS, at, create_units: arguments.create_units, today };

    let outcome = if arguments.dry_run {
        roster_import::rehearse(&app, &plan, say).await?
    } else {
        let claim = claim(&app, &plan, &arguments.file).await?;
        roster_import::import(&app, claim, &plan, say).await?
    };
    match outcome {
        Outcome::Done { counts, units } => {
            println!("new units   {units}");
            println!("created     {}", counts.created);
            println!("updated     {}", counts.updated);
            println!("unchanged   {}", counts.unchanged);
            if arguments.dry_run {
                println!("nothing was changed: this was a dry run");
            }
            Ok(())
        }
        Outcome::Refused(problems) => Err(refused(&problems)),
        Outcome::Lost => Err(Failure::Found("nothing was imported: this process stood still for too long".into())),
    }
}

/// Puts the import where admins see it, as this process's own.
async fn claim(app: &App, plan: &Plan, file: &Path) -> Result<Claim, Failure> {
    let claim = Claim { id: ImportId::new(Uuid::now_v7()), holder: Uuid::now_v7() };
    let file_name = file.file_name().map(|name| name.to_string_lossy().chars().take(120).collect());
    let import =
        NewImport { id: claim.id, unit: plan.at.id, uploaded_by: None, file_name: file_name.unwrap_or_default() };
    let story = UseCase::at_command_line(app.clone()).write("import_roster", move |work| {
        Box::pin(async move {
            work.about("roster_import", claim.id);
            work.because("命令行导入".into());
            roster_imports::insert_claimed(&mut work.tx, import, claim.holder, work.now).await?;
            Ok(claim)
        })
    });
    Ok(story.await?)
}

fn say(rows: u64, of: u64) {
    eprintln!("checked {rows} of {of} rows");
}

/// Every problem that was kept on a line of its own, and the sentence with which the command ends.
fn refused(problems: &Problems) -> Failure {
    for problem in &problems.first {
        match (problem.line, &problem.column) {
            (Some(line), Some(column)) => eprintln!("第 {line} 行“{column}”：{}", problem.message),
            _ => eprintln!("{}", problem.message),
        }
    }
    let more = problems.total.saturating_sub(u64::try_from(PROBLEMS_KEPT).unwrap_or(u64::MAX));
    if more > 0 {
        eprintln!("…… {more} more");
    }
    Failure::Found(format!("nothing was imported: {} problems", problems.total))
}
