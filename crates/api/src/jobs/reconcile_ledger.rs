//! Reconciles the ledger: who was touched every ten minutes, everybody once a day. It looks at some members at a time
//! without locking anything; only who seems wrong is looked at again, alone and locked, and if still wrong is frozen and
//! noted down for people to see to. It repairs nothing. Ended at any point, it goes on from where it was.

use domain::id::{FindingId, MemberId};
use domain::ledger_finding::{FROZEN_BECAUSE, Finding};
use domain::reconciliation::{Round, RoundKind, Stage};
use storage::invariants::{self, Violations};
use storage::seals::{self, Signed};
use storage::{Database, accounts, answers, ledger_findings, owners, reconciliations, seal_keys};
use uuid::Uuid;

use crate::error::ApiResult;
use crate::seal_key::SealChecker;
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// Members that are looked at together.
const MEMBERS_AT_ONCE: usize = 100;

/// After so many members or seals it pauses. Everybody of a district is looked at within hours, and those who use the service
/// meanwhile do not notice.
const TOUCHED_IN_A_TURN: u64 = 500;
const MEMBERS_IN_A_TURN: u64 = 100;
const SEALS_IN_A_TURN: usize = 200;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let mut done = 0;
    for kind in [RoundKind::Touched, RoundKind::Full] {
        let now = app.clock.wall();
        let mut round = reconciliations::find(&app.database.read(), kind, now).await?;
        if round.is_due(now) {
            round.begin(now);
            done += go_on(app, &mut round).await?;
        }
    }
    Ok(done)
}

/// Goes on with a round until it ends or the turn is over.
async fn go_on(app: &App, round: &mut Round) -> ApiResult<u64> {
    let before = round.members;
    let mut turn_ends = false;
    while round.stage != Stage::Idle && !turn_ends {
        turn_ends = match round.stage {
            Stage::Members => check_members(app, round).await?,
            Stage::Whole => check_whole(app, round).await?,
            Stage::Seals => check_seals(app, round).await?,
            Stage::Idle => true,
        };
    }
    Ok(round.members - before.min(round.members))
}

async fn check_members(app: &App, round: &mut Round) -> ApiResult<bool> {
    let (tx, after) = (app.database.read(), round.after_member);
    let (members, most) = match round.kind {
        RoundKind::Full => (reconciliations::list_members(&tx, after, MEMBERS_IN_A_TURN).await?, MEMBERS_IN_A_TURN),
        RoundKind::Touched => {
            let since = round.since(seals::LATE);
            (reconciliations::list_touched(&tx, since, after, TOUCHED_IN_A_TURN).await?, TOUCHED_IN_A_TURN)
        }
    };
    for members in members.chunks(MEMBERS_AT_ONCE) {
        check_some(app, members, round).await?;
    }
    let is_last = (members.len() as u64) < most;
    if is_last {
        round.go_on(app.clock.wall());
        save(app, round).await?;
    }
    Ok(!is_last)
}

/// Looks at some members together, and at each alone if something is wrong with any.
async fn check_some(app: &App, members: &[MemberId], round: &mut Round) -> ApiResult<()> {
    let (now, from_checkpoints) = (app.clock.wall(), round.kind == RoundKind::Touched);
    let (broken, mut right) = reconciliations::look(&app.database.read_few().await?, members, from_checkpoints).await?;
    if !broken.is_empty() {
        right = reconciliations::Heads::default();
        for member in members {
            check_one(app, *member).await?;
        }
    }
    round.checked(members);
    let mut tx = app.database.write().await?;
    reconciliations::keep_checkpoints(&mut tx, right, now).await?;
    reconciliations::save(&mut tx, round).await?;
    Ok(tx.commit().await?)
}

/// Looks at a member alone. What is known of them already is not noted again.
async fn check_one(app: &App, member: MemberId) -> ApiResult<()> {
    let tx = app.database.read_few().await?;
    let (broken, _) = reconciliations::look(&tx, &[member], false).await?;
    let known = ledger_findings::list_known(&tx, Some(member)).await?;
    if broken.iter().all(|name| known.iter().any(|known| known == name)) {
        return Ok(());
    }
    drop(tx);
    UseCase::internal(app.clone()).write("freeze_account", move |work| Box::pin(freeze(work, member))).await
}

