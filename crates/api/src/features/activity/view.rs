//! Activities on the wire.

use domain::activity::{ActivityState, RiskLevel, Session};
use domain::enrolment::EnrolmentState;
use domain::personal::masked_name;
use domain::service::{ServiceKind, ServiceNature, points_notice};
use domain::time::Instant;
use serde::Serialize;
use storage::activities::{ActivityDetail, ActivitySummary};
use storage::enrolments::OwnEnrolment;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type ServiceKindCode = Coded<ServiceKind>;
pub(super) type ServiceNatureCode = Coded<ServiceNature>;
pub(super) type RiskLevelCode = Coded<RiskLevel>;
pub(super) type ActivityStateCode = Coded<ActivityState>;
pub(super) type EnrolmentStateCode = Coded<EnrolmentState>;

/// 列表中的活动
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActivitySummaryView {
    /// 编号
    id: Uuid,
    /// 名称
    #[schema(example = "周末清理楼道")]
    title: String,
    /// 类别
    kind: ServiceKindCode,
    /// 性质
    nature: ServiceNatureCode,
    /// 是否属于参加者本职工作、在工作时间内完成的服务；是的只记时长，不计积分
    own_duty: bool,
    /// 风险等级
    risk_level: RiskLevelCode,
    /// 状态
    state: ActivityStateCode,
    /// 发布组织
    #[schema(example = "文源社区")]
    organisation: String,
    /// 集合地点
    #[schema(example = "新河湾小区东门")]
    place: String,
    /// 首场开始时间
    starts_at: BeijingTime,
    /// 末场结束时间
    ends_at: BeijingTime,
    /// 场次数
    #[schema(example = 1)]
    sessions: i64,
    /// 各场名额合计
    #[schema(example = 30)]
    capacity: i64,
    /// 各场已报名合计
    #[schema(example = 12)]
    enrolled: i64,
}

/// 列表中的活动（管理用）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ManagedSummaryView {
    /// 活动
    #[serde(flatten)]
    activity: ActivitySummaryView,
    /// 发布组织编号
    organisation_id: Uuid,
    /// 负责人
    #[schema(example = "张建国")]
    lead: String,
    /// 提交时间
    proposed_at: BeijingTime,
}

/// 场次
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionView {
    /// 编号，报名时填写
    id: Uuid,
    /// 开始时间
    starts_at: BeijingTime,
    /// 结束时间
    ends_at: BeijingTime,
    /// 报名截止时间
    enrolment_closes_at: BeijingTime,
    /// 名额
    #[schema(example = 30)]
    capacity: i32,
    /// 已报名人数
    #[schema(example = 12)]
    enrolled: i32,
}

/// 活动
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActivityView {
    /// 编号
    id: Uuid,
    /// 名称
    #[schema(example = "周末清理楼道")]
    title: String,
    /// 类别
    kind: ServiceKindCode,
    /// 性质
    nature: ServiceNatureCode,
    /// 是否属于参加者本职工作、在工作时间内完成的服务
    own_duty: bool,
    /// 关于积分的提示，须在报名前显示；本职工作才有
    #[schema(example = "只记时长，不计积分")]
    points_notice: Option<&'static str>,
    /// 应急响应的文号；应急服务才有
    #[schema(example = "市应急响应〔2026〕12号")]
    emergency_declaration: Option<String>,
    /// 状态
    state: ActivityStateCode,
    /// 发布组织编号
    organisation_id: Uuid,
    /// 发布组织
    #[schema(example = "文源社区")]
    organisation: String,
    /// 说明
    #[schema(example = "清理三号楼楼道堆放的杂物，请自备手套")]
    description: String,
    /// 集合地点
    #[schema(example = "新河湾小区东门")]
    place: String,
    /// 风险等级
    risk_level: RiskLevelCode,
    /// 风险告知
    #[schema(example = "登高作业，请听从指挥")]
    risk_notice: Option<String>,
    /// 已办理的保险
    #[schema(example = "志愿者意外伤害险")]
    insurance: Option<String>,
    /// 所需资质
    #[schema(example = "执业医师")]
    required_qualification: Option<String>,
    /// 负责人；除负责人本人和管理员外只显示姓氏
    #[schema(example = "张**")]
    lead: String,
    /// 首场开始时间
    starts_at: BeijingTime,
    /// 末场结束时间
    ends_at: BeijingTime,
    /// 场次
    sessions: Vec<SessionView>,
    /// 取消的原因
    #[schema(example = "当天有大雨")]
    cancellation_reason: Option<String>,
}

/// 我在一个场次的报名
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnPlaceView {
    /// 报名编号
    id: Uuid,
    /// 场次编号
    session_id: Uuid,
    /// 状态
    state: EnrolmentStateCode,
}

