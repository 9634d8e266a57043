//! Enrolments on the wire.

use chrono::Duration;
use domain::activity::{Activity, Session};
use domain::enrolment::{Enrolment, EnrolmentState};
use domain::service::{Evaluation, points_notice};
use serde::Serialize;
use storage::enrolments::{AttendanceToReview, OwnEnrolment};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type EnrolmentStateCode = Coded<EnrolmentState>;
pub(super) type EvaluationCode = Coded<Evaluation>;

/// 我的报名
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnEnrolmentView {
    /// 编号
    id: Uuid,
    /// 活动编号
    activity_id: Uuid,
    /// 场次编号
    session_id: Uuid,
    /// 活动名称
    #[schema(example = "周末清理楼道")]
    title: String,
    /// 集合地点
    #[schema(example = "新河湾小区东门")]
    place: String,
    /// 关于积分的提示；本职工作和暂不计积分的才有
    #[schema(example = "只记时长，不计积分")]
    points_notice: Option<&'static str>,
    /// 本场开始时间
    starts_at: BeijingTime,
    /// 本场结束时间
    ends_at: BeijingTime,
    /// 状态
    state: EnrolmentStateCode,
    /// 报名时间
    enrolled_at: BeijingTime,
    /// 签到时间
    checked_in_at: Option<BeijingTime>,
    /// 签退时间
    checked_out_at: Option<BeijingTime>,
    /// 是否忘记签退、按计划结束时间计算
    closed_automatically: bool,
    /// 服务分钟，不超过计划时长
    #[schema(example = 120)]
    minutes: Option<i64>,
    /// 补录的分钟，由负责人事后补录，单独累计
    #[schema(example = 60)]
    made_up_minutes: Option<i64>,
    /// 负责人的评价
    evaluation: Option<EvaluationCode>,
    /// 审核未通过的原因；公示中有异议、异议成立的，是对异议的答复
    #[schema(example = "未见到场")]
    refusal_reason: Option<String>,
    /// 公示截止时间，期满后入账；有异议的在处理完毕之前不入账
    publicity_ends_at: Option<BeijingTime>,
    /// 入账时间
    credited_at: Option<BeijingTime>,
    /// 入账积分
    #[schema(example = 40)]
    points: Option<i64>,
}

/// 待审核的考勤
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttendanceView {
    /// 报名编号，审核时填写
    id: Uuid,
    /// 活动编号
    activity_id: Uuid,
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
    /// 党员姓名
    #[schema(example = "李秀英")]
    member_name: String,
    /// 党员服务编号
    #[schema(example = "PC00000002")]
    member_number: String,
    /// 负责人
    #[schema(example = "张建国")]
    lead: String,
    /// 状态
    state: EnrolmentStateCode,
    /// 签到时间
    checked_in_at: Option<BeijingTime>,
    /// 签退时间
    checked_out_at: Option<BeijingTime>,
    /// 是否忘记签退、按计划结束时间计算
    closed_automatically: bool,
    /// 签到时是否提供了位置
    located: bool,
    /// 服务分钟
    #[schema(example = 120)]
    minutes: Option<i64>,
    /// 补录的分钟，须核实依据
    #[schema(example = 60)]
    made_up_minutes: Option<i64>,
    /// 补录的依据
    #[schema(example = "签到设备故障，有现场合影和签名册")]
    made_up_evidence: Option<String>,
    /// 负责人的评价
    evaluation: Option<EvaluationCode>,
    /// 负责人确认时间
    confirmed_at: Option<BeijingTime>,
    /// 是否在积分规则规定的登记期限之后才确认，须从严审核
    confirmed_late: bool,
    /// 审核时间
    reviewed_at: Option<BeijingTime>,
    /// 审核未通过的原因
    #[schema(example = "未见到场")]
    refusal_reason: Option<String>,
    /// 公示截止时间
    publicity_ends_at: Option<BeijingTime>,
}

impl OwnEnrolmentView {
    /// An enrolment that earned nothing yet.
    pub(super) fn new(enrolment: Enrolment, activity: &Activity, session: &Session) -> Self {
        let (title, place) = (activity.title.clone(), activity.place.clone());
        let (starts_at, ends_at) = (session.starts_at, session.ends_at);
        let own_duty = activity.own_duty;
        let (points, unpaid) = (None, false);
        OwnEnrolment { enrolment, title, place, own_duty, starts_at, ends_at, points, unpaid }.into()
    }
}

impl From<OwnEnrolment> for OwnEnrolmentView {
    fn from(own: OwnEnrolment) -> Self {
        let OwnEnrolment { enrolment, title, place, own_duty, starts_at, ends_at, points, unpaid } = own;
        Self {
            id: enrolment.id.uuid(),
            activity_id: enrolment.activity.uuid(),
            session_id: enrolment.session.uuid(),
            title,
            place,
            points_notice: points_notice(own_duty, unpaid),
            starts_at: starts_at.into(),
            ends_at: ends_at.into(),
            state: Coded(enrolment.state),
            enrolled_at: enrolment.enrolled_at.into(),
            checked_in_at: enrolment.checked_in_at.map(BeijingTime),
            checked_out_at: enrolment.checked_out_at.map(BeijingTime),
            closed_automatically: enrolment.closed_automatically,
            minutes: enrolment.timed_minutes,
            made_up_minutes: enrolment.made_up.map(|made_up| made_up.minutes),
            evaluation: enrolment.confirmation.map(|confirmation| Coded(confirmation.evaluation)),
            refusal_reason: enrolment.review.and_then(|review| review.refusal),
            publicity_ends_at: enrolment.publicity_ends_at.map(BeijingTime),
            credited_at: enrolment.settled_at.map(BeijingTime),
            points,
        }
    }
}

impl AttendanceView {
    /// Attendance that was to be confirmed within so many days; what came later deserves a second look.
    pub(super) fn new(attendance: AttendanceToReview, register_within_days: u32) -> Self {
        let register_within = Duration::days(register_within_days.into());
        let enrolment = attendance.enrolment;
        let confirmed_at = enrolment.confirmation.map(|confirmation| confirmation.at);
        let review = enrolment.review;
        Self {
            id: enrolment.id.uuid(),
            activity_id: enrolment.activity.uuid(),
            title: attendance.title,
            organisation: attendance.node_name,
            starts_at: attendance.starts_at.into(),
            ends_at: attendance.ends_at.into(),
            member_name: attendance.member_name,
            member_number: attendance.member_number,
            lead: attendance.lead_name,
            state: Coded(enrolment.state),
            checked_in_at: enrolment.checked_in_at.map(BeijingTime),
            checked_out_at: enrolment.checked_out_at.map(BeijingTime),
            closed_automatically: enrolment.closed_automatically,
            located: enrolment.location.is_some(),
            minutes: enrolment.timed_minutes,
            made_up_minutes: enrolment.made_up.as_ref().map(|made_up| made_up.minutes),
            made_up_evidence: enrolment.made_up.map(|made_up| made_up.evidence),
            evaluation: enrolment.confirmation.map(|confirmation| Coded(confirmation.evaluation)),
            confirmed_at: confirmed_at.map(BeijingTime),
            confirmed_late: confirmed_at.is_some_and(|at| at - attendance.ends_at > register_within),
            reviewed_at: review.as_ref().map(|review| review.at.into()),
            refusal_reason: review.and_then(|review| review.refusal),
            publicity_ends_at: enrolment.publicity_ends_at.map(BeijingTime),
        }
    }
}
