//! The public keys that sign seals, and those that did.

use actix_web::{get, web};
use serde::Serialize;
use storage::seal_keys;
use utoipa::ToSchema;

use crate::auth::caller::{CurrentAdmin, CurrentMember};
use crate::error::ApiResult;
use crate::http::exact::Base64Bytes;
use crate::http::time::BeijingTime;
use crate::state::App;

/// 封存公钥
#[derive(Debug, Serialize, ToSchema)]
struct SealKeysView {
    /// 公钥，先启用的在前
    items: Vec<SealKeyView>,
}

/// 一个封存公钥
#[derive(Debug, Serialize, ToSchema)]
struct SealKeyView {
    /// 编号
    #[schema(example = "21fe31dfa154a261")]
    key_id: String,
    /// Ed25519 公钥
    public_key: Base64Bytes,
    /// 启用时间；尚未签过的没有
    first_used_at: Option<BeijingTime>,
    /// 是否为现在使用的
    current: bool,
}

/// 封存公钥列表
///
/// 核验记账凭证时使用，包括已停用的。
#[utoipa::path(tag = "账本", responses((status = 200, description = "公钥列表", body = SealKeysView)))]
#[get("/ledger-seal-keys")]
pub(super) async fn list_seal_keys(_: CurrentMember, app: App) -> ApiResult<web::Json<SealKeysView>> {
    listed(&app).await
}

/// 封存公钥列表（管理）
///
/// 核验账本和记账凭证时使用，包括已停用的。
#[utoipa::path(tag = "账本", responses((status = 200, description = "公钥列表", body = SealKeysView)))]
#[get("/ledger-seal-keys")]
pub(super) async fn list_managed_seal_keys(_: CurrentAdmin, app: App) -> ApiResult<web::Json<SealKeysView>> {
    listed(&app).await
}

async fn listed(app: &App) -> ApiResult<web::Json<SealKeysView>> {
    let own = app.seal_key.checker();
    let known = seal_keys::list(&app.database.read()).await?;
    let is_known = known.iter().any(|key| key.id == own.id());
    let mut items: Vec<_> = known
        .into_iter()
        .map(|key| SealKeyView {
            current: key.id == own.id(),
            key_id: key.id,
            public_key: Base64Bytes(key.public),
            first_used_at: Some(key.first_used_at.into()),
        })
        .collect();
    if !is_known {
        let (key_id, public_key) = (own.id().to_owned(), Base64Bytes(own.public().to_vec()));
        items.push(SealKeyView { key_id, public_key, first_used_at: None, current: true });
    }
    Ok(web::Json(SealKeysView { items }))
}
