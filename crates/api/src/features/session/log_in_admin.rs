//! Signing in as an administrator.

use std::time::Duration;

use actix_web::{post, web};
use domain::session::{Audience, Holder};
use serde::Deserialize;
use storage::admins::{self, Admin};
use utoipa::ToSchema;

use crate::auth::sign_in::{self, TokenView};
use crate::auth::{password, totp};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::{UseCase, Work};

const FAILURES_BEFORE_LOCK: i32 = 5;

/// 管理员登录
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdminLogInRequest {
    /// 账号
    #[schema(example = "district")]
    account: String,
    /// 密码
    #[schema(example = "见首次启动时的提示")]
    password: String,
    /// 身份验证器上的六位动态码
    #[schema(example = "123456")]
    totp: String,
}

/// 管理员登录
///
/// 账号、密码、动态码三者同时核对；连续错五次锁定十五分钟，再错则加倍。锁定期间的答复与填错相同，由安全管理员查看和解锁。
#[utoipa::path(tag = "登录", security(()), responses(
    (status = 200, description = "登录成功", body = TokenView),
    (status = 401, description = "账号、密码或动态码不正确，或账号已锁定", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "过于频繁", body = Problem, content_type = "application/problem+json"),
))]
#[post("/admin-login")]
pub(super) async fn log_in_admin(
    request: Json<AdminLogInRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<TokenView>> {
    let Json(AdminLogInRequest { account, password, totp }) = request;
    app.limit(&format!("admin-login:{}", use_case.ip().unwrap_or("")), 60, Duration::from_mins(1)).await?;
    let known = admins::find_by_account(&app.database.read(), &app.vault, &account).await?;
    let hash = known.as_ref().map_or_else(password::nobody, |admin| admin.password_hash.clone());
    let matches = password::verify(&app, password, hash).await?;
    let Some(id) = known.map(|admin| admin.id) else {
        use_case.note_refusal("log_in_admin", &wrong()).await;
        return Err(wrong());
    };

    let outcome = use_case
        .write("log_in_admin", move |work| {
            Box::pin(async move {
                let vault = &work.app.clone().vault;
                let admin = admins::lock(&mut work.tx, vault, id).await?.ok_or_else(wrong)?;
                work.about("admin", id);
                let step = totp::check(&admin.totp_secret, &totp, admin.totp_last_step, work.wall)?;
                decide(work, admin, matches, step).await
            })
        })
        .await?;
    Ok(web::Json(app.token_view(&outcome?).await?))
}

/// The one answer to whatever is wrong, so that nobody learns which accounts there are or what was right.
fn wrong() -> ApiError {
    let detail = "账号、密码或动态码不正确；连续错误五次的账号会锁定一段时间，可请安全管理员解锁";
    ApiError::new(ErrorCode::CredentialsInvalid, detail)
}

/// A failed attempt is kept too, so the refusal travels inside `Ok`.
async fn decide(
    work: &mut Work,
    mut admin: Admin,
    password_matches: bool,
    step: Option<i64>,
) -> ApiResult<Result<domain::session::Session, ApiError>> {
    let now = work.wall;
    if admin.locked_until.is_some_and(|until| now < until) {
        return Err(wrong());
    }
    let fresh = admin.password_expires_at.is_none_or(|ends| now < ends);
    let (true, true, true, Some(step)) = (password_matches, fresh, admin.active, step) else {
        admin.failures += 1;
        if admin.failures >= FAILURES_BEFORE_LOCK {
            let doublings = u32::try_from(admin.failures - FAILURES_BEFORE_LOCK).unwrap_or(0).min(7);
            admin.locked_until = Some(now + chrono::Duration::minutes((15 << doublings).min(24 * 60)));
        }
        admins::update(&mut work.tx, &admin).await?;
        work.refused(ErrorCode::CredentialsInvalid);
        return Ok(Err(wrong()));
    };
    admin.failures = 0;
    admin.locked_until = None;
    admin.totp_last_step = step;
    admin.totp_confirmed = true;
    admins::update(&mut work.tx, &admin).await?;
    Ok(Ok(sign_in::begin(work, Audience::Admin, Holder::Admin(admin.id)).await?))
}
