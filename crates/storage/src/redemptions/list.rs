//! Redemptions as their screens show them: the member's own, a merchant's, and those that an admin oversees.

use domain::id::{MemberId, MerchantId, OfferId, RedemptionId, StoreId};
use domain::organisation::NodePath;
use domain::page::{Moment, Page, PageRequest};
use domain::redemption::{Redemption, RedemptionState};
use domain::time::Instant;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationDef, Select,
};

use super::row;
use crate::database::ReadTx;
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{members, merchants, organisations, staff, stores};

/// A redemption with the names that belong to it.
#[derive(Clone, Debug)]
pub struct RedemptionDetail {
    /// The redemption.
    pub redemption: Redemption,
    /// The merchant's name.
    pub merchant_name: String,
    /// The member's name, whole; to be masked for everybody but the member.
    pub member_name: String,
    /// The name of the staff member who confirmed it.
    pub verifier_name: Option<String>,
    /// The name of the store where it was confirmed.
    pub store_name: Option<String>,
}

/// Which redemptions an admin's list is about.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only in this state, as it is at the second instant.
    pub state: Option<(RedemptionState, Instant)>,
    /// Only with this merchant.
    pub merchant: Option<MerchantId>,
    /// Only of this offer.
    pub offer: Option<OfferId>,
}

/// Finds a redemption of the member's own.
pub async fn find_own(tx: &ReadTx, member: MemberId, id: RedemptionId) -> Result<Option<RedemptionDetail>> {
    let query = detailed().filter(row::Column::Id.eq(id.uuid())).filter(row::Column::MemberId.eq(member.uuid()));
    one(tx, query).await
}

/// Finds a redemption with this merchant.
pub async fn find_of_merchant(tx: &ReadTx, merchant: MerchantId, id: RedemptionId) -> Result<Option<RedemptionDetail>> {
    let query = detailed().filter(row::Column::Id.eq(id.uuid())).filter(row::Column::MerchantId.eq(merchant.uuid()));
    one(tx, query).await
}

/// Finds the redemption with this merchant whose voucher's code has this hash.
pub async fn find_of_merchant_by_code_hash(
    tx: &ReadTx,
    merchant: MerchantId,
    code_hash: [u8; 32],
) -> Result<Option<RedemptionDetail>> {
    let query = detailed()
        .filter(row::Column::CodeHash.eq(code_hash.to_vec()))
        .filter(row::Column::MerchantId.eq(merchant.uuid()));
    one(tx, query).await
}

/// Lists the member's own redemptions, or those in this state at the second instant, the newest first.
pub async fn list_own(
    tx: &ReadTx,
    member: MemberId,
    state: Option<(RedemptionState, Instant)>,
    page: &PageRequest<RedemptionId>,
) -> Result<Page<RedemptionDetail, RedemptionId>> {
    let query = detailed().filter(row::Column::MemberId.eq(member.uuid()));
    newest_first(tx, in_state(query, state), page).await
}

/// Lists the redemptions with merchants within these subtrees, the newest first.
pub async fn list(
    tx: &ReadTx,
    paths: &[NodePath],
    filter: &Filter,
    page: &PageRequest<RedemptionId>,
) -> Result<Page<RedemptionDetail, RedemptionId>> {
    let mut query = detailed().join(JoinType::InnerJoin, merchants::node()).filter(organisations::inside(paths));
    if let Some(merchant) = filter.merchant {
        query = query.filter(row::Column::MerchantId.eq(merchant.uuid()));
    }
    if let Some(offer) = filter.offer {
        query = query.filter(row::Column::OfferId.eq(offer.uuid()));
    }
    newest_first(tx, in_state(query, filter.state), page).await
}

