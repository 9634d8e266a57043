//! Imports the whole district's roster from one file: checked first, then written in one transaction.

use std::path::PathBuf;

use clap::Args;
use domain::roster::Counts;
use domain::time::business_day;
use storage::organisations;
use storage::roster_imports::{PROBLEMS_KEPT, Problems};

use super::Failure;
use crate::clock::Clock;
use crate::config::Config;
use crate::roster_file::Limits;
use crate::roster_import::{Checking, Plan, Writing};
use crate::state::{App, State};

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

    let writing = check(&app, plan).await?.map_err(|problems| refused(&problems))?;
    let (counts, units) = write(&app, writing).await?.map_err(|problems| refused(&problems))?;
    println!("new units   {units}");
    println!("created     {}", counts.created);
    println!("updated     {}", counts.updated);
    println!("unchanged   {}", counts.unchanged);
    Ok(())
}

async fn check(app: &App, plan: Plan) -> Result<Result<Writing, Problems>, Failure> {
    let mut checking = Checking::begin(plan);
    while let Some(rows) = checking.step(&app.database.read(), &app.vault).await? {
        eprintln!("checked {rows} rows");
    }
    Ok(checking.end())
}

async fn write(app: &App, mut writing: Writing) -> Result<Result<(Counts, u64), Problems>, Failure> {
    let now = app.clock.business();
    let mut tx = app.database.write().await?;
    let units = writing.create_units(&mut tx, now).await?;
    while let Some(rows) = writing.step(&mut tx, &app.vault, now).await? {
        eprintln!("wrote {rows} rows");
    }
    match writing.end() {
        Ok(counts) => {
            tx.commit().await?;
            Ok(Ok((counts, units)))
        }
        Err(problems) => Ok(Err(problems)),
    }
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
