//! Redemptions (兑换) and their vouchers. A voucher's code is never stored, only what finds it again.

mod list;

pub use list::{
    Filter, RedemptionDetail, find_of_merchant, find_of_merchant_by_code_hash, find_own, list, list_own, list_verified,
};

use domain::exclusion::ExclusionKind;
use domain::id::{MemberId, OfferId, RedemptionId};
use domain::redemption::{Redemption, RedemptionState, Usage, Verification};
use domain::time::{self, Instant};
use sea_orm::sea_query::{CaseStatement, Expr, Func};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::exclusions;
use crate::mapping::code;

/// Keeps a new redemption, whose voucher's code has this hash. Conflicts (`redemption_unique_transfer_id`) if the same
/// transfer paid for another.
pub async fn insert(tx: &mut WriteTx, redemption: &Redemption, code_hash: [u8; 32]) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(redemption.id.uuid()),
        offer_id: Set(redemption.offer.uuid()),
        merchant_id: Set(redemption.merchant.uuid()),
        member_id: Set(redemption.member.uuid()),
        title: Set(redemption.title.clone()),
        terms: Set(redemption.terms.clone()),
        points: Set(redemption.points),
        face_value_fen: Set(redemption.face_value_fen),
        funding_source: Set(code::write(redemption.funding)),
        state: Set(code::write(redemption.state)),
        code_hash: Set(code_hash.to_vec()),
        transfer_id: Set(redemption.transfer.uuid()),
        issued_at: Set(redemption.issued_at),
        expires_at: Set(redemption.expires_at),
        closed_at: Set(redemption.closed_at),
        verified_at: Set(redemption.verification.map(|v| v.at)),
        verified_by: Set(redemption.verification.map(|v| v.by.uuid())),
        verified_store_id: Set(redemption.verification.map(|v| v.store.uuid())),
        settled_at: Set(None),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// What the member has redeemed up to now and not got back, and whether the unit has stopped their spending: in one
/// question, as every redemption asks it. Ask while the member's purse is locked: that lock is what keeps two redemptions of
/// one member from counting past each other, and any of them from passing by what stops it.
pub async fn usage(tx: &WriteTx, member: MemberId, offer: OfferId, now: Instant) -> Result<Usage> {
    let since = |instant: Instant| Expr::col(row::Column::IssuedAt).gte(instant);
    let sum = |what: Expr| Expr::from(Func::cast_as(Func::sum(what), "BIGINT"));
    let count = |condition: Expr| sum(CaseStatement::new().case(condition, 1).finally(0).into());
    let (quarter, month, year) = (time::start_of_quarter(now), time::start_of_month(now), time::start_of_year(now));
    let of_offer = since(quarter).and(Expr::col(row::Column::OfferId).eq(offer.uuid()));
    let stopped = exclusions::open(member.uuid().into(), Some(ExclusionKind::Spending));
    let sums = row::Entity::find()
        .select_only()
        .column_as(count(of_offer), "of_offer")
        .column_as(count(since(month)), "this_month")
        .column_as(sum(Expr::col(row::Column::FaceValueFen)), "value")
        .expr_as(Expr::exists(stopped), "excluded")
        .filter(row::Column::MemberId.eq(member.uuid()))
        .filter(row::Column::State.is_in(RedemptionState::COUNTED.map(code::write)))
        .filter(row::Column::IssuedAt.gte(year))
        .into_model::<UsageRow>()
        .one(&tx.on())
        .await?;
    Ok(sums.map_or_else(Usage::default, |sums| Usage {
        of_offer_this_quarter: sums.of_offer.unwrap_or(0),
        this_month: sums.this_month.unwrap_or(0),
        value_this_year_fen: sums.value.unwrap_or(0),
        excluded: sums.excluded,
    }))
}

/// Locks a redemption of the member's own.
pub async fn lock_own(tx: &mut WriteTx, member: MemberId, id: RedemptionId) -> Result<Option<Redemption>> {
    let query = row::Entity::find_by_id(id.uuid()).filter(row::Column::MemberId.eq(member.uuid()));
    query.lock_exclusive().one(&tx.on()).await?.map(Redemption::try_from).transpose()
}

/// Locks a redemption, whosever it is.
pub async fn lock_any(tx: &mut WriteTx, id: RedemptionId) -> Result<Option<Redemption>> {
    row::Entity::find_by_id(id.uuid()).lock_exclusive().one(&tx.on()).await?.map(Redemption::try_from).transpose()
}