/// Lists what the merchant's staff confirmed, in one store or in all, the latest first.
pub async fn list_verified(
    tx: &ReadTx,
    merchant: MerchantId,
    store: Option<StoreId>,
    page: &PageRequest<Moment<RedemptionId>>,
) -> Result<Page<RedemptionDetail, Moment<RedemptionId>>> {
    let at = || Expr::col((row::Entity, row::Column::VerifiedAt));
    let id = || Expr::col((row::Entity, row::Column::Id));
    let mut query =
        detailed().filter(row::Column::MerchantId.eq(merchant.uuid())).filter(row::Column::VerifiedAt.is_not_null());
    if let Some(store) = store {
        query = query.filter(row::Column::VerifiedStoreId.eq(store.uuid()));
    }
    if let Some(last) = page.after {
        query = query.filter(at().lt(last.at).or(at().eq(last.at).and(id().lt(last.id.uuid()))));
    }
    let query = query.order_by_desc(row::Column::VerifiedAt).order_by_desc(row::Column::Id);
    let found = all(tx, query.limit(page.limit + 1)).await?;
    Ok(Page::from_one_more(found, page.limit, |detail| Moment {
        at: detail.redemption.verification.map_or(Instant::UNIX_EPOCH, |verification| verification.at),
        id: detail.redemption.id,
    }))
}

async fn newest_first(
    tx: &ReadTx,
    mut query: Select<row::Entity>,
    page: &PageRequest<RedemptionId>,
) -> Result<Page<RedemptionDetail, RedemptionId>> {
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after.uuid()));
    }
    let found = all(tx, query.order_by_desc(row::Column::Id).limit(page.limit + 1)).await?;
    Ok(Page::from_one_more(found, page.limit, |detail| detail.redemption.id))
}

fn in_state(query: Select<row::Entity>, state: Option<(RedemptionState, Instant)>) -> Select<row::Entity> {
    match state {
        Some((state, now)) => query.filter(stands(state, now)),
        None => query,
    }
}

/// The stored shape of a state, [`Redemption::state_at`] turned round.
fn stands(state: RedemptionState, now: Instant) -> Condition {
    let stored = |stored: RedemptionState| row::Column::State.eq(code::write(stored));
    let issued = Condition::all().add(stored(RedemptionState::Issued));
    match state {
        RedemptionState::Issued => issued.add(row::Column::ExpiresAt.gt(now)),
        RedemptionState::Expired => {
            Condition::any().add(stored(state)).add(issued.add(row::Column::ExpiresAt.lte(now)))
        }
        other => Condition::all().add(stored(other)),
    }
}

fn detailed() -> Select<row::Entity> {
    row::Entity::find()
        .column_as(merchants::row::Column::Name, "merchant_name")
        .column_as(members::row::Column::Name, "member_name")
        .column_as(staff::row::Column::Name, "verifier_name")
        .column_as(stores::row::Column::Name, "store_name")
        .join(JoinType::InnerJoin, merchant())
        .join(JoinType::InnerJoin, member())
        .join(JoinType::LeftJoin, verifier())
        .join(JoinType::LeftJoin, store())
}

fn merchant() -> RelationDef {
    row::Entity::belongs_to(merchants::row::Entity).from(row::Column::MerchantId).to(merchants::row::Column::Id).into()
}

fn member() -> RelationDef {
    row::Entity::belongs_to(members::row::Entity).from(row::Column::MemberId).to(members::row::Column::Id).into()
}

fn verifier() -> RelationDef {
    row::Entity::belongs_to(staff::row::Entity).from(row::Column::VerifiedBy).to(staff::row::Column::Id).into()
}

fn store() -> RelationDef {
    row::Entity::belongs_to(stores::row::Entity).from(row::Column::VerifiedStoreId).to(stores::row::Column::Id).into()
}

async fn one(tx: &ReadTx, query: Select<row::Entity>) -> Result<Option<RedemptionDetail>> {
    query.into_model::<DetailRow>().one(&tx.on()).await?.map(RedemptionDetail::try_from).transpose()
}

async fn all(tx: &ReadTx, query: Select<row::Entity>) -> Result<Vec<RedemptionDetail>> {
    let rows = query.into_model::<DetailRow>().all(&tx.on()).await?;
    rows.into_iter().map(RedemptionDetail::try_from).collect()
}

#[derive(FromQueryResult)]
struct DetailRow {
    #[sea_orm(nested)]
    redemption: row::Model,
    merchant_name: String,
    member_name: String,
    verifier_name: Option<String>,
    store_name: Option<String>,
}

impl TryFrom<DetailRow> for RedemptionDetail {
    type Error = StorageError;

    fn try_from(row: DetailRow) -> Result<Self> {
        Ok(Self {
            redemption: row.redemption.try_into()?,
            merchant_name: row.merchant_name,
            member_name: row.member_name,
            verifier_name: row.verifier_name,
            store_name: row.store_name,
        })
    }
}
