//! The catalogue: what the mall shows, and what its keepers see.

use domain::id::{MerchantId, OfferId};
use domain::merchant::{MerchantCategory, MerchantState};
use domain::offer::{OfferSort, OfferState};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::{merchant, row};
use crate::database::ReadTx;
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{merchants, organisations, search};

/// Which offers a list is about.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only what members may redeem at this instant, apart from the stock.
    pub listed_at: Option<Instant>,
    /// Only those of merchants within these subtrees; none means everywhere.
    pub within: Option<Vec<NodePath>>,
    /// Only in this state.
    pub state: Option<OfferState>,
    /// Only this merchant's.
    pub merchant: Option<MerchantId>,
    /// Only about this.
    pub category: Option<MerchantCategory>,
    /// Only those whose title or merchant's name contains this text.
    pub text: Option<String>,
    /// Not below this price.
    pub price_from: Option<i64>,
    /// Not above this price.
    pub price_to: Option<i64>,
    /// Only those of which some are left.
    pub in_stock: bool,
    /// In which order; the newest first if none is named.
    pub sort: Option<OfferSort>,
}

/// The last offer of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferCursor {
    /// Its price.
    pub price: i64,
    /// The offer.
    pub id: OfferId,
}

/// An offer as a list shows it.
#[derive(Clone, Debug)]
pub struct OfferSummary {
    /// The offer.
    pub id: OfferId,
    /// Its merchant.
    pub merchant: MerchantId,
    /// The merchant's name.
    pub merchant_name: String,
    /// The headline.
    pub title: String,
    /// What it is about.
    pub category: MerchantCategory,
    /// The price in points.
    pub price: i64,
    /// The value in money, in fen.
    pub face_value_fen: i64,
    /// How many there were to give in all.
    pub stock_total: i64,
    /// How many are left.
    pub stock_left: i64,
    /// Where it stands.
    pub state: OfferState,
    /// When it ends.
    pub ends_at: Option<Instant>,
}

/// Lists offers.
pub async fn list(
    tx: &ReadTx,
    filter: &Filter,
    page: &PageRequest<OfferCursor>,
) -> Result<Page<OfferSummary, OfferCursor>> {
    let query = row::Entity::find()
        .select_only()
        .columns([
            row::Column::Id,
            row::Column::MerchantId,
            row::Column::Title,
            row::Column::Category,
            row::Column::Price,
            row::Column::FaceValueFen,
            row::Column::StockTotal,
            row::Column::StockLeft,
            row::Column::State,
            row::Column::EndsAt,
        ])
        .column_as(merchants::row::Column::Name, "merchant_name")
        .join(JoinType::InnerJoin, merchant())
        .limit(page.limit + 1);
    let query = after(restricted(query, filter), filter.sort.unwrap_or(OfferSort::Newest), page.after);
    let rows = query.into_model::<SummaryRow>().all(&tx.on()).await?;
    let offers = rows.into_iter().map(OfferSummary::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(offers, page.limit, |offer| OfferCursor { price: offer.price, id: offer.id }))
}

fn restricted(mut query: Select<row::Entity>, filter: &Filter) -> Select<row::Entity> {
    if let Some(now) = filter.listed_at {
        query = query
            .filter(row::Column::State.eq(code::write(OfferState::Listed)))
            .filter(row::Column::EndsAt.is_null().or(row::Column::EndsAt.gt(now)))
            .filter(merchants::row::Column::State.eq(code::write(MerchantState::Active)));
    }
    if let Some(paths) = &filter.within {
        query = query.join(JoinType::InnerJoin, merchants::node()).filter(organisations::inside(paths));
    }
    if let Some(state) = filter.state {
        query = query.filter(row::Column::State.eq(code::write(state)));
    }
    if let Some(merchant) = filter.merchant {
        query = query.filter(row::Column::MerchantId.eq(merchant.uuid()));
    }
    if let Some(category) = filter.category {
        query = query.filter(row::Column::Category.eq(code::write(category)));
    }
    if let Some(text) = &filter.text {
        let title = search::contains((row::Entity, row::Column::Title), text);
        let merchant = search::contains((merchants::row::Entity, merchants::row::Column::Name), text);
        query = query.filter(Condition::any().add(title).add(merchant));
    }
    if let Some(price) = filter.price_from {
        query = query.filter(row::Column::Price.gte(price));
    }
    if let Some(price) = filter.price_to {
        query = query.filter(row::Column::Price.lte(price));
    }
    if filter.in_stock {
        query = query.filter(row::Column::StockLeft.gte(1));
    }
    query
}

fn after(query: Select<row::Entity>, sort: OfferSort, after: Option<OfferCursor>) -> Select<row::Entity> {
    let id = || Expr::col((row::Entity, row::Column::Id));
    let price = || Expr::col((row::Entity, row::Column::Price));
    match (sort, after) {
        (OfferSort::Newest, None) => query.order_by_desc(row::Column::Id),
        (OfferSort::Newest, Some(last)) => query.filter(id().lt(last.id.uuid())).order_by_desc(row::Column::Id),
        (OfferSort::Cheapest, after) => {
            let query = match after {
                None => query,
                Some(last) => {
                    query.filter(price().gt(last.price).or(price().eq(last.price).and(id().lt(last.id.uuid()))))
                }
            };
            query.order_by_asc(row::Column::Price).order_by_desc(row::Column::Id)
        }
        (OfferSort::Dearest, after) => {
            let query = match after {
                None => query,
                Some(last) => {
                    query.filter(price().lt(last.price).or(price().eq(last.price).and(id().lt(last.id.uuid()))))
                }
            };
            query.order_by_desc(row::Column::Price).order_by_desc(row::Column::Id)
        }
    }
}

#[derive(FromQueryResult)]
struct SummaryRow {
    id: Uuid,
    merchant_id: Uuid,
    merchant_name: String,
    title: String,
    category: String,
    price: i64,
    face_value_fen: i64,
    stock_total: i64,
    stock_left: i64,
    state: String,
    ends_at: Option<Instant>,
}

impl TryFrom<SummaryRow> for OfferSummary {
    type Error = StorageError;

    fn try_from(row: SummaryRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            merchant: row.merchant_id.into(),
            merchant_name: row.merchant_name,
            title: row.title,
            category: code::read("offer", "category", row.id, &row.category)?,
            price: row.price,
            face_value_fen: row.face_value_fen,
            stock_total: row.stock_total,
            stock_left: row.stock_left,
            state: code::read("offer", "state", row.id, &row.state)?,
            ends_at: row.ends_at,
        })
    }
}
