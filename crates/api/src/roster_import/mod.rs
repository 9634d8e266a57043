//! Importing a roster: the whole file is checked, a thousand rows at a time, and what each row does is kept aside; then all
//! of it is done in one short transaction, or nothing. What changed on the roster in between has the file checked anew.

mod check;

use std::sync::Arc;

use chrono::NaiveDate;
use domain::id::ImportId;
use domain::organisation::{Node, NodeKind};
use domain::roster::Counts;
use storage::roster_imports::{self, Problems};
use storage::{StorageError, organisations};
use uuid::Uuid;

use self::check::{Checked, Checking};
use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::roster_file::{FileError, Limits, Reading};
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// How often a file is checked anew because the roster changed meanwhile.
const ATTEMPTS: u32 = 5;

/// What is imported where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The file.
    pub file: Arc<[u8]>,
    /// How much it may hold.
    pub limits: Limits,
    /// The unit whose roster it is, or the district with all its units.
    pub at: Node,
    /// Whether units that are not in the tree are put there.
    pub create_units: bool,
    /// Today, in Beijing.
    pub today: NaiveDate,
}

/// An import that this process is at work on.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The import.
    pub id: ImportId,
    /// Who is at work.
    pub holder: Uuid,
}

/// What became of an import.
#[derive(Debug)]
pub enum Outcome {
    /// Everything was done.
    Done {
        /// What was done to members.
        counts: Counts,
        /// How many units were put into the tree.
        units: u64,
    },
    /// Nothing was done.
    Refused(Problems),
    /// Another process took over.
    Lost,
}

/// Imports a claimed file to its end. `progress` hears how many rows were checked, and of how many.
pub async fn import(app: &App, claim: Claim, plan: &Plan, progress: impl Fn(u64, u64)) -> ApiResult<Outcome> {
    let outcome = attempt(app, claim, plan, progress).await?;
    match outcome {
        Outcome::Done { .. } => forget(app, claim).await?,
        Outcome::Refused(ref problems) if !refuse(app, claim, problems.clone()).await? => return Ok(Outcome::Lost),
        Outcome::Refused(_) | Outcome::Lost => {}
    }
    Ok(outcome)
}

/// Says what an import would do, and does nothing.
pub async fn rehearse(app: &App, plan: &Plan, progress: impl Fn(u64, u64)) -> ApiResult<Outcome> {
    let total = match plan.count().await {
        Ok(total) => total,
        Err(error) => return Ok(broken(error)),
    };
    let mut checking = Checking::begin(plan);
    while checking.step(&app.database.read(), &app.vault).await?.is_some() {
        progress(checking.rows(), total);
    }
    Ok(match checking.end() {
        Ok(Checked { counts, units }) => Outcome::Done { counts, units: count(&units) },
        Err(problems) => Outcome::Refused(problems),
    })
}

/// Ends an import of which nothing came; `false` if another process took over.
pub async fn refuse(app: &App, claim: Claim, problems: Problems) -> ApiResult<bool> {
    let story = UseCase::internal(app.clone()).write("refuse_roster_import", move |work| {
        Box::pin(async move {
            let held = hold(work, claim).await?;
            if held {
                let (tx, now) = (&mut work.tx, work.now);
                roster_imports::finish(tx, claim.id, claim.holder, Counts::default(), &problems, now).await?;
            }
            Ok(held)
        })
    });
    let held = story.await?;
    if held {
        forget(app, claim).await?;
    }
    Ok(held)
}

