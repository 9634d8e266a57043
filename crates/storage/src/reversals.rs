//! Reversals (核销撤销): shops' requests that a confirmation be undone.

use domain::id::{AdminId, MemberId, MerchantId, ReversalId};
use domain::official::Official;
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::reversal::{Concerned, Reversal, ReversalState};
use domain::time::Instant;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{identities, join, members, merchants, organisations, redemptions, staff};

/// A reversal with what is shown beside it, and whom it concerns.
#[derive(Clone, Debug)]
pub struct ReversalDetail {
    /// The request.
    pub reversal: Reversal,
    /// The offer's headline.
    pub title: String,
    /// The points that would go back.
    pub points: i64,
    /// The merchant's name.
    pub merchant_name: String,
    /// The name of who asks.
    pub requester_name: String,
    /// The member's name, whole; to be masked.
    pub member_name: String,
    /// When the voucher was confirmed.
    pub verified_at: Option<Instant>,
    /// Who must not decide.
    pub concerned: Concerned,
}

/// Keeps a new request. Conflicts if one was made that nobody refused.
pub async fn insert(tx: &mut WriteTx, reversal: &Reversal) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(reversal.id.uuid()),
        redemption_id: Set(reversal.redemption.uuid()),
        state: Set(code::write(reversal.state)),
        reason: Set(reversal.reason.clone()),
        requested_by: Set(reversal.requested_by.uuid()),
        requested_at: Set(reversal.requested_at),
        lapses_at: Set(reversal.lapses_at),
        decided_by: Set(None),
        decided_at: Set(None),
        refusal: Set(None),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// Whether this is [`insert`]'s conflict with an earlier request.
pub fn is_repeated(error: &StorageError) -> bool {
    error.breaks("reversal_open_redemption_id") || error.breaks("reversal.redemption_id")
}

/// Locks a request that [`find_within`] found, whose redemption is locked.
pub async fn lock(tx: &mut WriteTx, id: ReversalId) -> Result<Option<Reversal>> {
    row::Entity::find_by_id(id.uuid()).lock_exclusive().one(&tx.on()).await?.map(Reversal::try_from).transpose()
}

/// Keeps what was decided about a locked request.
pub async fn decide(tx: &mut WriteTx, reversal: &Reversal) -> Result<()> {
    let decided = row::Entity::update_many()
        .set(row::ActiveModel {
            state: Set(code::write(reversal.state)),
            decided_by: Set(reversal.decided.map(|(by, _)| by.uuid())),
            decided_at: Set(reversal.decided.map(|(_, at)| at)),
            refusal: Set(reversal.refusal.clone()),
            ..Default::default()
        })
        .filter(row::Column::Id.eq(reversal.id.uuid()))
        .filter(row::Column::State.eq(code::write(ReversalState::Requested)))
        .exec(&tx.on())
        .await?;
    if decided.rows_affected == 1 { Ok(()) } else { Err(StorageError::conflict("reversal_state")) }
}

/// Finds a request of a merchant within these subtrees.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: ReversalId) -> Result<Option<ReversalDetail>> {
    let query = detailed().filter(organisations::inside_as("node", paths)).filter(row::Column::Id.eq(id.uuid()));
    query.into_model::<row::Detailed>().one(&tx.on()).await?.map(ReversalDetail::try_from).transpose()
}

/// Finds a request of the merchant.
pub async fn find_of_merchant(tx: &ReadTx, merchant: MerchantId, id: ReversalId) -> Result<Option<ReversalDetail>> {
    let query = detailed().filter(of_merchant(merchant)).filter(row::Column::Id.eq(id.uuid()));
    query.into_model::<row::Detailed>().one(&tx.on()).await?.map(ReversalDetail::try_from).transpose()
}

/// Lists requests of merchants within these subtrees, or those in this state at the second instant, the newest first.
pub async fn list_within(
    tx: &ReadTx,
    paths: &[NodePath],
    state: Option<(ReversalState, Instant)>,
    page: &PageRequest<ReversalId>,
) -> Result<Page<ReversalDetail, ReversalId>> {
    let standing = Condition::all().add_option(state.map(|(state, now)| standing(state, now)));
    list(tx, detailed().filter(organisations::inside_as("node", paths)).filter(standing), page).await
}

/// Lists the merchant's requests, the newest first.
pub async fn list_of_merchant(
    tx: &ReadTx,
    merchant: MerchantId,
    page: &PageRequest<ReversalId>,
) -> Result<Page<ReversalDetail, ReversalId>> {
    list(tx, detailed().filter(of_merchant(merchant)), page).await
}

/// Counts requests of merchants within these subtrees that this official may decide, as far as the limit.
pub(crate) async fn count_waiting(
    tx: &ReadTx,
    paths: &[NodePath],
    official: Official,
    now: Instant,
    limit: u64,
) -> Result<u64> {
    let mut waiting =
        detailed().filter(organisations::inside_as("node", paths)).filter(standing(ReversalState::Requested, now));
    let other = |column: Expr, own: uuid::Uuid| column.clone().is_null().or(column.ne(own));
    waiting = waiting.filter(other(join::of("inviter", "id"), official.admin.uuid()));
    if let Some(own) = official.member {
        waiting = waiting
            .filter(join::of("redemption", "member_id").ne(own.uuid()))
            .filter(other(join::of("inviter", "member_id"), own.uuid()))
            .filter(other(join::of("identity", "member_id"), own.uuid()));
    }
    Ok(waiting.limit(limit).into_model::<row::Detailed>().all(&tx.on()).await?.len() as u64)
}

