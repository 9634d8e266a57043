//! Taking a member's WeChat away from them, so that another phone may be bound: after a change of phone or a wrong match.

use actix_web::{HttpResponse, post, web};
use domain::code::Code;
use domain::id::MemberId;
use domain::session::Audience;
use serde::Deserialize;
use storage::{identities, members, sessions};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 解除绑定
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnbindRequest {
    /// 原因，最多 200 字
    #[schema(example = "本人更换了微信，已当面核对身份")]
    reason: String,
}

/// 解除微信绑定
///
/// 党员更换微信或绑定有误时由所在单位办理。该微信的登录最迟五秒后失效；党员的报到、服务和积分不变，
/// 本人或正确的人可以重新绑定手机号。须先再次验证动态码。
#[utoipa::path(tag = "名册", params(("id" = Uuid, Path, description = "党员编号")), responses(
    (status = 204, description = "已解除"),
    (status = 403, description = "没有权限，或须再次验证动态码", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "没有这名党员", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "没有绑定微信", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写原因", body = Problem, content_type = "application/problem+json"),
))]
#[post("/members/{id}/unbinding")]
pub(super) async fn unbind_member(
    caller: Authorized<needs::ManageRoster>,
    id: web::Path<Uuid>,
    request: Json<UnbindRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let id = MemberId::new(*id);
    let reason = input::text("reason", &request.0.reason, 200)?;
    use_case.write("unbind_member", move |work| Box::pin(unbind(work, caller, id, reason))).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn unbind(
    work: &mut Work,
    caller: Authorized<needs::ManageRoster>,
    id: MemberId,
    reason: String,
) -> ApiResult<()> {
    members::find_in_subtree(&work.tx, &caller.scope, id).await?.ok_or_else(ApiError::not_found)?;
    caller.admin.stepped_up(work.wall)?;
    work.about("member", id);
    work.because(reason);
    let found = identities::lock_of_member(&mut work.tx, id).await?;
    let identity = found.ok_or_else(|| ApiError::new(ErrorCode::StateConflict, "这名党员没有绑定微信"))?.id;
    identities::unmatch(&mut work.tx, identity).await?;
    for audience in Audience::ALL {
        sessions::revoke_of_identity(&mut work.tx, identity, *audience, "unbound", work.wall).await?;
    }
    Ok(())
}
