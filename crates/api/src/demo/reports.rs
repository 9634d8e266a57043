//! Who reported where, and what became of it.

use chrono::Duration;
use domain::id::AdminId;
use domain::official::Official;
use domain::residency::{Declaration, LeavingReason, ReportError, Residency, ResidencyError, Side};
use domain::time::Instant;

use super::cast::{Player, Stage};
use super::draw::Draw;
use super::ids;
use super::places::Tree;
use crate::failure::Failure;

const SKILLS: [&str; 10] =
    ["理发", "水电维修", "医疗护理", "法律咨询", "书法绘画", "摄影", "文字写作", "家电维修", "心理疏导", "组织活动"];
const WISHES: [&str; 8] =
    ["文明劝导", "关爱老人", "环境整治", "平安巡逻", "儿童托管", "政策宣传", "应急值守", "文体活动"];

/// Those who decide about reports.
#[derive(Clone, Copy)]
pub(super) struct Deciders {
    pub(super) unit: AdminId,
    pub(super) community: AdminId,
}

/// What somebody says about where they live.
pub(super) fn declaration(number: u64) -> Declaration {
    let mut draw = Draw::of("declaration", number);
    let building =
        format!("{}号楼{}单元{}0{}", draw.between(1, 18), draw.between(1, 4), draw.between(1, 11), draw.between(1, 2));
    let skill = *draw.pick(&SKILLS);
    let wish = *draw.pick(&WISHES);
    Declaration { building, skills: vec![skill.into()], wishes: vec![wish.into()] }
}

/// The reports of the cast, oldest first.
pub(super) fn of_cast(players: &[Player], tree: &Tree, by: Deciders, now: Instant) -> Result<Vec<Residency>, Failure> {
    let mut residencies = Vec::new();
    for player in players {
        let days = match player.stage {
            Stage::Unbound | Stage::Bound => continue,
            Stage::Submitted => 1,
            Stage::Confirmed => 3,
            Stage::Active | Stage::Left => 80,
            Stage::RefusedByUnit | Stage::RefusedByCommunity | Stage::Withdrawn => 12,
        };
        let at = now - Duration::days(days) + Duration::minutes(i64::try_from(player.number).unwrap_or(0));
        let mut residency = report(player, tree, residencies.len(), at)?;
        decide(&mut residency, player.stage, by, at)?;
        residencies.push(residency);
        if player.stage == Stage::Left {
            let mut elsewhere = report(player, tree, residencies.len(), now - Duration::days(2))?;
            elsewhere.estate = tree.estates[0];
            residencies.push(elsewhere);
        }
    }
    Ok(residencies)
}

fn report(player: &Player, tree: &Tree, number: usize, at: Instant) -> Result<Residency, Failure> {
    let id = ids::residency(number as u64);
    let estate = tree.node(player.estate);
    Residency::report(id, &player.member, estate, declaration(player.number), None, at).map_err(refused)
}

fn decide(residency: &mut Residency, stage: Stage, by: Deciders, at: Instant) -> Result<(), Failure> {
    let [unit, community] = [by.unit, by.community].map(|admin| Official { admin, member: None });
    let (second, third) = (at + Duration::hours(20), at + Duration::hours(44));
    match stage {
        Stage::Unbound | Stage::Bound | Stage::Submitted => Ok(()),
        Stage::Withdrawn => residency.withdraw(second),
        Stage::RefusedByUnit => residency.refuse(Side::Unit, unit, "名册上没有您的组织关系，请先转入".into(), second),
        _ => residency.confirm(unit, second),
    }
    .map_err(unsettled)?;
    match stage {
        Stage::Active => residency.accept(community, third),
        Stage::RefusedByCommunity => {
            residency.refuse(Side::Community, community, "楼栋信息与登记不符，请核对后重新报到".into(), third)
        }
        Stage::Left => residency
            .accept(community, third)
            .and_then(|()| residency.leave(LeavingReason::Moved, third + Duration::days(70))),
        _ => Ok(()),
    }
    .map_err(unsettled)
}

fn refused(refusal: ReportError) -> Failure {
    Failure::Found(format!("the demo's report: {refusal}"))
}

fn unsettled(refusal: ResidencyError) -> Failure {
    Failure::Found(format!("the demo's residency: {refusal}"))
}
