//! Signing out.

use actix_web::{HttpRequest, HttpResponse, post};
use storage::sessions;

use super::refresh::RefreshRequest;
use crate::auth::refresh_token;
use crate::error::ApiResult;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::UseCase;

/// 退出登录
///
/// 结束这个会话：刷新令牌立即失效，访问令牌最迟五秒后失效。令牌无效时同样答复 204。
#[utoipa::path(tag = "登录", security(()), responses((status = 204, description = "已退出")))]
#[post("/logout")]
pub(super) async fn log_out_session(
    http: HttpRequest,
    request: Json<RefreshRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<HttpResponse> {
    if let Some((id, _)) = refresh_token::read(&app.refresh_key, &request.0.refresh_token) {
        use_case
            .write("log_out_session", move |work| {
                Box::pin(async move {
                    work.about("session", id);
                    Ok(sessions::revoke(&mut work.tx, id, "logged_out", work.wall).await?)
                })
            })
            .await?;
        app.forget_sender(&http);
    }
    Ok(HttpResponse::NoContent().finish())
}