/// Looks again while nothing can be posted, and stops the spending of whoever is still wrong.
async fn freeze(work: &mut Work, member: MemberId) -> ApiResult<()> {
    work.about("member", member);
    accounts::lock(&mut work.tx, member).await?;
    let (broken, _) = reconciliations::look(&work.tx, &[member], false).await?;
    let known = ledger_findings::list_known(&work.tx, Some(member)).await?;
    for name in broken.iter().filter(|name| !known.iter().any(|known| known == *name)) {
        let finding = Finding::new(FindingId::new(Uuid::now_v7()), name, Some(member), work.wall);
        ledger_findings::insert(&mut work.tx, &finding).await?;
    }
    if !broken.is_empty() {
        work.because(broken.join(", "));
        tracing::error!(%member, ?broken, "the books of a member are wrong");
        accounts::freeze(&mut work.tx, member, FROZEN_BECAUSE, work.now, None).await?;
    }
    Ok(())
}

/// Asks what holds of the ledger as a whole; some of it takes longer than any request may.
async fn check_whole(app: &App, round: &mut Round) -> ApiResult<bool> {
    let database = Database::open_to_verify(&app.config.database_url()).await?;
    let mut broken = Vec::new();
    for invariant in invariants::of_the_whole() {
        let found = invariants::check(&database.read(), &invariant, app.clock.wall()).await?;
        broken.extend((found.count > 0).then_some(invariant.name));
    }
    broken.extend((answers::check(&database.read()).await?.count > 0).then_some(answers::RULE.0));
    broken.extend((owners::check_books(&database.read()).await?.count > 0).then_some(owners::RULE.0));
    database.close().await?;
    for name in broken {
        note(app, name).await?;
    }
    round.go_on(app.clock.wall());
    save(app, round).await?;
    Ok(false)
}

async fn check_seals(app: &App, round: &mut Round) -> ApiResult<bool> {
    let tx = app.database.read();
    let keys = SealChecker::of_all(&app.seal_key, &seal_keys::list(&tx).await?);
    let mut broken = Violations::default();
    for _ in 0..SEALS_IN_A_TURN {
        let accepts = |signed: &Signed| keys.iter().any(|key| key.accepts(signed));
        match seals::check_next(&tx, round.after_seal, &mut broken, accepts).await? {
            Some(number) => round.after_seal = number,
            None => round.go_on(app.clock.wall()),
        }
        if round.stage == Stage::Idle {
            break;
        }
    }
    if broken.count > 0 {
        note(app, seals::RULE.0).await?;
    }
    save(app, round).await?;
    Ok(true)
}

/// Notes down that something about the ledger as a whole does not hold; what is known already, that it still does not.
async fn note(app: &App, invariant: &'static str) -> ApiResult<()> {
    let known = ledger_findings::list_known(&app.database.read(), None).await?;
    if known.iter().any(|known| known == invariant) {
        let mut tx = app.database.write().await?;
        ledger_findings::see_again(&mut tx, invariant, app.clock.wall()).await?;
        return Ok(tx.commit().await?);
    }
    tracing::error!(invariant, "the books are wrong");
    let story = UseCase::internal(app.clone()).write("note_finding", move |work| {
        Box::pin(async move {
            let finding = Finding::new(FindingId::new(Uuid::now_v7()), invariant, None, work.wall);
            work.about("ledger_finding", finding.id);
            work.because(invariant.into());
            Ok(ledger_findings::insert(&mut work.tx, &finding).await?)
        })
    });
    story.await
}

async fn save(app: &App, round: &Round) -> ApiResult<()> {
    let mut tx = app.database.write().await?;
    reconciliations::save(&mut tx, round).await?;
    Ok(tx.commit().await?)
}
