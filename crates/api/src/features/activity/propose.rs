//! Proposing an activity.

use actix_web::{HttpResponse, post};
use domain::activity::{Activity, Plan, PlanError, Proposal, ProposalError, Risk, Session};
use domain::id::{ActivityId, ActivitySessionId, MemberId, NodeId};
use serde::Deserialize;
use storage::{activities, activity_sessions, members, organisations};
use utoipa::ToSchema;
use uuid::Uuid;

use super::may_lead;
use super::view::{ManagedActivityView, RiskLevelCode, ServiceKindCode, ServiceNatureCode};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::input;
use crate::http::json::Json;
use crate::http::time::BeijingTime;
use crate::use_case::{UseCase, Work};

/// 提交活动
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProposeRequest {
    /// 发布组织编号，须在您的辖区内
    organisation_id: Uuid,
    /// 名称，4 到 60 字
    #[schema(example = "周末清理楼道")]
    title: String,
    /// 类别；专业服务须写明资质，应急服务只由区级发布，须写明应急响应的文号
    kind: ServiceKindCode,
    /// 性质
    nature: ServiceNatureCode,
    /// 是否属于参加者本职工作、在工作时间内完成的服务；是的只记时长，不计积分。不填即为否
    #[serde(default)]
    #[schema(example = false)]
    own_duty: bool,
    /// 应急响应的文号，如“市应急响应〔2026〕12号”，最多 100 字；应急服务必填，其他类别不能填
    #[schema(example = json!(null))]
    emergency_declaration: Option<String>,
    /// 说明，10 到 2000 字
    #[schema(example = "清理三号楼楼道堆放的杂物，请自备手套")]
    description: String,
    /// 集合地点，2 到 100 字
    #[schema(example = "新河湾小区东门")]
    place: String,
    /// 风险等级
    risk_level: RiskLevelCode,
    /// 风险告知，中、高风险必填，最多 500 字
    #[schema(example = "登高作业，请听从指挥")]
    risk_notice: Option<String>,
    /// 已办理的保险，高风险必填，最多 100 字
    #[schema(example = "志愿者意外伤害险")]
    insurance: Option<String>,
    /// 所需资质，专业服务必填，最多 100 字
    #[schema(example = "执业医师")]
    required_qualification: Option<String>,
    /// 负责人的党员编号
    lead_member_id: Uuid,
    /// 场次，1 到 20 个，互不重叠
    #[schema(example = json!([{
        "starts_at": "2026-11-24T09:30:00+08:00",
        "ends_at": "2026-11-24T11:30:00+08:00",
        "enrolment_closes_at": "2026-11-24T08:00:00+08:00",
        "capacity": 30,
    }]))]
    sessions: Vec<PlanRequest>,
}

/// 计划的场次
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanRequest {
    /// 开始时间，晚于现在
    starts_at: BeijingTime,
    /// 结束时间，每场不超过 24 小时
    ends_at: BeijingTime,
    /// 报名截止时间，不晚于开始时间；不填即为开始时间
    enrolment_closes_at: Option<BeijingTime>,
    /// 名额，1 到 2000
    #[schema(example = 30)]
    capacity: i32,
}

