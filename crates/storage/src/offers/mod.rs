//! Offers (优惠): their rows, and the stock, which changes by amounts only.

mod list;

pub use list::{Filter, OfferCursor, OfferSummary, list};

use std::collections::HashMap;

use domain::id::{AdminId, OfferId};
use domain::merchant::Merchant;
use domain::offer::{Offer, OfferState, Promise};
use domain::organisation::NodePath;
use domain::time::Instant;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, JoinType, QueryFilter, QuerySelect, RelationDef};

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::{code, few_lengths};
use crate::{join, merchants, organisations};

/// An offer with the names that its keepers see beside it.
#[derive(Clone, Debug)]
pub struct OfferDetail {
    /// The offer.
    pub offer: Offer,
    /// Whose it is.
    pub merchant: Merchant,
    /// The name of the admin who drafted it.
    pub drafter_name: Option<String>,
    /// The name of the admin who approved it.
    pub approver_name: Option<String>,
}

/// Keeps a new offer.
pub async fn insert(tx: &mut WriteTx, offer: &Offer, now: Instant) -> Result<()> {
    let promise = &offer.promise;
    row::Entity::insert(row::ActiveModel {
        id: Set(offer.id.uuid()),
        merchant_id: Set(offer.merchant.uuid()),
        title: Set(promise.title.clone()),
        category: Set(code::write(promise.category)),
        description: Set(promise.description.clone()),
        terms: Set(promise.terms.clone()),
        price: Set(promise.price),
        face_value_fen: Set(promise.face_value_fen),
        funding_source: Set(code::write(promise.funding)),
        stock_total: Set(promise.stock),
        stock_left: Set(offer.stock_left),
        limit_per_member: Set(promise.limit_per_member),
        voucher_days: Set(promise.voucher_days),
        state: Set(code::write(offer.state)),
        ends_at: Set(promise.ends_at),
        drafted_by: Set(offer.drafted_by.uuid()),
        approved_by: Set(offer.approved_by.map(AdminId::uuid)),
        review_comment: Set(offer.review_comment.clone()),
        created_at: Set(now),
        updated_at: Set(now),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// Finds an offer with its merchant, whatever its state.
pub async fn find_any(tx: &ReadTx, id: OfferId) -> Result<Option<(Offer, Merchant)>> {
    with_merchant(tx, row::Entity::find_by_id(id.uuid())).await
}

/// Finds the offers that members may look at: in the mall, or out of it for a while.
pub async fn find_shown(tx: &ReadTx, ids: &[OfferId]) -> Result<HashMap<OfferId, (Offer, Merchant)>> {
    let shown = [OfferState::Listed, OfferState::Paused].map(code::write);
    let query = row::Entity::find()
        .filter(row::Column::Id.is_in(few_lengths(ids).map(OfferId::uuid)))
        .filter(row::Column::State.is_in(shown));
    let rows = query.join(JoinType::InnerJoin, merchant()).select_also(merchants::row::Entity).all(&tx.on()).await?;
    let found = rows.into_iter().filter_map(|(offer, merchant)| Some((offer, merchant?)));
    found.map(|(offer, merchant)| Ok((offer.id.into(), (offer.try_into()?, merchant.try_into()?)))).collect()
}

/// Finds an offer of a merchant that hangs within these subtrees.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: OfferId) -> Result<Option<OfferDetail>> {
    let query = row::Entity::find_by_id(id.uuid())
        .filter(organisations::inside(paths))
        .join(JoinType::InnerJoin, merchant())
        .join(JoinType::InnerJoin, merchants::node());
    let admin = |part, column: row::Column| join::of(part, "id").eq(column.into_expr());
    let query = join::perhaps(query, "admin", "drafter", admin("drafter", row::Column::DraftedBy));
    let query = join::perhaps(query, "admin", "approver", admin("approver", row::Column::ApprovedBy))
        .expr_as(join::of("drafter", "name"), "drafter_name")
        .expr_as(join::of("approver", "name"), "approver_name")
        .select_also(merchants::row::Entity);
    let found = query.into_model::<row::Named, merchants::row::Model>().one(&tx.on()).await?;
    let Some((row::Named { offer, drafter_name, approver_name }, Some(merchant))) = found else { return Ok(None) };
    Ok(Some(OfferDetail { offer: offer.try_into()?, merchant: merchant.try_into()?, drafter_name, approver_name }))
}

/// Locks an offer that [`find_within`] found, for a step; a piece is taken without. The lock leaves alone those who have
/// noted a redemption of the offer and are about to take their piece: a stronger one would wait for them and they for it.
pub async fn lock(tx: &mut WriteTx, id: OfferId) -> Result<Option<Offer>> {
    let query = row::Entity::find_by_id(id.uuid()).lock(LockType::NoKeyUpdate);
    query.one(&tx.on()).await?.map(Offer::try_from).transpose()
}

/// Keeps the step that a locked offer took.
pub async fn save_state(tx: &mut WriteTx, offer: &Offer, now: Instant) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::State, code::write(offer.state).into())
        .col_expr(row::Column::ApprovedBy, offer.approved_by.map(AdminId::uuid).into())
        .col_expr(row::Column::ReviewComment, offer.review_comment.clone().into())
        .col_expr(row::Column::UpdatedAt, now.into())
        .filter(row::Column::Id.eq(offer.id.uuid()))
        .exec(&tx.on())
        .await?;
    Ok(())
}

