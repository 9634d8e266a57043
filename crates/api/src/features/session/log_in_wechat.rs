//! Signing in with WeChat.

use std::time::Duration;

use actix_web::{post, web};
use domain::session::{Audience, Holder};
use serde::Deserialize;
use storage::identities;
use utoipa::ToSchema;
use wechat_auth::Error as WechatError;

use crate::auth::sign_in::{self, TokenView};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::coded::{AudienceCode, Coded};
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::UseCase;

/// 微信登录
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WechatLogInRequest {
    /// wx.login 取得的 code，五分钟内有效，只能用一次
    #[schema(example = "login:zhang-jianguo:1")]
    code: String,
    /// 登录身份：member 或 merchant
    audience: AudienceCode,
}

/// 微信登录
///
/// 用 wx.login 的 code 换取登录凭证。每种身份各有一个会话，再次登录使同一身份的旧会话失效。
/// 尚未与名册匹配（或还不是店员）时 bound 为假，只能查看自己的状态、绑定手机号或接受邀请。
#[utoipa::path(tag = "登录", security(()), responses(
    (status = 200, description = "登录成功", body = TokenView),
    (status = 401, description = "code 无效或已使用，请重新调用 wx.login", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "过于频繁", body = Problem, content_type = "application/problem+json"),
))]
#[post("/wechat-login")]
pub(super) async fn log_in_wechat(
    request: Json<WechatLogInRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<TokenView>> {
    let Json(WechatLogInRequest { code, audience: Coded(audience) }) = request;
    if audience == Audience::Admin {
        return Err(ApiError::field("audience", "管理员请用账号、密码和动态码登录"));
    }
    if code.is_empty() || code.len() > 256 {
        return Err(ApiError::field("code", "应为 wx.login 取得的 code"));
    }
    app.limit(&format!("wechat-login:{}", use_case.ip().unwrap_or("")), 600, Duration::from_mins(1)).await?;
    let user = app.wechat.code_to_session(&code).await.map_err(refusal);
    if let Err(refusal) = &user
        && refusal.code.audited()
    {
        use_case.note_refusal("log_in_wechat", refusal).await;
    }
    let user = user?;

    let session = use_case
        .write("log_in_wechat", move |work| {
            Box::pin(async move {
                let app_id = work.app.wechat_app_id.clone();
                let identity =
                    identities::find_or_insert(&mut work.tx, &app_id, &user.openid, user.unionid, work.wall).await?;
                // Two phones of one person sign in one after the other.
                identities::lock(&mut work.tx, identity.id).await?;
                sign_in::begin(work, audience, Holder::Identity(identity.id)).await
            })
        })
        .await?;
    Ok(web::Json(app.token_view(&session).await?))
}

fn refusal(error: WechatError) -> ApiError {
    match error {
        WechatError::CodeInvalid(_) => ApiError::new(ErrorCode::LoginCodeInvalid, "登录码无效或已使用过，请重新登录"),
        WechatError::UserBlocked(_) => ApiError::new(ErrorCode::LoginBlocked, "微信判定该账号存在风险，暂时不能登录"),
        WechatError::TooManyRequests(_) => ApiError::too_many(60),
        WechatError::Busy(_) => ApiError::unavailable(error),
        _ => ApiError::internal(error),
    }
}
