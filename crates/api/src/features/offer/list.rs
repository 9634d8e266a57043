//! Lists of offers: the mall, and what admins look after.

use std::fmt;
use std::str::FromStr;

use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::id::{MerchantId, OfferId};
use domain::page::{Page, PageRequest};
use storage::offers::{self, Filter, OfferCursor};
use storage::{ReadTx, accounts};

use super::query::{ManagedOfferQuery, OfferQuery};
use super::view::{ManagedOfferSummaryView, OfferSummaryView};
use crate::auth::caller::{Authorized, CurrentMember, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::input;
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::http::tagged::Tagged;
use crate::state::{App, State};

/// 优惠列表
///
/// 上架中的优惠。带 ETag；请求头 If-None-Match 与之相同时答复 304，没有内容。
#[utoipa::path(tag = "积分商城", params(OfferQuery), responses(
    (status = 200, description = "优惠列表", body = Listed<OfferSummaryView>),
    (status = 304, description = "与 If-None-Match 相同，没有内容"),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/offers")]
pub(super) async fn list_offers(
    caller: CurrentMember,
    query: Query<OfferQuery>,
    app: App,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let Query(query) = query;
    if query.affordable {
        let balance = accounts::balance(&app.database.read(), caller.member, app.clock.business()).await?;
        let page = page(&app, query, Some(balance.available)).await?;
        return Ok(page.answer(&request));
    }
    // The same for everybody. A clock that was moved shows another mall.
    let asked = serde_json::to_string(&(&query, app.clock.ahead_seconds())).map_err(ApiError::internal)?;
    let page = app.offer_pages.get(asked, || page(&app, query, None)).await?;
    Ok(page.answer(&request))
}

async fn page(app: &State, query: OfferQuery, affordable: Option<i64>) -> ApiResult<Tagged> {
    let price_to = [query.price_to, affordable].into_iter().flatten().min();
    let filter = Filter {
        listed_at: Some(app.clock.business()),
        merchant: query.merchant_id.map(MerchantId::new),
        category: query.category.map(|category| category.0),
        text: input::optional_line("text", query.text.as_deref(), 30)?,
        price_from: query.price_from,
        price_to,
        in_stock: query.in_stock,
        sort: query.sort.map(|sort| sort.0),
        ..Filter::default()
    };
    let listed: Listed<OfferSummaryView> = list(&app.database.read(), &filter, query.limit, query.cursor).await?;
    Tagged::of(&listed)
}

/// 辖区内的优惠
///
/// 本级及下级组织的商家的优惠，最新的在前。
#[utoipa::path(tag = "优惠", params(ManagedOfferQuery), responses(
    (status = 200, description = "优惠列表", body = Listed<ManagedOfferSummaryView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
#[get("/offers")]
pub(super) async fn list_managed_offers(
    caller: Authorized<needs::ReadMall>,
    query: Query<ManagedOfferQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<ManagedOfferSummaryView>>> {
    let Query(query) = query;
    let filter = Filter {
        within: Some(caller.scope),
        state: query.state.map(|state| state.0),
        merchant: query.merchant_id.map(MerchantId::new),
        text: input::optional_line("text", query.text.as_deref(), 30)?,
        ..Filter::default()
    };
    Ok(web::Json(list(&app.database.read(), &filter, query.limit, query.cursor).await?))
}

async fn list<V: From<offers::OfferSummary>>(
    read: &ReadTx,
    filter: &Filter,
    limit: Option<u64>,
    cursor: Option<String>,
) -> ApiResult<Listed<V>> {
    let PageRequest { after, limit } = page_request::<Last>(limit, cursor.as_deref())?;
    let page = PageRequest { after: after.map(|last| last.0), limit };
    let found = offers::list(read, filter, &page).await?;
    let found = Page { items: found.items, next: found.next.map(Last) };
    Ok(Listed::of(found, V::from))
}

/// Where a page of offers ended.
struct Last(OfferCursor);

impl fmt::Display for Last {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0.price, self.0.id)
    }
}

impl FromStr for Last {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (price, id) = text.split_once('.').ok_or(())?;
        let price = price.parse().map_err(|_| ())?;
        Ok(Self(OfferCursor { price, id: id.parse::<OfferId>().map_err(|_| ())? }))
    }
}
