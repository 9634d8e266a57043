//! Becoming shop staff by a merchant's invitation.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, post};
use domain::id::{IdentityId, StaffId};
use domain::merchant::{InvitationError, invitation_code_hash};
use domain::typed_code::TypedCode;
use serde::Deserialize;
use storage::{StorageError, merchants, staff, staff_invitations};
use utoipa::ToSchema;
use uuid::Uuid;

use super::show_own::OwnStaffView;
use crate::auth::caller::CurrentIdentity;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// Codes that one WeChat user may try within the window.
const TRIES: u64 = 10;
const WINDOW: Duration = Duration::from_mins(10);

/// 接受邀请
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AcceptInvitationRequest {
    /// 邀请码；大小写、空格、短横线不限
    #[schema(example = "7Q2M-9XKD-4TRB-0W8N")]
    code: String,
}

/// 接受商家邀请
///
/// 成为店员。尚未成为店员的用户可以调用，每十分钟最多试十次。
#[utoipa::path(tag = "店员", responses(
    (status = 201, description = "已成为店员", body = OwnStaffView),
    (status = 404, description = "邀请码不正确", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "邀请码已使用或已过期，或您已是店员", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "不是邀请码", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "尝试过于频繁", body = Problem, content_type = "application/problem+json"),
))]
#[post("/invitations/acceptance")]
pub(super) async fn accept_invitation(
    caller: CurrentIdentity,
    request: Json<AcceptInvitationRequest>,
    use_case: UseCase,
    app: App,
    http: HttpRequest,
) -> ApiResult<HttpResponse> {
    let code = TypedCode::parse(&request.0.code).map_err(|error| ApiError::field("code", error))?;
    app.limit(&format!("invitation:{}", caller.identity), TRIES, WINDOW).await?;
    let identity = caller.identity;
    let own = use_case.write("accept_invitation", move |work| Box::pin(accept(work, identity, code))).await?;
    app.forget_sender(&http);
    Ok(HttpResponse::Created().json(own))
}

async fn accept(work: &mut Work, identity: IdentityId, code: TypedCode) -> ApiResult<OwnStaffView> {
    let hash = invitation_code_hash(&work.app.voucher_key, &code);
    let invitation = staff_invitations::lock_by_code_hash(&mut work.tx, hash).await?;
    let mut invitation = invitation.ok_or_else(|| ApiError::new(ErrorCode::NotFound, "邀请码不正确，请向商家核对"))?;
    work.about("staff_invitation", invitation.id);
    // A phone that never saw the answer asks again.
    if let Some(own) = staff::find_active(&work.tx, identity).await?
        && invitation.accepted_by == Some(own.id)
    {
        return OwnStaffView::find(&work.tx, own).await;
    }
    let merchant = merchants::find_any(&work.tx, invitation.merchant).await?.ok_or_else(ApiError::not_found)?;
    let joined = invitation.accept(&merchant, StaffId::new(Uuid::now_v7()), work.now)?;
    staff::insert(&mut work.tx, &joined, identity, work.now).await.map_err(already)?;
    staff_invitations::accepted(&mut work.tx, &invitation, work.now).await?;
    OwnStaffView::find(&work.tx, joined).await
}

fn already(error: StorageError) -> ApiError {
    if error.breaks("identity_id") {
        return ApiError::new(ErrorCode::AlreadyStaff, "您已是一家商家的店员，离岗后才能接受新的邀请");
    }
    error.into()
}

impl From<InvitationError> for ApiError {
    fn from(error: InvitationError) -> Self {
        let code = match error {
            InvitationError::Used => ErrorCode::InvitationUsed,
            InvitationError::Expired => ErrorCode::InvitationExpired,
            InvitationError::MerchantNotActive => ErrorCode::MerchantNotActive,
        };
        Self::new(code, error.to_string())
    }
}
