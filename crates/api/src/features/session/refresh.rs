//! Refreshing a session by rotation.

use actix_web::{post, web};
use domain::session::RefreshError;
use serde::Deserialize;
use storage::sessions;
use utoipa::ToSchema;

use crate::auth::refresh_token;
use crate::auth::sign_in::TokenView;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::UseCase;

/// 刷新令牌
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshRequest {
    /// 上次取得的刷新令牌
    #[schema(example = "AZmj8Gwe…")]
    pub(super) refresh_token: String,
}

/// 刷新登录
///
/// 用刷新令牌换取新的登录凭证。十秒内重复提交同一令牌得到同一结果；此后再用旧令牌，整个会话失效。
#[utoipa::path(tag = "登录", security(()), responses(
    (status = 200, description = "已换新", body = TokenView),
    (status = 401, description = "登录已失效，请重新登录", body = Problem, content_type = "application/problem+json"),
))]
#[post("/refresh")]
pub(super) async fn refresh_session(
    request: Json<RefreshRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<TokenView>> {
    let ended = || ApiError::new(ErrorCode::Unauthenticated, "登录已失效，请重新登录");
    let (id, counter) = refresh_token::read(&app.refresh_key, &request.0.refresh_token).ok_or_else(ended)?;

    let refreshed = use_case
        .write("refresh_session", move |work| {
            Box::pin(async move {
                work.about("session", id);
                let mut session = sessions::lock(&mut work.tx, id).await?.ok_or_else(ended)?;
                match session.refresh(counter, work.wall) {
                    Ok(()) => {
                        let token = refresh_token::derive(&work.app.refresh_key, session.id, session.counter);
                        sessions::update(&mut work.tx, &session, &refresh_token::hash(&token)).await?;
                        Ok(Some(session))
                    }
                    Err(RefreshError::Ended) => Err(ended()),
                    // That the session ends is kept, so this refusal travels inside `Ok`.
                    Err(RefreshError::Reused) => {
                        work.because("refresh_reused".into());
                        sessions::revoke(&mut work.tx, id, "refresh_reused", work.wall).await?;
                        Ok(None)
                    }
                }
            })
        })
        .await?;
    let session = refreshed.ok_or_else(ended)?;
    Ok(web::Json(app.token_view(&session).await?))
}