/// Keeps the verification if the voucher is still waiting for one: of all who confirm it at once, one is told yes.
pub async fn verify(tx: &mut WriteTx, id: RedemptionId, verification: Verification) -> Result<bool> {
    let verified = row::Entity::update_many()
        .col_expr(row::Column::State, code::write(RedemptionState::Verified).into())
        .col_expr(row::Column::VerifiedAt, verification.at.into())
        .col_expr(row::Column::VerifiedBy, verification.by.uuid().into())
        .col_expr(row::Column::VerifiedStoreId, verification.store.uuid().into())
        .filter(row::Column::Id.eq(id.uuid()))
        .filter(row::Column::State.eq(code::write(RedemptionState::Issued)))
        .filter(row::Column::ExpiresAt.gt(verification.at))
        .exec(&tx.on())
        .await?;
    Ok(verified.rows_affected == 1)
}

/// Keeps that a redemption was cancelled or expired, if it was still open, or that its confirmation was undone, if it stood.
pub async fn close(tx: &mut WriteTx, redemption: &Redemption) -> Result<bool> {
    let reversed = redemption.state == RedemptionState::Reversed;
    let before = if reversed { RedemptionState::Verified } else { RedemptionState::Issued };
    let closed = row::Entity::update_many()
        .col_expr(row::Column::State, code::write(redemption.state).into())
        .col_expr(row::Column::ClosedAt, redemption.closed_at.into())
        .filter(row::Column::Id.eq(redemption.id.uuid()))
        .filter(row::Column::State.eq(code::write(before)))
        .exec(&tx.on())
        .await?;
    Ok(closed.rows_affected == 1)
}

/// Since when a voucher is overdue, and which it is.
pub type Overdue = (Instant, RedemptionId);

/// Vouchers whose days are over and that nobody has closed yet, the longest overdue first.
pub async fn list_overdue(tx: &ReadTx, now: Instant, after: Option<Overdue>, limit: u64) -> Result<Vec<Overdue>> {
    let after = after.map(|(at, id)| {
        let same = row::Column::ExpiresAt.eq(at).and(row::Column::Id.gt(id.uuid()));
        row::Column::ExpiresAt.gt(at).or(same)
    });
    let found: Vec<(Instant, Uuid)> = row::Entity::find()
        .select_only()
        .column(row::Column::ExpiresAt)
        .column(row::Column::Id)
        .filter(row::Column::State.eq(code::write(RedemptionState::Issued)))
        .filter(row::Column::ExpiresAt.lte(now))
        .filter(Condition::all().add_option(after))
        .order_by_asc(row::Column::ExpiresAt)
        .order_by_asc(row::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(&tx.on())
        .await?;
    Ok(found.into_iter().map(|(at, id)| (at, RedemptionId::new(id))).collect())
}

impl TryFrom<row::Model> for Redemption {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let verification = match (row.verified_at, row.verified_by, row.verified_store_id) {
            (Some(at), Some(by), Some(store)) => Some(Verification { at, by: by.into(), store: store.into() }),
            _ => None,
        };
        Ok(Self {
            id: row.id.into(),
            offer: row.offer_id.into(),
            merchant: row.merchant_id.into(),
            member: row.member_id.into(),
            title: row.title,
            terms: row.terms,
            points: row.points,
            face_value_fen: row.face_value_fen,
            funding: code::read("redemption", "funding_source", row.id, &row.funding_source)?,
            state: code::read("redemption", "state", row.id, &row.state)?,
            transfer: row.transfer_id.into(),
            issued_at: row.issued_at,
            expires_at: row.expires_at,
            closed_at: row.closed_at,
            verification,
        })
    }
}

#[derive(FromQueryResult)]
struct UsageRow {
    of_offer: Option<i64>,
    this_month: Option<i64>,
    value: Option<i64>,
    excluded: bool,
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "redemption")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub offer_id: Uuid,
        pub merchant_id: Uuid,
        pub member_id: Uuid,
        pub title: String,
        pub terms: String,
        pub points: i64,
        pub face_value_fen: i64,
        pub funding_source: String,
        pub state: String,
        pub code_hash: Vec<u8>,
        pub transfer_id: Uuid,
        pub issued_at: DateTimeUtc,
        pub expires_at: DateTimeUtc,
        pub closed_at: Option<DateTimeUtc>,
        pub verified_at: Option<DateTimeUtc>,
        pub verified_by: Option<Uuid>,
        pub verified_store_id: Option<Uuid>,
        pub settled_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
