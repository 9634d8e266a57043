//! Giving the second factor again, before something grave.

use actix_web::{post, web};
use chrono::Duration;
use serde::Deserialize;
use storage::{admins, sessions};
use utoipa::ToSchema;

use crate::auth::caller::CurrentAdmin;
use crate::auth::sign_in::TokenView;
use crate::auth::totp;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::UseCase;

/// 再次验证
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepUpRequest {
    /// 身份验证器上的六位动态码（不能与登录时的相同）
    #[schema(example = "123456")]
    totp: String,
}

/// 再次验证动态码
///
/// 五分钟内可以办理授权、调整积分、查看完整个人信息等业务。答复新的访问令牌，旧的随即失效。
#[utoipa::path(tag = "登录", responses(
    (status = 200, description = "已验证", body = TokenView),
    (status = 401, description = "动态码不正确", body = Problem, content_type = "application/problem+json"),
))]
#[post("/step-up")]
pub(super) async fn step_up_session(
    caller: CurrentAdmin,
    request: Json<StepUpRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<TokenView>> {
    let CurrentAdmin { admin, session } = caller;
    app.limit(&format!("step-up:{}", admin.id), 5, std::time::Duration::from_mins(15)).await?;
    let code = request.0.totp;
    let stepped_up = use_case
        .write("step_up_session", move |work| {
            Box::pin(async move {
                let wrong = || ApiError::new(ErrorCode::CredentialsInvalid, "动态码不正确，请等下一个动态码再试");
                let vault = &work.app.clone().vault;
                work.about("session", session);
                let mut admin = admins::lock(&mut work.tx, vault, admin.id).await?.ok_or_else(wrong)?;
                let step = totp::check(&admin.totp_secret, &code, admin.totp_last_step, work.wall)?;
                admin.totp_last_step = step.ok_or_else(wrong)?;
                admins::update(&mut work.tx, &admin).await?;
                sessions::step_up(&mut work.tx, session, work.wall + Duration::minutes(5)).await?;
                sessions::find(&work.tx, session).await?.ok_or_else(wrong)
            })
        })
        .await?;
    Ok(web::Json(app.token_view(&stepped_up).await?))
}
