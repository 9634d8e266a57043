//! Credits service whose publicity is over, many enrolments to a transaction. What was done is kept, so the job may be ended
//! at any point and goes on where the enrolments say.

use domain::id::{EnrolmentId, MemberId};
use storage::enrolments;

use super::batches;
use crate::crediting;
use crate::error::ApiResult;
use crate::state::App;
use crate::use_case::Work;

/// Enrolments that are looked for at once; the next are looked for when all of these are done.
const AT_ONCE: u64 = 10_000;

/// Enrolments that are credited in one transaction; their members' purses are locked until it ends.
const TOGETHER: usize = 100;

/// After so many credits the round ends, so that the lease is renewed before it runs out.
const IN_A_ROUND: u64 = 50_000;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let (mut credited, mut after) = (0, None);
    while credited < IN_A_ROUND {
        let due = enrolments::publicity_ended(&app.database.read(), app.clock.business(), after, AT_ONCE).await?;
        let Some((last, _)) = due.last() else { break };
        after = Some(*last);
        let batches = by_member(due);
        credited += batches::settle(app, "credit_service", batches, |work, some| Box::pin(settle(work, some))).await;
    }
    Ok(credited)
}

/// Puts enrolments into batches, those of one member into the same: each takes room under the caps from the next.
fn by_member(mut due: Vec<(EnrolmentId, MemberId)>) -> Vec<Vec<EnrolmentId>> {
    due.sort_unstable_by_key(|(id, member)| (*member, *id));
    let mut batches: Vec<Vec<EnrolmentId>> = Vec::new();
    for of_member in due.chunk_by(|(_, one), (_, other)| one == other) {
        let ids = of_member.iter().map(|(id, _)| *id);
        match batches.last_mut() {
            Some(batch) if batch.len() + of_member.len() <= TOGETHER => batch.extend(ids),
            _ => batches.push(ids.collect()),
        }
    }
    batches
}

async fn settle(work: &mut Work, ids: Vec<EnrolmentId>) -> ApiResult<u64> {
    let now = work.now;
    let mut due = enrolments::lock_free(&mut work.tx, &ids).await?;
    // Another replica was faster with some, or somebody objected.
    due.retain_mut(|enrolment| enrolment.credit(now).is_ok());
    match &due[..] {
        [] => return Ok(0),
        [one] => work.about("enrolment", one.id),
        _ => {}
    }
    crediting::credit_enrolments(work, &due).await?;
    enrolments::mark_credited(&mut work.tx, &due, now).await?;
    Ok(u64::try_from(due.len()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_members_service_is_credited_together_and_in_order() {
        let due =
            |id: u128, member: u128| (EnrolmentId::new(Uuid::from_u128(id)), MemberId::new(Uuid::from_u128(member)));
        let many: Vec<_> = (0..250).map(|id| due(id, id % 90)).chain((250..400).map(|id| due(id, 7))).collect();
        let batches = by_member(many.clone());
        assert!(batches.len() > 3);
        let mut seen = Vec::new();
        for member in 0..90 {
            let ids: Vec<_> = many.iter().filter(|(_, of)| *of == due(0, member).1).map(|(id, _)| *id).collect();
            let holding: Vec<_> = batches.iter().filter(|batch| batch.contains(&ids[0])).collect();
            assert_eq!(holding.len(), 1);
            let theirs: Vec<_> = holding[0].iter().copied().filter(|id| ids.contains(id)).collect();
            assert_eq!(theirs, ids, "{member}");
            seen.extend(theirs);
        }
        assert_eq!((seen.len(), batches.concat().len()), (400, 400));
        let most = batches.iter().map(Vec::len).filter(|len| *len > TOGETHER).collect::<Vec<_>>();
        assert_eq!(most, [153], "only a member with more than fit makes a batch larger");
    }
}