fn of_merchant(merchant: MerchantId) -> Expr {
    join::of("merchant", "id").eq(merchant.uuid())
}

async fn list(
    tx: &ReadTx,
    mut query: Select<row::Entity>,
    page: &PageRequest<ReversalId>,
) -> Result<Page<ReversalDetail, ReversalId>> {
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after.uuid()));
    }
    let query = query.order_by_desc(row::Column::Id).limit(page.limit + 1);
    let rows = query.into_model::<row::Detailed>().all(&tx.on()).await?;
    let found = rows.into_iter().map(ReversalDetail::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |detail| detail.reversal.id))
}

fn standing(state: ReversalState, now: Instant) -> Condition {
    let requested = row::Column::State.eq(code::write(ReversalState::Requested));
    match state {
        ReversalState::Requested => Condition::all().add(requested).add(row::Column::LapsesAt.gt(now)),
        ReversalState::Lapsed => Condition::all().add(requested).add(row::Column::LapsesAt.lte(now)),
        decided => Condition::all().add(row::Column::State.eq(code::write(decided))),
    }
}

fn detailed() -> Select<row::Entity> {
    let query = row::Entity::find();
    let query = join::by_id(query, redemptions::row::Entity, "redemption", row::Column::RedemptionId.into_expr());
    let query = join::by_id(query, merchants::row::Entity, "merchant", join::of("redemption", "merchant_id"));
    let query = join::by_id(query, organisations::row::Entity, "node", join::of("merchant", "node_id"));
    let query = join::by_id(query, members::row::Entity, "member", join::of("redemption", "member_id"));
    let query = join::by_id(query, staff::row::Entity, "requester", row::Column::RequestedBy.into_expr());
    let invited = join::of("invitation", "staff_id").eq(row::Column::RequestedBy.into_expr());
    let query = join::perhaps(query, "staff_invitation", "invitation", invited);
    let inviting = join::of("inviter", "id").eq(join::of("invitation", "invited_by"));
    let query = join::perhaps(query, "admin", "inviter", inviting);
    join::by_id(query, identities::row::Entity, "identity", join::of("requester", "identity_id"))
        .expr_as(join::of("redemption", "title"), "title")
        .expr_as(join::of("redemption", "points"), "points")
        .expr_as(join::of("redemption", "verified_at"), "verified_at")
        .expr_as(join::of("redemption", "member_id"), "holder")
        .expr_as(join::of("merchant", "name"), "merchant_name")
        .expr_as(join::of("member", "name"), "member_name")
        .expr_as(join::of("requester", "name"), "requester_name")
        .expr_as(join::of("identity", "member_id"), "requester")
        .expr_as(join::of("inviter", "id"), "inviter")
        .expr_as(join::of("inviter", "member_id"), "inviter_member")
}

impl TryFrom<row::Detailed> for ReversalDetail {
    type Error = StorageError;

    fn try_from(row: row::Detailed) -> Result<Self> {
        Ok(Self {
            reversal: row.reversal.try_into()?,
            title: row.title,
            points: row.points,
            merchant_name: row.merchant_name,
            requester_name: row.requester_name,
            member_name: row.member_name,
            verified_at: row.verified_at,
            concerned: Concerned {
                requester: row.requester.map(MemberId::new),
                inviter: row.inviter.map(|admin| Official {
                    admin: AdminId::new(admin),
                    member: row.inviter_member.map(MemberId::new),
                }),
                holder: row.holder.into(),
            },
        })
    }
}

impl TryFrom<row::Model> for Reversal {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            redemption: row.redemption_id.into(),
            state: code::read("reversal", "state", row.id, &row.state)?,
            reason: row.reason,
            requested_by: row.requested_by.into(),
            requested_at: row.requested_at,
            lapses_at: row.lapses_at,
            decided: row.decided_by.map(AdminId::new).zip(row.decided_at),
            refusal: row.refusal,
        })
    }
}

pub(crate) mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "reversal")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub redemption_id: Uuid,
        pub state: String,
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        pub requested_by: Uuid,
        pub requested_at: DateTimeUtc,
        pub lapses_at: DateTimeUtc,
        pub decided_by: Option<Uuid>,
        pub decided_at: Option<DateTimeUtc>,
        #[sea_orm(column_type = "Text", nullable)]
        pub refusal: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    /// A request with what is shown beside it.
    #[derive(FromQueryResult)]
    pub struct Detailed {
        #[sea_orm(nested)]
        pub reversal: Model,
        pub title: String,
        pub points: i64,
        pub verified_at: Option<DateTimeUtc>,
        pub holder: Uuid,
        pub merchant_name: String,
        pub member_name: String,
        pub requester_name: String,
        pub requester: Option<Uuid>,
        pub inviter: Option<Uuid>,
        pub inviter_member: Option<Uuid>,
    }
}