/// 活动（党员看到的）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberActivityView {
    /// 活动
    #[serde(flatten)]
    activity: ActivityView,
    /// 我的报名
    own_enrolments: Vec<OwnPlaceView>,
}

/// 活动（管理用）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ManagedActivityView {
    /// 活动
    #[serde(flatten)]
    activity: ActivityView,
    /// 负责人的党员编号
    lead_member_id: Uuid,
    /// 提交人的账号编号
    proposed_by: Uuid,
    /// 提交人；不能由本人审核
    #[schema(example = "社区管理员")]
    proposer: Option<String>,
    /// 提交时间
    proposed_at: BeijingTime,
    /// 审核人的账号编号
    reviewed_by: Option<Uuid>,
    /// 审核人
    #[schema(example = "街道管理员")]
    reviewer: Option<String>,
    /// 审核时间
    reviewed_at: Option<BeijingTime>,
    /// 审核意见
    #[schema(example = "同意")]
    review_comment: Option<String>,
}

impl ActivitySummaryView {
    pub(super) fn new(activity: ActivitySummary, now: Instant) -> Self {
        Self {
            id: activity.id.uuid(),
            title: activity.title,
            kind: Coded(activity.kind),
            nature: Coded(activity.nature),
            own_duty: activity.own_duty,
            risk_level: Coded(activity.risk),
            state: Coded(activity.state.at(activity.starts_at, activity.ends_at, now)),
            organisation: activity.node_name,
            place: activity.place,
            starts_at: activity.starts_at.into(),
            ends_at: activity.ends_at.into(),
            sessions: activity.seats.sessions,
            capacity: activity.seats.capacity,
            enrolled: activity.seats.enrolled,
        }
    }
}

impl ManagedSummaryView {
    pub(super) fn new(activity: ActivitySummary, now: Instant) -> Self {
        Self {
            organisation_id: activity.node.uuid(),
            lead: activity.lead_name.clone(),
            proposed_at: activity.proposed_at.into(),
            activity: ActivitySummaryView::new(activity, now),
        }
    }
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self {
            id: session.id.uuid(),
            starts_at: session.starts_at.into(),
            ends_at: session.ends_at.into(),
            enrolment_closes_at: session.enrolment_closes_at.into(),
            capacity: session.capacity,
            enrolled: session.enrolled,
        }
    }
}

impl ActivityView {
    /// The activity with its lead's whole name, for the lead and for admins.
    pub(super) fn new(detail: ActivityDetail, sessions: Vec<Session>, now: Instant) -> Self {
        let ActivityDetail { activity, node_name, lead_name, .. } = detail;
        let state = activity.state_at(now);
        Self {
            id: activity.id.uuid(),
            title: activity.title,
            kind: Coded(activity.kind),
            nature: Coded(activity.nature),
            own_duty: activity.own_duty,
            points_notice: points_notice(activity.own_duty, false),
            emergency_declaration: activity.emergency_declaration,
            state: Coded(state),
            organisation_id: activity.node.uuid(),
            organisation: node_name,
            description: activity.description,
            place: activity.place,
            risk_level: Coded(activity.risk.level),
            risk_notice: activity.risk.notice,
            insurance: activity.risk.insurance,
            required_qualification: activity.qualification,
            lead: lead_name,
            starts_at: activity.starts_at.into(),
            ends_at: activity.ends_at.into(),
            sessions: sessions.into_iter().map(SessionView::from).collect(),
            cancellation_reason: activity.cancellation.map(|cancelled| cancelled.reason),
        }
    }
}

impl MemberActivityView {
    pub(super) fn new(detail: ActivityDetail, sessions: Vec<Session>, own: Vec<OwnEnrolment>, now: Instant) -> Self {
        let mut activity = ActivityView::new(detail, sessions, now);
        activity.lead = masked_name(&activity.lead);
        let place = |own: OwnEnrolment| OwnPlaceView {
            id: own.enrolment.id.uuid(),
            session_id: own.enrolment.session.uuid(),
            state: Coded(own.enrolment.state),
        };
        Self { activity, own_enrolments: own.into_iter().map(place).collect() }
    }
}

impl ManagedActivityView {
    pub(super) fn new(detail: ActivityDetail, sessions: Vec<Session>, now: Instant) -> Self {
        let review = detail.activity.review.clone();
        Self {
            proposer: detail.proposer_name.clone(),
            reviewer: detail.reviewer_name.clone(),
            lead_member_id: detail.activity.lead.uuid(),
            proposed_by: detail.activity.proposed_by.uuid(),
            proposed_at: detail.activity.proposed_at.into(),
            reviewed_by: review.as_ref().map(|review| review.by.uuid()),
            reviewed_at: review.as_ref().map(|review| review.at.into()),
            review_comment: review.and_then(|review| review.comment),
            activity: ActivityView::new(detail, sessions, now),
        }
    }
}