async fn attempt(app: &App, claim: Claim, plan: &Plan, progress: impl Fn(u64, u64)) -> ApiResult<Outcome> {
    let total = match plan.count().await {
        Ok(total) => total,
        Err(error) => return Ok(broken(error)),
    };
    for _ in 0..ATTEMPTS {
        forget(app, claim).await?;
        let mut checking = Checking::begin(plan);
        while let Some(rows) = checking.step(&app.database.read(), &app.vault).await? {
            let mut tx = app.database.write().await?;
            if !roster_imports::renew(&mut tx, claim.id, claim.holder).await? {
                return Ok(Outcome::Lost);
            }
            if checking.is_sound() {
                roster_imports::stage(&mut tx, &app.vault, claim.id, &rows, app.clock.business()).await?;
            }
            roster_imports::set_progress(&mut tx, claim.id, checking.rows(), Some(total)).await?;
            tx.commit().await?;
            progress(checking.rows(), total);
        }
        let checked = match checking.end() {
            Ok(checked) => checked,
            Err(problems) => return Ok(Outcome::Refused(problems)),
        };
        let (counts, units) = (checked.counts, count(&checked.units));
        let district = plan.at.clone();
        let story = UseCase::internal(app.clone()).write("apply_roster_import", move |work| {
            Box::pin(async move { apply(work, claim, &district, checked).await })
        });
        match story.await {
            Ok(true) => return Ok(Outcome::Done { counts, units }),
            Ok(false) => return Ok(Outcome::Lost),
            // Somebody changed the roster since it was looked at, or holds one of its rows.
            Err(error) if error.code == ErrorCode::StillRunning => {}
            Err(error) => return Err(error),
        }
    }
    let mut problems = Problems::default();
    problems.of_file("名册正被其他操作更新，没有导入，请稍后重新上传");
    Ok(Outcome::Refused(problems))
}

/// Does everything that was kept aside and finishes the import; `false` if another process took over.
async fn apply(work: &mut Work, claim: Claim, at: &Node, checked: Checked) -> ApiResult<bool> {
    if !hold(work, claim).await? {
        return Ok(false);
    }
    let (tx, now) = (&mut work.tx, work.now);
    for (name, id) in checked.units {
        let new = organisations::insert_below(tx, at.id, id, NodeKind::Unit, &name, None, now).await;
        new.map_err(changed_meanwhile)?;
    }
    let applied = roster_imports::apply(tx, claim.id, checked.counts, now).await;
    if !applied.map_err(changed_meanwhile)? {
        return Err(ErrorCode::StillRunning.into());
    }
    roster_imports::finish(tx, claim.id, claim.holder, checked.counts, &Problems::default(), now).await?;
    Ok(true)
}

async fn hold(work: &mut Work, claim: Claim) -> ApiResult<bool> {
    work.about("roster_import", claim.id);
    let held = roster_imports::renew(&mut work.tx, claim.id, claim.holder).await?;
    Ok(held && roster_imports::lock_running(&mut work.tx, claim.id).await?)
}

fn changed_meanwhile(error: StorageError) -> ApiError {
    match error {
        StorageError::Conflict { .. } => ErrorCode::StillRunning.into(),
        error => error.into(),
    }
}

/// Forgets what was kept aside, a few thousand rows at a time so that nobody waits for it.
async fn forget(app: &App, claim: Claim) -> ApiResult<()> {
    loop {
        let mut tx = app.database.write().await?;
        let more = roster_imports::discard(&mut tx, claim.id).await?;
        tx.commit().await?;
        if !more {
            return Ok(());
        }
    }
}

fn broken(error: FileError) -> Outcome {
    let mut problems = Problems::default();
    problems.of_file(error);
    Outcome::Refused(problems)
}

impl Plan {
    fn read(&self) -> Reading {
        Reading::begin(Arc::clone(&self.file), self.limits, self.today)
    }

    /// How many rows the file has, if it can be read at all.
    async fn count(&self) -> Result<u64, FileError> {
        let (mut reading, mut rows) = (self.read(), 0);
        while let Some(chunk) = reading.next().await? {
            rows += count(&chunk);
        }
        Ok(rows)
    }
}

fn count<T>(rows: &[T]) -> u64 {
    u64::try_from(rows.len()).unwrap_or(u64::MAX)
}
