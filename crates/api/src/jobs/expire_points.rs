//! Lets lots expire whose time has come, some members to a transaction. What was done is kept, so the job may be ended at
//! any point and goes on where the books say.

use domain::id::{AccountId, MemberId};
use domain::points::{Actor, ExpireError, Occasion, Source, SourceKind, expire};
use storage::{lots, purses, transfers};

use crate::error::{ApiError, ApiResult};
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// Members whose lots go in one transaction; their purses are locked until it ends.
const MEMBERS_AT_ONCE: usize = 20;

/// Lots that are looked for at once.
const LOTS_AT_ONCE: u64 = 500;

/// Lots of one member that go in one transaction.
const LOTS_OF_MEMBER: u64 = 200;

/// After so many lots the other jobs get their turn.
const LOTS_IN_A_ROUND: u64 = 20_000;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let now = app.clock.business();
    if !lots::any_expired(&app.database.read(), now).await? {
        return Ok(0);
    }
    let (mut expired, mut after) = (0, None);
    while expired < LOTS_IN_A_ROUND {
        let due = lots::list_members_with_expired(&app.database.read(), now, after, LOTS_AT_ONCE).await?;
        let Some((last, _)) = due.last() else { break };
        after = Some(*last);
        for members in due.chunks(MEMBERS_AT_ONCE) {
            expired += expire_together(app, members).await;
        }
    }
    Ok(expired)
}

/// Does some members in one transaction, or each alone if that fails, so that one whose books are wrong holds up nobody.
async fn expire_together(app: &App, members: &[(AccountId, MemberId)]) -> u64 {
    let all: Vec<MemberId> = members.iter().map(|(_, member)| *member).collect();
    if let Ok(expired) = expire_of(app, all).await {
        return expired;
    }
    let mut expired = 0;
    for (_, member) in members {
        match expire_of(app, vec![*member]).await {
            Ok(more) => expired += more,
            Err(error) => tracing::error!(%member, %error, "points could not expire"),
        }
    }
    expired
}

async fn expire_of(app: &App, members: Vec<MemberId>) -> ApiResult<u64> {
    UseCase::internal(app.clone()).write("expire_points", move |work| Box::pin(expire_all(work, members))).await
}

async fn expire_all(work: &mut Work, members: Vec<MemberId>) -> ApiResult<u64> {
    if let [member] = members[..] {
        work.about("member", member);
    }
    let mut postings = Vec::new();
    for member in members {
        let mut purse = purses::lock_expired(&mut work.tx, member, work.now, LOTS_OF_MEMBER).await?;
        let due: Vec<_> = purse.lots().iter().map(|lot| lot.id).collect();
        for lot in due {
            let occasion = Occasion {
                reason: "积分到期".into(),
                source: Source { kind: SourceKind::Lot, id: lot.uuid() },
                actor: Actor::Job,
                business_at: work.now,
                posted_at: work.wall,
            };
            match expire(&mut purse, occasion, lot) {
                Ok(posting) => postings.push(posting),
                Err(ExpireError::Held) => break,
                Err(error @ ExpireError::NotDue) => return Err(ApiError::internal(error)),
            }
        }
    }
    transfers::post_all(&mut work.tx, &postings).await?;
    Ok(u64::try_from(postings.len()).unwrap_or(u64::MAX))
}
