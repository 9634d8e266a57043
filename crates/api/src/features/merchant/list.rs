//! Lists of merchants.

use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::id::MerchantId;
use domain::merchant::MerchantState;
use storage::merchants::{self, Filter};

use super::query::{ManagedMerchantQuery, MerchantQuery};
use super::view::{ManagedMerchantSummaryView, MerchantSummaryView};
use crate::auth::caller::{Authorized, CurrentMember, needs};
use crate::error::{ApiResult, Problem};
use crate::http::input;
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::http::tagged::Tagged;
use crate::state::App;

/// 商家列表
///
/// 合作中的商家。带 ETag；请求头 If-None-Match 与之相同时答复 304，没有内容。
#[utoipa::path(tag = "积分商城", params(MerchantQuery), responses(
    (status = 200, description = "商家列表", body = Listed<MerchantSummaryView>),
    (status = 304, description = "与 If-None-Match 相同，没有内容"),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/merchants")]
pub(super) async fn list_merchants(
    _: CurrentMember,
    query: Query<MerchantQuery>,
    app: App,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let filter = Filter {
        state: Some(MerchantState::Active),
        category: query.category.map(|category| category.0),
        text: input::optional_line("text", query.text.as_deref(), 30)?,
        within: None,
    };
    let page = page_request::<MerchantId>(query.limit, query.cursor.as_deref())?;
    let found = merchants::list(&app.database.read(), &filter, &page).await?;
    Ok(Tagged::of(&Listed::of(found, MerchantSummaryView::from))?.answer(&request))
}

/// 辖区内的商家
///
/// 由本级及下级组织联系的商家。
#[utoipa::path(tag = "商家", params(ManagedMerchantQuery), responses(
    (status = 200, description = "商家列表", body = Listed<ManagedMerchantSummaryView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/merchants")]
pub(super) async fn list_managed_merchants(
    caller: Authorized<needs::ReadMall>,
    query: Query<ManagedMerchantQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ManagedMerchantSummaryView>>> {
    let filter = Filter {
        within: Some(caller.scope),
        state: query.state.map(|state| state.0),
        category: query.category.map(|category| category.0),
        text: input::optional_line("text", query.text.as_deref(), 30)?,
    };
    let page = page_request::<MerchantId>(query.limit, query.cursor.as_deref())?;
    let found = merchants::list(&app.database.read(), &filter, &page).await?;
    Ok(web::Json(Listed::of(found, ManagedMerchantSummaryView::from)))
}
