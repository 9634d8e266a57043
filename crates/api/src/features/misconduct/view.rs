//! Cases of misconduct as the member and the admins see them.

use domain::id::MemberId;
use domain::misconduct::MisconductState;
use serde::Serialize;
use storage::misconduct_cases::MisconductDetail;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type MisconductStateCode = Coded<MisconductState>;

/// 违规处理
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MisconductView {
    /// 违规处理编号
    id: Uuid,
    /// 报名编号
    enrolment_id: Uuid,
    /// 活动标题
    #[schema(example = "周末清理楼道")]
    title: String,
    /// 违规事由
    #[schema(example = "本人未到场，由他人代为签到")]
    reason: String,
    /// 证据说明
    #[schema(example = "小区东门监控 9:00 至 11:00 未见本人，负责人已核实")]
    evidence: String,
    /// 是否弄虚作假
    fraud: bool,
    /// 状态
    state: MisconductStateCode,
    /// 是否作为负责人被追究责任
    as_lead: bool,
    /// 负有责任的负责人在此之前不能新任负责人，也不能确认或补录考勤；只有该负责人和办理人看得到
    lead_barred_until: Option<BeijingTime>,
    /// 另行扣除的积分；只作为负责人被追究的没有
    #[schema(example = 20)]
    deduction: Option<i64>,
    /// 追回积分的记账编号
    clawback_transfer_id: Option<Uuid>,
    /// 扣分的记账编号
    deduction_transfer_id: Option<Uuid>,
    /// 由哪个组织认定
    #[schema(example = "文源社区")]
    decided_by: Option<String>,
    /// 认定时间
    decided_at: Option<BeijingTime>,
    /// 不予认定的原因
    #[schema(example = "证据不足")]
    dismissal: Option<String>,
    /// 到这一时间为止可以申诉
    appeal_until: Option<BeijingTime>,
    /// 申诉理由
    #[schema(example = "当天我在三号楼服务，负责人可以作证")]
    appeal: Option<String>,
    /// 申诉时间
    appealed_at: Option<BeijingTime>,
    /// 由哪个组织裁定
    #[schema(example = "水泊寺街道")]
    ruled_by: Option<String>,
    /// 裁定时间
    ruled_at: Option<BeijingTime>,
    /// 裁定理由
    #[schema(example = "负责人作证，申诉成立")]
    ruling: Option<String>,
}

/// 违规处理（办理用）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ManagedMisconductView {
    /// 违规处理
    #[serde(flatten)]
    case: MisconductView,
    /// 党员编号
    member_id: Uuid,
    /// 党员姓名
    #[schema(example = "张建国")]
    member_name: String,
    /// 党员号
    #[schema(example = "PC00000001")]
    member_number: String,
    /// 负有责任的负责人的党员编号；不追究负责人的没有
    lead_at_fault_id: Option<Uuid>,
    /// 负有责任的负责人
    #[schema(example = "张建国")]
    lead_at_fault: Option<String>,
    /// 由哪个组织提出
    #[schema(example = "文源社区")]
    proposed_by: String,
    /// 提出时间
    proposed_at: BeijingTime,
}

impl MisconductView {
    /// What this member sees of it: what it cost is the accused one's to know, and the bar the lead's; one may be both.
    pub(super) fn seen_by(member: MemberId, detail: MisconductDetail) -> Self {
        let (accused, as_lead) = (detail.case.member == member, detail.case.lead_at_fault == Some(member));
        let mut view = Self { as_lead, ..Self::from(detail) };
        if !as_lead {
            view.lead_barred_until = None;
        }
        if !accused {
            (view.deduction, view.clawback_transfer_id, view.deduction_transfer_id) = (None, None, None);
        }
        view
    }
}

impl From<MisconductDetail> for MisconductView {
    fn from(detail: MisconductDetail) -> Self {
        let MisconductDetail { case, title, decided_by, ruled_by, .. } = detail;
        let ruled_at = case.ruling.as_ref().map(|ruling| ruling.step.at.into());
        let lead_barred_until = case.lead_is_barred_until().map(BeijingTime);
        let appealed_at = case.appeal.as_ref().map(|appeal| appeal.at.into());
        Self {
            id: case.id.uuid(),
            enrolment_id: case.enrolment.uuid(),
            title,
            reason: case.reason,
            evidence: case.evidence,
            fraud: case.fraud,
            state: Coded(case.state),
            as_lead: false,
            lead_barred_until,
            deduction: Some(case.deduction),
            clawback_transfer_id: case.clawback.map(Uuid::from),
            deduction_transfer_id: case.deducted.map(Uuid::from),
            decided_by,
            decided_at: case.decided.map(|step| step.at.into()),
            dismissal: case.dismissal,
            appeal_until: case.appeal_until.map(BeijingTime),
            appeal: case.appeal.map(|appeal| appeal.text),
            appealed_at,
            ruled_by,
            ruled_at,
            ruling: case.ruling.map(|ruling| ruling.text),
        }
    }
}

impl From<MisconductDetail> for ManagedMisconductView {
    fn from(detail: MisconductDetail) -> Self {
        Self {
            member_id: detail.case.member.uuid(),
            member_name: detail.member_name.clone(),
            member_number: detail.member_number.clone(),
            lead_at_fault_id: detail.case.lead_at_fault.map(MemberId::uuid),
            lead_at_fault: detail.lead_name.clone(),
            proposed_by: detail.proposed_by.clone(),
            proposed_at: detail.case.proposed.at.into(),
            case: detail.into(),
        }
    }
}
