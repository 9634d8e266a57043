//! The member appeals, or the lead at fault.

use actix_web::{post, web};
use domain::id::MisconductId;
use domain::misconduct::MisconductState;
use serde::Deserialize;
use storage::misconduct_cases;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::MisconductView;
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::UseCase;

/// 申诉
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AppealRequest {
    /// 申诉理由，最多 1000 字
    #[schema(example = "当天我在三号楼服务，负责人可以作证")]
    text: String,
}

/// 申诉
///
/// 认定后五个工作日内，本人或负有责任的负责人可以申诉，共一次；由上一级组织中没有参与办理的人裁定。
#[utoipa::path(tag = "违规处理", params(("id" = Uuid, Path, description = "违规处理编号")), responses(
    (status = 200, description = "已受理", body = MisconductView),
    (status = 404, description = "没有这项违规处理", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不在可申诉的状态，或申诉期已满", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写理由", body = Problem, content_type = "application/problem+json"),
))]
#[post("/misconduct-cases/{id}/appeal")]
pub(super) async fn appeal_misconduct_case(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    request: Json<AppealRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<MisconductView>> {
    let (id, member) = (MisconductId::new(*id), caller.member);
    let text = input::text("text", &request.0.text, 1000)?;
    let story = use_case.write("appeal_misconduct_case", move |work| {
        Box::pin(async move {
            let found = misconduct_cases::lock_own(&mut work.tx, member, id).await?;
            let mut case = found.ok_or_else(ApiError::not_found)?;
            work.about("misconduct_case", id);
            case.appeal(member, text, work.now)?;
            misconduct_cases::update(&mut work.tx, &case, MisconductState::Confirmed).await?;
            let shown = misconduct_cases::find_own(&work.tx, member, id).await?;
            Ok(MisconductView::seen_by(member, shown.ok_or_else(ApiError::not_found)?))
        })
    });
    story.await.map(web::Json)
}
