//! Reporting to the estate where one lives.

use actix_web::{HttpResponse, post};
use domain::id::{NodeId, ResidencyId};
use domain::residency::{Declaration, MOST_ITEMS, ReportError, Residency, ResidencyState};
use serde::Deserialize;
use storage::{members, organisations, residencies};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ResidencyView;
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 报到
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportRequest {
    /// 小区编号，由“查找小区”得到
    estate_id: Uuid,
    /// 楼栋门牌，最多 60 字
    #[schema(example = "3号楼2单元501")]
    building: String,
    /// 特长，最多 10 项，每项最多 20 字
    #[serde(default)]
    #[schema(example = json!(["急救", "法律咨询"]))]
    skills: Vec<String>,
    /// 服务意愿，最多 10 项，每项最多 20 字
    #[serde(default)]
    #[schema(example = json!(["周末可参加"]))]
    wishes: Vec<String>,
}

/// 提交报到
///
/// 向居住的小区报到，依次由原单位确认、社区接收。同一时间只能有一份有效报到。
#[utoipa::path(tag = "报到", responses(
    (status = 201, description = "已提交，等待单位确认", body = ResidencyView),
    (status = 409, description = "已有报到，或不在在职党员名册", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/residencies")]
pub(super) async fn report_residency(
    caller: CurrentMember,
    request: Json<ReportRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let Json(ReportRequest { estate_id, building, skills, wishes }) = request;
    let declaration = Declaration {
        building: input::line("building", &building, 60)?,
        skills: items("skills", &skills)?,
        wishes: items("wishes", &wishes)?,
    };
    let view = use_case
        .write("report_residency", move |work| Box::pin(report(work, caller, NodeId::new(estate_id), declaration)))
        .await?;
    Ok(HttpResponse::Created().json(view))
}

async fn report(
    work: &mut Work,
    caller: CurrentMember,
    estate: NodeId,
    declaration: Declaration,
) -> ApiResult<ResidencyView> {
    let member = members::find(&work.tx, caller.member).await?.ok_or_else(ApiError::not_found)?;
    let estate = organisations::find(&work.tx, estate).await?.ok_or(ReportError::NotAnEstate)?;
    let open = residencies::find_open(&work.tx, member.id).await?;
    let id = ResidencyId::new(Uuid::now_v7());
    let residency = Residency::report(id, &member, &estate, declaration, open.as_ref(), work.now)?;
    work.about("residency", id);
    // Two reports at the same moment both find none open; the schema lets one in.
    residencies::insert(&mut work.tx, &residency).await.map_err(|error| {
        if residencies::is_open_conflict(&error) {
            return ApiError::from(ReportError::AlreadyOpen(ResidencyState::Submitted));
        }
        error.into()
    })?;
    let own = residencies::find_own(&work.tx, member.id, id).await?.ok_or_else(ApiError::not_found)?;
    Ok(own.into())
}

fn items(field: &str, items: &[String]) -> ApiResult<Vec<String>> {
    if items.len() > MOST_ITEMS {
        return Err(ApiError::field(field, format!("最多 {MOST_ITEMS} 项")));
    }
    let item = |(index, item): (usize, &String)| input::line(&format!("{field}[{index}]"), item, 20);
    items.iter().enumerate().map(item).collect()
}
