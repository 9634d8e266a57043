//! Changing one's own password.

use actix_web::{HttpResponse, post};
use serde::Deserialize;
use storage::{admins, sessions};
use utoipa::ToSchema;

use crate::auth::caller::CurrentAdmin;
use crate::auth::password;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::UseCase;

/// 修改密码
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePasswordRequest {
    /// 当前密码
    #[schema(example = "见首次启动时的提示")]
    current_password: String,
    /// 新密码，12 到 128 个字符
    #[schema(example = "秋水-共长天.一色2026")]
    new_password: String,
}

/// 修改密码
///
/// 修改后所有会话失效，请用新密码重新登录。
#[utoipa::path(tag = "登录", responses(
    (status = 204, description = "已修改"),
    (status = 401, description = "当前密码不正确", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "新密码不合要求", body = Problem, content_type = "application/problem+json"),
))]
#[post("/password")]
pub(super) async fn change_password(
    caller: CurrentAdmin,
    request: Json<ChangePasswordRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<HttpResponse> {
    let ChangePasswordRequest { current_password, new_password } = request.0;
    app.limit(&format!("password:{}", caller.admin.id), 5, std::time::Duration::from_mins(15)).await?;
    password::check(&new_password, &caller.admin.account)?;
    let wrong = || ApiError::new(ErrorCode::CredentialsInvalid, "当前密码不正确");
    let id = caller.admin.id;
    let stored = admins::find(&app.database.read(), &app.vault, id).await?.ok_or_else(wrong)?;
    if !password::verify(&app, current_password, stored.password_hash).await? {
        use_case.note_refusal("change_password", &wrong()).await;
        return Err(wrong());
    }
    let hash = password::hash_aside(&app, new_password).await?;

    use_case
        .write("change_password", move |work| {
            Box::pin(async move {
                let vault = &work.app.clone().vault;
                work.about("admin", id);
                let mut admin = admins::lock(&mut work.tx, vault, id).await?.ok_or_else(wrong)?;
                admin.password_hash = hash;
                admin.must_change_password = false;
                admin.password_expires_at = None;
                admins::update(&mut work.tx, &admin).await?;
                Ok(sessions::revoke_of_admin(&mut work.tx, id, "password_changed", work.wall).await?)
            })
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