/// 提交活动
///
/// 提交后由上一级组织的其他人员审核发布；区级活动由区级另一人审核。
#[utoipa::path(tag = "活动", responses(
    (status = 201, description = "已提交，等待审核", body = ManagedActivityView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/activities")]
pub(super) async fn propose_activity(
    caller: Authorized<needs::ProposeActivity>,
    request: Json<ProposeRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let (node, lead) = (NodeId::new(request.0.organisation_id), MemberId::new(request.0.lead_member_id));
    let proposal = read(request.0)?;
    let story = use_case.write("propose_activity", move |work| Box::pin(propose(work, caller, node, lead, proposal)));
    Ok(HttpResponse::Created().json(story.await?))
}

async fn propose(
    work: &mut Work,
    caller: Authorized<needs::ProposeActivity>,
    node: NodeId,
    lead: MemberId,
    proposal: Proposal,
) -> ApiResult<ManagedActivityView> {
    let node = organisations::find_within(&work.tx, &caller.scope, node).await?;
    let node = node.ok_or_else(|| ApiError::field("organisation_id", "没有这个组织，或不在您的辖区内"))?;
    let lead = members::find_belonging(&work.tx, &caller.scope, lead).await?;
    let lead = lead.ok_or_else(|| ApiError::field("lead_member_id", "没有这名党员，或不在您的辖区内"))?;
    may_lead(work, lead.id).await?;
    let id = ActivityId::new(Uuid::now_v7());
    let plans = proposal.plans.clone();
    let activity = Activity::propose(id, proposal, &node, &lead, caller.admin.id, work.now).map_err(refused)?;
    let session = |plan: &Plan| Session::planned(ActivitySessionId::new(Uuid::now_v7()), id, plan);
    let mut sessions: Vec<_> = plans.iter().map(session).collect();
    work.about("activity", id);
    activities::insert(&mut work.tx, &activity).await?;
    activity_sessions::insert_all(&mut work.tx, &sessions).await?;
    sessions.sort_by_key(|session| session.starts_at);
    let detail = activities::ActivityDetail {
        activity,
        node_name: node.name,
        lead_name: lead.name,
        proposer_name: Some(caller.admin.name),
        reviewer_name: None,
    };
    Ok(ManagedActivityView::new(detail, sessions, work.now))
}

fn read(request: ProposeRequest) -> ApiResult<Proposal> {
    let plan = |plan: PlanRequest| Plan {
        starts_at: plan.starts_at.0,
        ends_at: plan.ends_at.0,
        enrolment_closes_at: plan.enrolment_closes_at.unwrap_or(plan.starts_at).0,
        capacity: plan.capacity,
    };
    let optional = |field, text: Option<&str>, most| input::optional_line(field, text, most);
    Ok(Proposal {
        title: input::line("title", &request.title, 60)?,
        kind: request.kind.0,
        nature: request.nature.0,
        own_duty: request.own_duty,
        emergency_declaration: optional("emergency_declaration", request.emergency_declaration.as_deref(), 100)?,
        description: input::text("description", &request.description, 2000)?,
        place: input::line("place", &request.place, 100)?,
        risk: Risk {
            level: request.risk_level.0,
            notice: optional("risk_notice", request.risk_notice.as_deref(), 500)?,
            insurance: optional("insurance", request.insurance.as_deref(), 100)?,
        },
        qualification: optional("required_qualification", request.required_qualification.as_deref(), 100)?,
        plans: request.sessions.into_iter().map(plan).collect(),
    })
}

fn refused(errors: Vec<ProposalError>) -> ApiError {
    let mut refusal = ApiError::from(ErrorCode::InvalidInput);
    for error in errors {
        let field = match error {
            ProposalError::Title => "title",
            ProposalError::Place => "place",
            ProposalError::Description => "description",
            ProposalError::Publisher => "organisation_id",
            ProposalError::Emergency => "kind",
            ProposalError::Declaration | ProposalError::NoEmergency => "emergency_declaration",
            ProposalError::Lead => "lead_member_id",
            ProposalError::Qualification => "required_qualification",
            ProposalError::RiskNotice => "risk_notice",
            ProposalError::Insurance => "insurance",
            ProposalError::Sessions => "sessions",
            ProposalError::Plan { index, error } => {
                let field = match error {
                    PlanError::Past | PlanError::TooFar | PlanError::Overlap => "starts_at",
                    PlanError::Ends | PlanError::TooLong => "ends_at",
                    PlanError::Enrolment => "enrolment_closes_at",
                    PlanError::Seats => "capacity",
                };
                &format!("sessions[{index}].{field}")
            }
        };
        refusal.errors.extend(ApiError::field(field, error).errors);
    }
    refusal
}
