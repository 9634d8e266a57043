//! Inviting somebody to confirm vouchers in a store.

use actix_web::{HttpResponse, post, web};
use domain::id::{InvitationId, MerchantId, StoreId};
use domain::merchant::{INVITATION_LIFETIME, Invitation, invitation_code_hash};
use domain::typed_code::TypedCode;
use serde::{Deserialize, Serialize};
use storage::{merchants, staff_invitations, stores};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::input;
use crate::http::json::Json;
use crate::http::time::BeijingTime;
use crate::keys;
use crate::use_case::UseCase;

/// 邀请店员
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InviteStaffRequest {
    /// 门店编号，须是该商家的
    store_id: Uuid,
    /// 店员姓名，最多 30 字
    #[schema(example = "王芳")]
    name: String,
}

/// 店员邀请
#[derive(Debug, Serialize, ToSchema)]
struct InvitationView {
    /// 邀请编号
    id: Uuid,
    /// 邀请码，只在这里出现一次，请转告本人
    #[schema(example = "7Q2M-9XKD-4TRB-0W8N")]
    code: String,
    /// 到这一时间为止有效
    expires_at: BeijingTime,
}

/// 邀请店员
///
/// 本人用微信登录商家端，输入邀请码后即成为店员。邀请码七天内有效，只能用一次。
#[utoipa::path(tag = "商家", params(("id" = Uuid, Path, description = "商家编号")), responses(
    (status = 201, description = "邀请码", body = InvitationView),
    (status = 404, description = "没有这个商家", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/merchants/{id}/invitations")]
pub(super) async fn invite_staff(
    caller: Authorized<needs::ManageMall>,
    id: web::Path<Uuid>,
    request: Json<InviteStaffRequest>,
    use_case: UseCase,
) -> ApiResult<HttpResponse> {
    let (merchant, store) = (MerchantId::new(*id), StoreId::new(request.0.store_id));
    let name = input::line("name", &request.0.name, 30)?;
    let view = use_case.write("invite_staff", move |work| {
        Box::pin(async move {
            let found = merchants::find_within(&work.tx, &caller.scope, merchant).await?;
            let merchant = found.ok_or_else(ApiError::not_found)?.id;
            let store = stores::find_of(&work.tx, merchant, store).await?;
            let store = store.ok_or_else(|| ApiError::field("store_id", "该商家没有这个门店"))?.id;
            let code = TypedCode::from_random(keys::random());
            let expires_at = work.now + INVITATION_LIFETIME;
            let id = InvitationId::new(Uuid::now_v7());
            work.about("staff_invitation", id);
            let invitation = Invitation { id, merchant, store, name, expires_at, accepted_by: None };
            let hash = invitation_code_hash(&work.app.voucher_key, &code);
            staff_invitations::insert(&mut work.tx, &invitation, hash, caller.admin.id, work.now).await?;
            Ok(InvitationView { id: id.uuid(), code: code.to_string(), expires_at: expires_at.into() })
        })
    });
    Ok(HttpResponse::Created().json(view.await?))
}
