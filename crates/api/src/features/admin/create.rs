//! Creating an account, which can do nothing until somebody else grants it a role.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post};
use chrono::Duration;
use domain::id::{AdminId, MemberId};
use serde::{Deserialize, Serialize};
use storage::admins::{self, Admin};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::caller::{Authorized, needs};
use crate::auth::{password, totp};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::input;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::UseCase;

/// 新建管理员
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateAdminRequest {
    /// 账号，登录时填写
    #[schema(example = "wenyuan-02")]
    account: String,
    /// 姓名
    #[schema(example = "周敏")]
    name: String,
    /// 本人的党员编号；两人规则按人而不按账号判断
    #[schema(example = json!(null))]
    member_id: Option<Uuid>,
}

/// 新账号的一次性凭证，只在这里出现一次
#[derive(Debug, Serialize, ToSchema)]
struct NewAdminView {
    /// 编号
    id: Uuid,
    /// 账号
    #[schema(example = "wenyuan-02")]
    account: String,
    /// 一次性密码，24 小时内有效，首次登录后须修改
    #[schema(example = "J2H5…")]
    one_time_password: String,
    /// 身份验证器扫码用的地址
    #[schema(example = "otpauth://totp/…")]
    totp_address: String,
}

/// 新建管理员账号
///
/// 新账号没有任何角色，须由安全管理员另行授权。须先再次验证动态码。
#[utoipa::path(tag = "管理员", responses(
    (status = 201, description = "已新建", body = NewAdminView),
    (status = 403, description = "没有权限，或须再次验证动态码", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "账号已存在", body = Problem, content_type = "application/problem+json"),
))]
#[post("/admins")]
pub(super) async fn create_admin(
    caller: Authorized<needs::ManageAdmins>,
    request: Json<CreateAdminRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<HttpResponse> {
    caller.admin.stepped_up(app.clock.wall())?;
    let account = input::line("account", &request.0.account, 40)?;
    let name = input::line("name", &request.0.name, 30)?;
    let one_time_password = data_encoding::BASE32_NOPAD.encode(&crate::keys::random()[..15]);
    let admin = Admin {
        id: AdminId::new(Uuid::now_v7()),
        account,
        name,
        password_hash: password::hash_aside(&app, one_time_password.clone()).await?,
        totp_secret: totp::new_secret(),
        totp_last_step: 0,
        totp_confirmed: false,
        must_change_password: true,
        password_expires_at: Some(app.clock.wall() + Duration::hours(24)),
        member: request.0.member_id.map(MemberId::new),
        failures: 0,
        locked_until: None,
        active: true,
        demo: false,
    };
    let view = NewAdminView {
        id: admin.id.uuid(),
        account: admin.account.clone(),
        one_time_password,
        totp_address: totp::enrolment_address(&admin.totp_secret, &admin.account)?,
    };
    use_case
        .write("create_admin", move |work| {
            Box::pin(async move {
                work.about("admin", admin.id);
                let app = work.app.clone();
                let kept = admins::insert(&mut work.tx, &app.vault, &admin, work.wall).await;
                kept.map_err(|error| if error.breaks("account") { taken() } else { linked(error) })
            })
        })
        .await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(view))
}

fn taken() -> ApiError {
    ApiError::new(ErrorCode::StateConflict, "这个账号已经存在，请换一个")
}

fn linked(error: storage::StorageError) -> ApiError {
    if error.breaks("member_id") || error.breaks("FOREIGN KEY") {
        return ApiError::field("member_id", "没有这名党员，或已与另一个账号关联");
    }
    error.into()
}