/// Keeps the new words and numbers of a locked draft; nobody has taken from its stock yet.
pub async fn save_draft(tx: &mut WriteTx, offer: &Offer, now: Instant) -> Result<()> {
    let promise = &offer.promise;
    row::Entity::update_many()
        .col_expr(row::Column::Title, promise.title.clone().into())
        .col_expr(row::Column::Category, code::write(promise.category).into())
        .col_expr(row::Column::Description, promise.description.clone().into())
        .col_expr(row::Column::Terms, promise.terms.clone().into())
        .col_expr(row::Column::Price, promise.price.into())
        .col_expr(row::Column::FaceValueFen, promise.face_value_fen.into())
        .col_expr(row::Column::FundingSource, code::write(promise.funding).into())
        .col_expr(row::Column::StockTotal, promise.stock.into())
        .col_expr(row::Column::StockLeft, offer.stock_left.into())
        .col_expr(row::Column::LimitPerMember, promise.limit_per_member.into())
        .col_expr(row::Column::VoucherDays, promise.voucher_days.into())
        .col_expr(row::Column::EndsAt, promise.ends_at.into())
        .col_expr(row::Column::DraftedBy, offer.drafted_by.uuid().into())
        .col_expr(row::Column::UpdatedAt, now.into())
        .filter(row::Column::Id.eq(offer.id.uuid()))
        .filter(row::Column::State.eq(code::write(OfferState::Draft)))
        .exec(&tx.on())
        .await?;
    Ok(())
}

/// Changes what there is to give, by an amount.
pub async fn change_stock(tx: &mut WriteTx, id: OfferId, change: i64, now: Instant) -> Result<bool> {
    let changed = row::Entity::update_many()
        .col_expr(row::Column::StockTotal, Expr::col(row::Column::StockTotal).add(change))
        .col_expr(row::Column::StockLeft, Expr::col(row::Column::StockLeft).add(change))
        .col_expr(row::Column::UpdatedAt, now.into())
        .filter(row::Column::Id.eq(id.uuid()))
        .filter(Expr::col(row::Column::StockLeft).add(change).gte(0))
        .exec(&tx.on())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Takes one piece at the price decided on, if the offer is still listed and one is left. The row is everybody's, so this
/// is the last statement before the commit.
pub async fn take_one(tx: &mut WriteTx, id: OfferId, price: i64) -> Result<bool> {
    let taken = row::Entity::update_many()
        .col_expr(row::Column::StockLeft, Expr::col(row::Column::StockLeft).sub(1))
        .filter(row::Column::Id.eq(id.uuid()))
        .filter(row::Column::State.eq(code::write(OfferState::Listed)))
        .filter(row::Column::Price.eq(price))
        .filter(row::Column::StockLeft.gte(1))
        .exec(&tx.on())
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Puts one piece back, whatever became of the offer.
pub async fn give_one_back(tx: &mut WriteTx, id: OfferId) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::StockLeft, Expr::col(row::Column::StockLeft).add(1))
        .filter(row::Column::Id.eq(id.uuid()))
        .exec(&tx.on())
        .await?;
    Ok(())
}

async fn with_merchant(tx: &ReadTx, query: sea_orm::Select<row::Entity>) -> Result<Option<(Offer, Merchant)>> {
    let query = query.join(JoinType::InnerJoin, merchant()).select_also(merchants::row::Entity);
    match query.one(&tx.on()).await? {
        Some((offer, Some(merchant))) => Ok(Some((offer.try_into()?, merchant.try_into()?))),
        _ => Ok(None),
    }
}

/// From an offer to its merchant.
pub(crate) fn merchant() -> RelationDef {
    row::Entity::belongs_to(merchants::row::Entity).from(row::Column::MerchantId).to(merchants::row::Column::Id).into()
}

impl TryFrom<row::Model> for Offer {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            merchant: row.merchant_id.into(),
            promise: Promise {
                title: row.title,
                category: code::read("offer", "category", row.id, &row.category)?,
                description: row.description,
                terms: row.terms,
                price: row.price,
                face_value_fen: row.face_value_fen,
                funding: code::read("offer", "funding_source", row.id, &row.funding_source)?,
                stock: row.stock_total,
                limit_per_member: row.limit_per_member,
                voucher_days: row.voucher_days,
                ends_at: row.ends_at,
            },
            stock_left: row.stock_left,
            state: code::read("offer", "state", row.id, &row.state)?,
            drafted_by: row.drafted_by.into(),
            approved_by: row.approved_by.map(AdminId::new),
            review_comment: row.review_comment,
        })
    }
}

pub(crate) mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "offer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub merchant_id: Uuid,
        pub title: String,
        pub category: String,
        pub description: String,
        pub terms: String,
        pub price: i64,
        pub face_value_fen: i64,
        pub funding_source: String,
        pub stock_total: i64,
        pub stock_left: i64,
        pub limit_per_member: Option<i32>,
        pub voucher_days: i32,
        pub state: String,
        pub ends_at: Option<DateTimeUtc>,
        pub drafted_by: Uuid,
        pub approved_by: Option<Uuid>,
        pub review_comment: Option<String>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Named {
        #[sea_orm(nested)]
        pub offer: Model,
        pub drafter_name: Option<String>,
        pub approver_name: Option<String>,
    }
}
