//! Lets lots expire whose time has come, many members to a transaction. What was done is kept, so the job may be ended at
//! any point and goes on where the books say.

use domain::id::MemberId;
use domain::points::{Actor, ExpireError, Occasion, Posting, Purse, Source, SourceKind, expire};
use storage::{lots, purses, transfers};

use super::batches;
use crate::error::{ApiError, ApiResult};
use crate::state::App;
use crate::use_case::Work;

/// Lots that are looked for at once.
const AT_ONCE: u64 = 2_000;

/// Members whose lots go in one transaction; their purses are locked until it ends.
const MEMBERS_TOGETHER: usize = 100;

/// Lots that go in one transaction; what a member has beyond them goes in a later round.
const LOTS_TOGETHER: u64 = 500;

/// After so many lots the round ends, so that the lease is renewed before it runs out.
const IN_A_ROUND: u64 = 50_000;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let now = app.clock.business();
    if !lots::any_expired(&app.database.read(), now).await? {
        return Ok(0);
    }
    let (mut expired, mut after) = (0, None);
    while expired < IN_A_ROUND {
        let due = lots::list_members_with_expired(&app.database.read(), now, after, AT_ONCE).await?;
        let Some((last, _)) = due.last() else { break };
        after = Some(*last);
        let members: Vec<MemberId> = due.into_iter().map(|(_, member)| member).collect();
        let members = members.chunks(MEMBERS_TOGETHER).map(<[MemberId]>::to_vec).collect();
        expired += batches::settle(app, "expire_points", members, |work, some| Box::pin(expire_all(work, some))).await;
    }
    Ok(expired)
}

async fn expire_all(work: &mut Work, members: Vec<MemberId>) -> ApiResult<u64> {
    if let [member] = members[..] {
        work.about("member", member);
    }
    let members = members.into_iter().collect();
    let mut postings = Vec::new();
    for mut purse in purses::lock_expired(&mut work.tx, &members, work.now, LOTS_TOGETHER).await? {
        postings.extend(expire_lots(work, &mut purse)?);
    }
    transfers::post_all(&mut work.tx, &postings).await?;
    Ok(u64::try_from(postings.len()).unwrap_or(u64::MAX))
}

/// Takes what is left of a purse's lots, as long as nothing is held.
fn expire_lots(work: &Work, purse: &mut Purse) -> ApiResult<Vec<Posting>> {
    let due: Vec<_> = purse.lots().iter().map(|lot| lot.id).collect();
    let mut postings = Vec::with_capacity(due.len());
    for lot in due {
        let occasion = Occasion {
            reason: "积分到期".into(),
            source: Source { kind: SourceKind::Lot, id: lot.uuid() },
            actor: Actor::Job,
            business_at: work.now,
            posted_at: work.wall,
        };
        match expire(purse, occasion, lot) {
            Ok(posting) => postings.push(posting),
            Err(ExpireError::Held) => break,
            Err(error @ ExpireError::NotDue) => return Err(ApiError::internal(error)),
        }
    }
    Ok(postings)
}
