//! What the member shows in the shop: a code to read out, and a QR code that dies within a minute.

use actix_web::{HttpResponse, get, web};
use domain::id::{MemberId, RedemptionId};
use domain::redemption::RedemptionState;
use domain::voucher;
use serde::Serialize;
use storage::redemptions;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::qr;
use crate::http::time::BeijingTime;
use crate::state::{App, State};

/// 兑换券的券码和二维码
#[derive(Debug, Serialize, ToSchema)]
struct VoucherCodeView {
    /// 券码，可以念给店员
    #[schema(example = "7Q2M-9XKD-4TRB-0W8N")]
    code: String,
    /// 二维码的内容
    #[schema(example = "ZX1.0199A3F06C1E7A319A560D8F4F0F2B11.1795500060.3F0C9D5A7BE14C6B8D2E1F0A")]
    qr: String,
    /// 二维码到这一时间为止有效，过后须重新取得
    qr_expires_at: BeijingTime,
    /// 兑换券到这一时间为止有效
    expires_at: BeijingTime,
}

/// 出示兑换券
///
/// 二维码 60 秒内有效，截图过期即作废。
#[utoipa::path(tag = "兑换", params(("id" = Uuid, Path, description = "兑换编号")), responses(
    (status = 200, description = "券码和二维码", body = VoucherCodeView),
    (status = 404, description = "没有这次兑换", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已核销、已取消或已过期", body = Problem, content_type = "application/problem+json"),
))]
#[get("/redemptions/{id}/code")]
pub(super) async fn show_voucher_code(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    app: App,
) -> ApiResult<web::Json<VoucherCodeView>> {
    let id = RedemptionId::new(*id);
    let expires_at = usable(&app, caller.member, id).await?;
    let (qr, qr_expires_at) = voucher::qr(&app.code_key, id, app.clock.wall());
    Ok(web::Json(VoucherCodeView {
        code: voucher::code(&app.voucher_key, id).to_string(),
        qr,
        qr_expires_at: qr_expires_at.into(),
        expires_at,
    }))
}

/// 出示兑换券二维码
///
/// 与二维码内容相同的 SVG 图片，60 秒内有效。
#[utoipa::path(tag = "兑换", params(("id" = Uuid, Path, description = "兑换编号")), responses(
    (status = 200, description = "二维码", body = String, content_type = "image/svg+xml"),
    (status = 404, description = "没有这次兑换", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已核销、已取消或已过期", body = Problem, content_type = "application/problem+json"),
))]
#[get("/redemptions/{id}/qr.svg")]
pub(super) async fn show_voucher_qr(caller: CurrentMember, id: web::Path<Uuid>, app: App) -> ApiResult<HttpResponse> {
    let id = RedemptionId::new(*id);
    usable(&app, caller.member, id).await?;
    qr::picture(&voucher::qr(&app.code_key, id, app.clock.wall()).0)
}

/// Until when the member's voucher is good, if it still is.
async fn usable(app: &State, member: MemberId, id: RedemptionId) -> ApiResult<BeijingTime> {
    let detail = redemptions::find_own(&app.database.read(), member, id).await?.ok_or_else(ApiError::not_found)?;
    let refusal = |code, detail: &str| Err(ApiError::new(code, detail));
    match detail.redemption.state_at(app.clock.business()) {
        RedemptionState::Issued => Ok(detail.redemption.expires_at.into()),
        RedemptionState::Verified | RedemptionState::Settled => {
            refusal(ErrorCode::AlreadyVerified, "该兑换券已核销，不能再出示")
        }
        RedemptionState::Expired => refusal(ErrorCode::VoucherExpired, "该兑换券已过期，不能再出示"),
        RedemptionState::Cancelled => refusal(ErrorCode::VoucherCancelled, "该兑换券已取消，不能再出示"),
        RedemptionState::Reversed => refusal(ErrorCode::VoucherReversed, "该兑换券的核销已撤销，不能再出示"),
    }
}
