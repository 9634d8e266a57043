//! Cases of misconduct: one that waits to be decided, one against which nobody has appealed yet, and an appeal.

use domain::enrolment::Enrolment;
use domain::id::{AdminId, MemberId, MisconductId, NodeId};
use domain::misconduct::{Accusation, MisconductCase, MisconductState, Terms};
use domain::official::{Official, Step};
use domain::points::{Actor, Occasion, Source, SourceKind, clawback, deduct};
use domain::service::ReversalKind;
use domain::time::Instant;
use storage::{
    WriteTx, activities, earn_events, enrolments, members, misconduct_cases, purses, rulebooks, service_records,
    transfers,
};

use super::journey::Journey;
use super::{admins, ids};
use crate::failure::Failure;

/// 朱文斌, whose service was found void and who may appeal.
const ACCUSED: MemberId = ids::member(11);
/// 郭振华, who has appealed.
const APPELLANT: MemberId = ids::member(13);

/// Puts everything there, once the books are.
pub(super) async fn make(tx: &mut WriteTx, journey: &Journey, now: Instant) -> Result<(), Failure> {
    let step = |by: AdminId, node: NodeId| Step { by: Official { admin: by, member: None }, node, at: now };
    let (community, subdistrict) =
        (step(admins::COMMUNITY, ids::COMMUNITY), step(admins::SUBDISTRICT, ids::SUBDISTRICT));
    accuse(tx, ids::MISCONDUCT_CASE, journey.credited_of(ids::MEMBER)?, community).await?;
    for (id, member) in [(ids::CONFIRMED_CASE, ACCUSED), (ids::APPEALED_CASE, APPELLANT)] {
        let mut service = journey.credited_of(member)?.clone();
        let mut case = accuse(tx, id, &service, community).await?;
        confirm(tx, &mut case, &mut service, subdistrict).await?;
        if member == APPELLANT {
            case.appeal(member, "我九点一直在三号楼，负责人可以作证".into(), now).map_err(failed)?;
            misconduct_cases::update(tx, &case, MisconductState::Confirmed).await?;
        }
    }
    Ok(())
}

async fn accuse(
    tx: &mut WriteTx,
    id: MisconductId,
    credited: &Enrolment,
    step: Step,
) -> Result<MisconductCase, Failure> {
    let accusation = Accusation {
        enrolment: credited.id,
        member: credited.member,
        reason: "签到后提前离开，未完成服务".into(),
        evidence: "其他参加人反映，十点以后未见本人；签退码由他人代扫".into(),
        fraud: false,
        lead_at_fault: None,
    };
    let case = MisconductCase::propose(id, accusation, credited.state, step).map_err(failed)?;
    misconduct_cases::insert(tx, &case).await?;
    Ok(case)
}

/// Voids the service, and takes what it earned and the deduction.
async fn confirm(
    tx: &mut WriteTx,
    case: &mut MisconductCase,
    service: &mut Enrolment,
    step: Step,
) -> Result<(), Failure> {
    let mut purse = purses::lock(tx, case.member).await?;
    let source = Source { kind: SourceKind::Enrolment, id: case.enrolment.uuid() };
    let credit = earn_events::credit_of(tx, case.member, source).await?;
    let activity = activities::find_any(tx, service.activity).await?;
    let place = activity.ok_or_else(|| failed("no activity"))?.node;
    let rules = rulebooks::in_force_at(tx, place, step.at).await?.rules.deductions;
    let unit = members::find(tx, case.member).await?.ok_or_else(|| failed("no member"))?.unit;
    let (deduction, fraud_months) = (rules.misconduct_points, rules.fraud_freeze_months);
    let terms = Terms { deduction, fraud_months, unit };
    case.confirm(step, credit.map(|(transfer, _)| transfer), terms).map_err(failed)?;
    service.void().map_err(failed)?;
    enrolments::update(tx, service).await?;

    let occasion = |what: &str| Occasion {
        reason: format!("{what}：{}", case.reason),
        source: Source { kind: SourceKind::Misconduct, id: case.id.uuid() },
        actor: Actor::Admin(step.by.admin),
        business_at: step.at,
        posted_at: step.at,
    };
    let mut postings = Vec::new();
    if let Some((earned, points)) = credit {
        postings.push(clawback(&mut purse, occasion("服务作废"), earned, points).map_err(failed)?);
    }
    if let Some(id) = case.deducted {
        postings.push(deduct(&mut purse, id, occasion("违规扣分"), case.deduction).map_err(failed)?);
    }
    transfers::post_all(tx, &postings).await?;
    service_records::reverse(tx, case.member, source, case.id, ReversalKind::Void, step.at).await?;
    Ok(misconduct_cases::update(tx, case, MisconductState::Proposed).await?)
}

fn failed(refusal: impl std::fmt::Display) -> Failure {
    Failure::Found(format!("the demo's misconduct: {refusal}"))
}
