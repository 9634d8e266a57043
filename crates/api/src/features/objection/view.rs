//! Public service and objections to it, as members and admins see them.

use domain::enrolment::EnrolmentState;
use domain::id::MemberId;
use domain::objection::ObjectionState;
use domain::official::Official;
use domain::personal::masked_name;
use serde::Serialize;
use storage::enrolments::PublicService;
use storage::objections::ObjectionDetail;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type ObjectionStateCode = Coded<ObjectionState>;
type EnrolmentStateCode = Coded<EnrolmentState>;

/// 公示中的服务
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PublicServiceView {
    /// 报名编号，提出异议时填写
    enrolment_id: Uuid,
    /// 活动名称
    #[schema(example = "周末清理楼道")]
    title: String,
    /// 发布组织
    #[schema(example = "文源社区")]
    organisation: String,
    /// 本场开始时间
    starts_at: BeijingTime,
    /// 本场结束时间
    ends_at: BeijingTime,
    /// 党员姓名，隐去名字
    #[schema(example = "李**")]
    member_name: String,
    /// 是否本人的
    own: bool,
    /// 服务分钟
    #[schema(example = 120)]
    minutes: i64,
    /// 补录的分钟
    #[schema(example = 0)]
    made_up_minutes: i64,
    /// 公示截止时间
    publicity_ends_at: BeijingTime,
    /// 公示中或有异议
    state: EnrolmentStateCode,
}

/// 异议
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ObjectionView {
    /// 异议编号
    id: Uuid,
    /// 报名编号
    enrolment_id: Uuid,
    /// 活动名称
    #[schema(example = "周末清理楼道")]
    title: String,
    /// 本场开始时间
    starts_at: BeijingTime,
    /// 本场结束时间
    ends_at: BeijingTime,
    /// 理由
    #[schema(example = "当天九点到十一点我一直在三号楼，没有见到这位同志")]
    reason: String,
    /// 状态
    state: ObjectionStateCode,
    /// 提出时间
    created_at: BeijingTime,
    /// 答复
    #[schema(example = "经向负责人和同组人员核实，情况属实")]
    answer: Option<String>,
    /// 由哪个组织处理
    #[schema(example = "文源社区")]
    decided_by: Option<String>,
    /// 处理时间
    decided_at: Option<BeijingTime>,
}

/// 我的异议
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnObjectionView {
    /// 异议
    #[serde(flatten)]
    objection: ObjectionView,
    /// 党员姓名，隐去名字
    #[schema(example = "李**")]
    member_name: String,
}

/// 异议（办理用）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ManagedObjectionView {
    /// 异议
    #[serde(flatten)]
    objection: ObjectionView,
    /// 提出人姓名，不要告诉该党员和负责人；您是其中之一的没有
    #[schema(example = "张建国")]
    objector_name: Option<String>,
    /// 提出人的党员服务编号；同上
    #[schema(example = "PC00000001")]
    objector_number: Option<String>,
    /// 党员姓名
    #[schema(example = "李秀英")]
    member_name: String,
    /// 党员服务编号
    #[schema(example = "PC00000002")]
    member_number: String,
    /// 确认的负责人
    #[schema(example = "王志强")]
    lead: Option<String>,
    /// 发布组织
    #[schema(example = "文源社区")]
    organisation: String,
    /// 服务分钟
    #[schema(example = 120)]
    minutes: i64,
    /// 补录的分钟
    #[schema(example = 0)]
    made_up_minutes: i64,
    /// 该次服务现在的状态
    service_state: EnrolmentStateCode,
    /// 公示截止时间
    publicity_ends_at: Option<BeijingTime>,
}

impl PublicServiceView {
    /// What this member sees of it.
    pub(super) fn seen_by(member: MemberId, public: PublicService) -> Self {
        Self {
            enrolment_id: public.id.uuid(),
            title: public.title,
            organisation: public.organisation,
            starts_at: public.starts_at.into(),
            ends_at: public.ends_at.into(),
            member_name: masked_name(&public.member_name),
            own: public.member == member,
            minutes: public.timed_minutes,
            made_up_minutes: public.made_up_minutes,
            publicity_ends_at: public.publicity_ends_at.into(),
            state: Coded(public.state),
        }
    }
}

impl From<ObjectionDetail> for ObjectionView {
    fn from(detail: ObjectionDetail) -> Self {
        let objection = detail.objection;
        let decided_at = objection.decision.as_ref().map(|decision| decision.step.at.into());
        Self {
            id: objection.id.uuid(),
            enrolment_id: objection.enrolment.uuid(),
            title: detail.title,
            starts_at: detail.starts_at.into(),
            ends_at: detail.ends_at.into(),
            reason: objection.reason,
            state: Coded(objection.state),
            created_at: objection.created_at.into(),
            answer: objection.decision.map(|decision| decision.answer),
            decided_by: detail.decided_by,
            decided_at,
        }
    }
}

impl From<ObjectionDetail> for OwnObjectionView {
    fn from(detail: ObjectionDetail) -> Self {
        Self { member_name: masked_name(&detail.member_name), objection: detail.into() }
    }
}

impl ManagedObjectionView {
    /// What this official sees of it: those whom the objection is about do not learn whose it is, whatever account they use.
    pub(super) fn seen_by(official: Official, detail: ObjectionDetail) -> Self {
        let may_know = !detail.parties.iter().any(|party| official.is(*party));
        Self {
            objector_name: may_know.then(|| detail.objector_name.clone()),
            objector_number: may_know.then(|| detail.objector_number.clone()),
            member_name: detail.member_name.clone(),
            member_number: detail.member_number.clone(),
            lead: detail.lead_name.clone(),
            organisation: detail.organisation.clone(),
            minutes: detail.timed_minutes,
            made_up_minutes: detail.made_up_minutes,
            service_state: Coded(detail.service),
            publicity_ends_at: detail.publicity_ends_at.map(BeijingTime),
            objection: detail.into(),
        }
    }
}
