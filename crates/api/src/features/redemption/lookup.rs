//! Looking a voucher up before honouring it.

use std::time::Duration;

use actix_web::{post, web};
use domain::typed_code::TypedCode;
use domain::voucher::{self, QrError};
use serde::Deserialize;
use storage::redemptions;
use utoipa::ToSchema;

use super::view::VoucherView;
use crate::auth::caller::CurrentStaff;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::UseCase;

/// Unknown codes that one staff member may type within the window.
const GUESSES: u64 = 10;
const WINDOW: Duration = Duration::from_mins(10);

/// 查询兑换券
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LookupRequest {
    /// 顾客念出的券码；大小写、空格、短横线不限。与 qr 二选一
    #[schema(example = "7Q2M-9XKD-4TRB-0W8N")]
    code: Option<String>,
    /// 扫到的二维码内容。与 code 二选一
    #[schema(example = "ZX1.0199A3F06C1E7A319A560D8F4F0F2B11.1795500060.3F0C9D5A7BE14C6B8D2E1F0A")]
    qr: Option<String>,
}

/// 查询兑换券
///
/// 只能查到本商家的。十分钟内输错十次券码后须等待。
#[utoipa::path(tag = "核销", responses(
    (status = 200, description = "兑换券", body = VoucherView),
    (status = 404, description = "没有这张券，或不是本商家的", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "二维码已过期", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "不是券码或二维码", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "输错次数过多", body = Problem, content_type = "application/problem+json"),
))]
#[post("/vouchers/lookup")]
pub(super) async fn lookup_voucher(
    caller: CurrentStaff,
    request: Json<LookupRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<VoucherView>> {
    let (read, merchant) = (app.database.read(), caller.staff.merchant);
    let unknown = || ApiError::new(ErrorCode::NotFound, "没有找到这张兑换券，请核对券码，或确认是否为本店的券");
    let found = match (request.0.code, request.0.qr) {
        (Some(code), None) => {
            let code = TypedCode::parse(&code).map_err(|error| ApiError::field("code", error))?;
            let guesses = format!("voucher-guesses:{}", caller.staff.id);
            app.refuse_beyond(&guesses, GUESSES, WINDOW).await?;
            let hash = voucher::lookup_hash(&app.voucher_key, &code);
            let found = redemptions::find_of_merchant_by_code_hash(&read, merchant, hash).await?;
            if found.is_none() && app.counted(&guesses, WINDOW).await >= GUESSES {
                use_case.note_refusal("lookup_voucher", &ApiError::too_many(WINDOW.as_secs())).await;
            }
            found
        }
        (None, Some(qr)) => {
            let id = voucher::read_qr(&app.code_key, qr.trim(), app.clock.wall())?;
            redemptions::find_of_merchant(&read, merchant, id).await?
        }
        _ => return Err(ApiError::field("code", "请填写券码或二维码其中之一")),
    };
    let detail = found.ok_or_else(unknown)?;
    Ok(web::Json(VoucherView::new(detail, app.clock.business())))
}

impl From<QrError> for ApiError {
    fn from(error: QrError) -> Self {
        let code = match error {
            QrError::Foreign => ErrorCode::VoucherQrForeign,
            QrError::Stale => ErrorCode::VoucherQrStale,
        };
        Self::new(code, error.to_string())
    }
}
