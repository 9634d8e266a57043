//! A residency on the wire.

use domain::code::Code;
use domain::residency::{LeavingReason, Residency, ResidencyState};
use serde::Serialize;
use storage::residencies::{OwnResidency, ReportedResidency};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type ResidencyStateCode = Coded<ResidencyState>;

/// 报到
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ResidencyView {
    /// 编号
    pub(super) id: Uuid,
    /// 状态
    state: ResidencyStateCode,
    /// 小区编号
    estate_id: Uuid,
    /// 小区
    #[schema(example = "新河湾小区")]
    estate: String,
    /// 社区
    #[schema(example = "文源社区")]
    community: String,
    /// 楼栋门牌
    #[schema(example = "3号楼2单元501")]
    building: String,
    /// 特长
    #[schema(example = json!(["急救", "法律咨询"]))]
    skills: Vec<String>,
    /// 服务意愿
    #[schema(example = json!(["周末可参加"]))]
    wishes: Vec<String>,
    /// 提交时间
    submitted_at: BeijingTime,
    /// 单位确认时间
    unit_confirmed_at: Option<BeijingTime>,
    /// 社区接收时间
    accepted_at: Option<BeijingTime>,
    /// 结束时间：未通过、撤回或离开
    closed_at: Option<BeijingTime>,
    /// 未通过或离开的原因
    #[schema(example = "不在本小区居住")]
    closing_reason: Option<String>,
}

/// 报到（办理用）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportedResidencyView {
    /// 报到
    #[serde(flatten)]
    residency: ResidencyView,
    /// 党员编号
    member_id: Uuid,
    /// 党员姓名
    #[schema(example = "张建国")]
    member_name: String,
    /// 党员服务编号
    #[schema(example = "PC00000001")]
    member_number: String,
    /// 原单位
    #[schema(example = "平城区教育局")]
    unit: String,
}

impl ResidencyView {
    fn new(residency: Residency, estate: String, community: String) -> Self {
        let closed = residency.closed;
        let closed_at = closed.as_ref().map(|closing| closing.at.into());
        let spoken = |reason: String| LeavingReason::from_code(&reason).map_or(reason, |known| known.label().into());
        Self {
            id: residency.id.uuid(),
            state: Coded(residency.state),
            estate_id: residency.estate.uuid(),
            estate,
            community,
            building: residency.declaration.building,
            skills: residency.declaration.skills,
            wishes: residency.declaration.wishes,
            submitted_at: residency.submitted_at.into(),
            unit_confirmed_at: residency.confirmed.map(|decision| decision.at.into()),
            accepted_at: residency.accepted.map(|decision| decision.at.into()),
            closed_at,
            closing_reason: closed.and_then(|closing| closing.reason).map(spoken),
        }
    }
}

impl From<OwnResidency> for ResidencyView {
    fn from(own: OwnResidency) -> Self {
        Self::new(own.residency, own.estate, own.community)
    }
}

impl From<ReportedResidency> for ReportedResidencyView {
    fn from(reported: ReportedResidency) -> Self {
        Self {
            member_id: reported.residency.member.uuid(),
            residency: ResidencyView::new(reported.residency, reported.estate, reported.community),
            member_name: reported.member_name,
            member_number: reported.member_number,
            unit: reported.unit,
        }
    }
}
