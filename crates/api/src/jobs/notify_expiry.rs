//! Tells members whose points go soon: one pass over all lots each business day, some hundred members to a transaction.
//! What was told is kept with how far the pass came, so the job may be ended at any point, or run twice at once.

use chrono::NaiveDate;
use domain::id::NoticeId;
use domain::notice::{self, Notice};
use domain::time::{Instant, business_day};
use serde_json::json;
use storage::notices::{self, Expiring, Pass};
use storage::outbox::{self, Message};
use storage::rulebooks;
use uuid::Uuid;

use crate::error::ApiResult;
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// Ends of lots that are looked at together.
const AT_ONCE: u64 = 500;

/// After so many notices the round ends, so that the lease is renewed before it runs out.
const IN_A_ROUND: u64 = 20_000;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let now = app.clock.business();
    let today = business_day(now);
    let days = rulebooks::in_force(&app.database.read(), now).await?.rules.expiry.notice_days;
    let ends = (now, notice::horizon(&days, today));
    let mut pass = notices::find_pass(&app.database.read(), today).await?;
    let mut told = 0;
    while !pass.finished && told < IN_A_ROUND {
        let expiring = notices::list_expiring(&app.database.read(), ends, pass.after, AT_ONCE).await?;
        match expiring.last() {
            Some(last) => pass.after = Some(last.account),
            None => pass.finished = true,
        }
        let due: Vec<Notice> = expiring.iter().filter_map(|one| due(one, &days, now)).collect();
        // A stretch in which everybody knows leaves no trace; at worst it is gone through again.
        if pass.finished || !due.is_empty() {
            let use_case = UseCase::internal(app.clone());
            told += use_case.write("notify_expiry", move |work| Box::pin(tell(work, due, today, pass))).await?;
        }
    }
    Ok(told)
}

fn due(one: &Expiring, days: &[u32], now: Instant) -> Option<Notice> {
    let days_before = notice::due(days, one.gone_at, one.told, business_day(now))?;
    Some(Notice {
        id: NoticeId::new(Uuid::now_v7()),
        member: one.member,
        gone_at: one.gone_at,
        days_before,
        points: one.points,
        created_at: now,
    })
}

async fn tell(work: &mut Work, due: Vec<Notice>, day: NaiveDate, pass: Pass) -> ApiResult<u64> {
    let new = notices::insert_missing(&mut work.tx, &due).await?;
    let messages: Vec<Message> = due.iter().filter(|notice| new.contains(&notice.id)).map(message).collect();
    outbox::queue(&mut work.tx, &messages, work.wall).await?;
    notices::keep_pass(&mut work.tx, day, pass, work.now).await?;
    Ok(u64::try_from(messages.len()).unwrap_or(u64::MAX))
}

fn message(notice: &Notice) -> Message {
    let facts = json!({ "member_id": notice.member, "points": notice.points, "last_day": notice.last_day() });
    Message { id: notice.id.uuid(), kind: "expiry_notice", payload: facts }
}
