//! Points that were put right or given away: an adjustment that waits, one that was approved, a reward and an undone
//! confirmation that wait, somebody who is stopped from spending, and a donation.

use domain::adjustment::{Adjustment, Proposal};
use domain::donation::{self, Wish};
use domain::exclusion::{Exclusion, ExclusionKind};
use domain::id::{AdjustmentId, AdminId, HoldId, LotId, MemberId, NodeId, PersonId, TransferId};
use domain::merchant::Staff;
use domain::official::{Official, Step};
use domain::points::{RewardedEvent, Rulebook};
use domain::redemption::Redemption;
use domain::reversal::Reversal;
use domain::reward::{Occurrence, Reward};
use domain::time::Instant;
use storage::{WriteTx, adjustments, donations, exclusions, holds, purses, reversals, rewards, rulebooks, transfers};

use super::{admins, ids};
use crate::failure::Failure;

/// 吴永平, who was credited twice and gives something away.
const GIVER: MemberId = ids::member(8);

/// 姜子轩, whose unit has stopped spending.
const STOPPED: MemberId = ids::member(56);

/// Puts everything there, once the books are.
pub(super) async fn make(tx: &mut WriteTx, rules: &Rulebook, now: Instant) -> Result<(), Failure> {
    let step = |by: AdminId, node: NodeId| Step { by: Official { admin: by, member: None }, node, at: now };
    let (community, subdistrict) =
        (step(admins::COMMUNITY, ids::COMMUNITY), step(admins::SUBDISTRICT, ids::SUBDISTRICT));
    propose(tx, ids::ADJUSTMENT, ids::MEMBER, (5, "上周六的活动少记了积分，予以补记"), community).await?;
    let twice = ids::adjustment(1);
    propose(tx, twice, GIVER, (-5, "重复入账，予以更正"), community).await?;
    approve(tx, twice, rules, subdistrict).await?;
    reward(tx, community).await?;
    let stopped =
        Exclusion::exclude(ids::EXCLUSION, STOPPED, ExclusionKind::Spending, &[], step(admins::UNIT, ids::UNIT));
    exclusions::insert(tx, &stopped.map_err(failed)?).await?;
    donate(tx, now).await
}

async fn propose(
    tx: &mut WriteTx,
    id: AdjustmentId,
    member: MemberId,
    (amount, reason): (i64, &str),
    step: Step,
) -> Result<(), Failure> {
    let proposal = Proposal { member, amount, reason: reason.into() };
    let mut adjustment = Adjustment::propose(id, proposal, step).map_err(failed)?;
    let mut purse = purses::lock(tx, member).await?;
    if let Some(hold) = adjustment.reserve(&mut purse, ids::hold(1)).map_err(failed)? {
        holds::place(tx, &hold).await?;
    }
    Ok(adjustments::insert(tx, &adjustment).await?)
}

async fn approve(tx: &mut WriteTx, id: AdjustmentId, rules: &Rulebook, step: Step) -> Result<(), Failure> {
    let mut adjustment = adjustments::lock_any(tx, id).await?.ok_or_else(|| failed("no adjustment"))?;
    let mut purse = purses::lock(tx, adjustment.member).await?;
    let reserved: HoldId = adjustment.hold.ok_or_else(|| failed("nothing is held"))?;
    let mut hold = holds::find(tx, reserved).await?.ok_or_else(|| failed("no hold"))?;
    let lot = LotId::new(ids::adjustment(1).uuid());
    let posting = adjustment.approve(&mut purse, Some(&mut hold), (rules, lot), step, step.at).map_err(failed)?;
    holds::post(tx, &hold, &posting).await?;
    Ok(adjustments::update(tx, &adjustment).await?)
}

async fn reward(tx: &mut WriteTx, step: Step) -> Result<(), Failure> {
    let occurrence = Occurrence {
        member: GIVER,
        event: RewardedEvent::WishDone,
        happened_at: step.at - chrono::Duration::days(1),
        reference: "微心愿 2026-017".into(),
        evidence: "心愿人已确认，旧书桌已送到家中".into(),
    };
    let reward = Reward::propose(ids::REWARD, occurrence, step).map_err(failed)?;
    Ok(rewards::insert(tx, &reward).await?)
}

/// A shop has confirmed the wrong voucher and asks that it be undone.
pub(super) async fn reverse(
    tx: &mut WriteTx,
    rules: &Rulebook,
    redemption: &Redemption,
    by: &Staff,
    now: Instant,
) -> Result<(), Failure> {
    let reason = "扫错了券，顾客没有领取".into();
    let reversal = Reversal::request(ids::REVERSAL, redemption, by, reason, &rules.voucher, now).map_err(failed)?;
    Ok(reversals::insert(tx, &reversal).await?)
}

async fn donate(tx: &mut WriteTx, now: Instant) -> Result<(), Failure> {
    let rules = rulebooks::in_force(tx, now).await?.rules.donation;
    let mut purse = purses::lock(tx, GIVER).await?;
    let wish = Wish {
        id: ids::donation(0),
        transfer: TransferId::of_key(PersonId::from(GIVER), "donate_points", "demo-0"),
        points: 2,
        community: (ids::COMMUNITY, "文源社区"),
        this_year: 0,
        today: 0,
        excluded: false,
        rules: &rules,
        now,
        posted_at: now,
    };
    let (donation, posting) = donation::donate(&mut purse, wish).map_err(failed)?;
    transfers::post(tx, &posting).await?;
    Ok(donations::insert(tx, &donation).await?)
}

fn failed(refusal: impl std::fmt::Display) -> Failure {
    Failure::Found(format!("the demo's corrections: {refusal}"))
}
