//! The receipt for an entry, once it is sealed.

use std::time::Duration;

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpResponse, get, web};
use domain::id::TransferId;
use domain::points::receipt;
use storage::{entries, receipts};
use uuid::Uuid;

use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::receipt_file::ReceiptView;
use crate::state::App;

/// Each receipt works out the leaves of a whole seal.
const MOST_A_MINUTE: u64 = 20;

/// 下载这笔积分的凭证
///
/// 自成一体的文件：连同封存公钥，不必信任本系统即可用 `zhixiang verify-receipt` 离线核验。入账后约一分钟封存，之后才有凭证。
#[utoipa::path(tag = "积分", params(("transfer_id" = Uuid, Path, description = "记账编号")), responses(
    (status = 200, description = "凭证", body = ReceiptView),
    (status = 404, description = "没有这笔积分", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "尚未封存", body = Problem, content_type = "application/problem+json"),
))]
#[get("/points/entries/{transfer_id}/receipt")]
pub(super) async fn show_receipt(caller: CurrentMember, id: web::Path<Uuid>, app: App) -> ApiResult<HttpResponse> {
    app.limit(&format!("receipts:{}", caller.member), MOST_A_MINUTE, Duration::from_mins(1)).await?;
    let (tx, id) = (app.database.read(), TransferId::new(*id));
    entries::find_own(&tx, caller.member, id).await?.ok_or_else(ApiError::not_found)?;
    let found = receipts::find_own(&tx, caller.member, id).await?;
    let (receipt, signed) = found
        .ok_or_else(|| ApiError::new(ErrorCode::NotSealedYet, "这笔积分刚刚入账，尚未封存，请过一分钟再来下载凭证"))?;
    // A receipt that proves nothing is for nobody; the job that reconciles the ledger says what is wrong with it.
    receipt::check(&receipt).map_err(ApiError::internal)?;
    let name = format!("attachment; filename=\"receipt-{id}.json\"");
    Ok(HttpResponse::Ok().insert_header((CONTENT_DISPOSITION, name)).json(ReceiptView::new(receipt, signed)))
}
