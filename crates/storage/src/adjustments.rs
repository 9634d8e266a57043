//! Adjustments (积分调整): proposals and what became of them.

use domain::adjustment::{Adjustment, AdjustmentState, decided_at_levels};
use domain::id::{AdjustmentId, AdminId, HoldId, MemberId, NodeId, TransferId};
use domain::official::{Official, Step};
use domain::organisation::{NodeKind, NodePath};
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{join, members, organisations};

/// An adjustment with the names around it.
#[derive(Clone, Debug)]
pub struct AdjustmentDetail {
    /// The adjustment.
    pub adjustment: Adjustment,
    /// The member's name.
    pub member_name: String,
    /// The public member number.
    pub member_number: String,
    /// The name of the organisation that proposed it.
    pub proposed_by: String,
    /// The name of the organisation that decided it.
    pub decided_by: Option<String>,
}

/// Keeps a new adjustment.
pub async fn insert(tx: &mut WriteTx, adjustment: &Adjustment) -> Result<()> {
    row::Entity::insert(row::ActiveModel::from(adjustment)).exec_without_returning(&tx.on()).await?;
    Ok(())
}

/// Keeps what a decision changed, if nobody was quicker; the row is locked.
pub async fn update(tx: &mut WriteTx, adjustment: &Adjustment) -> Result<()> {
    let changed = row::Entity::update_many()
        .set(row::ActiveModel::from(adjustment))
        .filter(row::Column::Id.eq(adjustment.id.uuid()))
        .filter(row::Column::State.eq(code::write(AdjustmentState::Proposed)))
        .exec(&tx.on())
        .await?;
    if changed.rows_affected == 1 { Ok(()) } else { Err(StorageError::conflict("adjustment_state")) }
}

/// Locks an adjustment that an organisation within these subtrees proposed.
pub async fn lock_within(tx: &mut WriteTx, paths: &[NodePath], id: AdjustmentId) -> Result<Option<Adjustment>> {
    let found = row::Entity::find_by_id(id.uuid())
        .filter(row::Column::NodeId.in_subquery(organisations::ids_inside(paths)))
        .lock_exclusive()
        .one(&tx.on())
        .await?;
    found.map(Adjustment::try_from).transpose()
}

/// Locks an adjustment, whosever it is.
pub async fn lock_any(tx: &mut WriteTx, id: AdjustmentId) -> Result<Option<Adjustment>> {
    row::Entity::find_by_id(id.uuid()).lock_exclusive().one(&tx.on()).await?.map(Adjustment::try_from).transpose()
}

/// Finds an adjustment that an organisation within these subtrees proposed.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: AdjustmentId) -> Result<Option<AdjustmentDetail>> {
    let query = detailed().filter(organisations::inside_as("proposer", paths)).filter(row::Column::Id.eq(id.uuid()));
    query.into_model::<row::Detailed>().one(&tx.on()).await?.map(AdjustmentDetail::try_from).transpose()
}

/// Lists adjustments that organisations within these subtrees proposed, the newest first.
pub async fn list_within(
    tx: &ReadTx,
    paths: &[NodePath],
    state: Option<AdjustmentState>,
    page: &PageRequest<AdjustmentId>,
) -> Result<Page<AdjustmentDetail, AdjustmentId>> {
    let in_state = state.map(|state| row::Column::State.eq(code::write(state)));
    let query =
        detailed().filter(organisations::inside_as("proposer", paths)).filter(Condition::all().add_option(in_state));
    list(tx, query, page).await
}

/// Lists a member's adjustments, the newest first.
pub async fn list_own(
    tx: &ReadTx,
    member: MemberId,
    page: &PageRequest<AdjustmentId>,
) -> Result<Page<AdjustmentDetail, AdjustmentId>> {
    list(tx, detailed().filter(row::Column::MemberId.eq(member.uuid())), page).await
}

/// Adjustments after this one, by id, that nobody decided in time.
pub async fn list_overdue(
    tx: &ReadTx,
    now: Instant,
    after: Option<AdjustmentId>,
    limit: u64,
) -> Result<Vec<AdjustmentId>> {
    let later = after.map(|after| row::Column::Id.gt(after.uuid()));
    let ids: Vec<Uuid> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::State.eq(code::write(AdjustmentState::Proposed)))
        .filter(row::Column::LapsesAt.lte(now))
        .filter(Condition::all().add_option(later))
        .order_by_asc(row::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(&tx.on())
        .await?;
    Ok(ids.into_iter().map(AdjustmentId::new).collect())
}

/// At which levels the adjustment that this transfer posted was decided.
pub async fn levels_of(tx: &ReadTx, transfer: TransferId) -> Result<Option<String>> {
    #[derive(FromQueryResult)]
    struct Levels {
        proposer_kind: String,
        proposer_name: String,
        decider_kind: String,
        decider_name: String,
    }
    let nodes = organisations::row::Entity;
    let query = row::Entity::find().select_only();
    let query = join::by_id(query, nodes, "proposer", row::Column::NodeId.into_expr());
    let found = join::by_id(query, nodes, "decider", row::Column::DecidedNodeId.into_expr())
        .expr_as(join::of("proposer", "kind"), "proposer_kind")
        .expr_as(join::of("proposer", "name"), "proposer_name")
        .expr_as(join::of("decider", "kind"), "decider_kind")
        .expr_as(join::of("decider", "name"), "decider_name")
        .filter(row::Column::TransferId.eq(transfer.uuid()))
        .into_model::<Levels>()
        .one(&tx.on())
        .await?;
    let Some(levels) = found else {
        return Ok(None);
    };
    let kind = |kind: &str| code::read::<NodeKind>("organisation", "kind", transfer, kind);
    let proposer = (kind(&levels.proposer_kind)?, levels.proposer_name.as_str());
    Ok(Some(decided_at_levels(proposer, (kind(&levels.decider_kind)?, &levels.decider_name))))
}

async fn list(
    tx: &ReadTx,
    mut query: Select<row::Entity>,
    page: &PageRequest<AdjustmentId>,
) -> Result<Page<AdjustmentDetail, AdjustmentId>> {
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after.uuid()));
    }
    let query = query.order_by_desc(row::Column::Id).limit(page.limit + 1);
    let rows = query.into_model::<row::Detailed>().all(&tx.on()).await?;
    let found = rows.into_iter().map(AdjustmentDetail::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |detail| detail.adjustment.id))
}

fn detailed() -> Select<row::Entity> {
    let query = join::by_id(row::Entity::find(), members::row::Entity, "member", row::Column::MemberId.into_expr());
    let query = join::by_id(query, organisations::row::Entity, "proposer", row::Column::NodeId.into_expr());
    let decider = join::of("decider", "id").eq(row::Column::DecidedNodeId.into_expr());
    join::perhaps(query, "organisation", "decider", decider)
        .expr_as(join::of("member", "name"), "member_name")
        .expr_as(join::of("member", "number"), "member_number")
        .expr_as(join::of("proposer", "name"), "proposer_name")
        .expr_as(join::of("decider", "name"), "decider_name")
}

impl From<&Adjustment> for row::ActiveModel {
    fn from(adjustment: &Adjustment) -> Self {
        let decided = adjustment.decided;
        let linked = |step: Step| step.by.member.map(MemberId::uuid);
        Self {
            id: Set(adjustment.id.uuid()),
            member_id: Set(adjustment.member.uuid()),
            amount: Set(adjustment.amount),
            reason: Set(adjustment.reason.clone()),
            state: Set(code::write(adjustment.state)),
            node_id: Set(adjustment.proposed.node.uuid()),
            proposed_by: Set(adjustment.proposed.by.admin.uuid()),
            proposed_by_member: Set(linked(adjustment.proposed)),
            proposed_at: Set(adjustment.proposed.at),
            lapses_at: Set(adjustment.lapses_at),
            decided_node_id: Set(decided.map(|step| step.node.uuid())),
            decided_by: Set(decided.map(|step| step.by.admin.uuid())),
            decided_by_member: Set(decided.and_then(linked)),
            decided_at: Set(decided.map(|step| step.at)),
            refusal: Set(adjustment.refusal.clone()),
            hold_id: Set(adjustment.hold.map(HoldId::uuid)),
            transfer_id: Set(adjustment.transfer.map(TransferId::uuid)),
        }
    }
}

impl TryFrom<row::Model> for Adjustment {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let by = |admin: Uuid, member: Option<Uuid>| Official {
            admin: AdminId::new(admin),
            member: member.map(MemberId::new),
        };
        let decided = match (row.decided_by, row.decided_node_id, row.decided_at) {
            (Some(admin), Some(node), Some(at)) => {
                Some(Step { by: by(admin, row.decided_by_member), node: NodeId::new(node), at })
            }
            _ => None,
        };
        Ok(Self {
            id: row.id.into(),
            member: row.member_id.into(),
            amount: row.amount,
            state: code::read("adjustment", "state", row.id, &row.state)?,
            reason: row.reason,
            proposed: Step {
                by: by(row.proposed_by, row.proposed_by_member),
                node: row.node_id.into(),
                at: row.proposed_at,
            },
            lapses_at: row.lapses_at,
            decided,
            refusal: row.refusal,
            hold: row.hold_id.map(HoldId::new),
            transfer: row.transfer_id.map(TransferId::new),
        })
    }
}

impl TryFrom<row::Detailed> for AdjustmentDetail {
    type Error = StorageError;

    fn try_from(row: row::Detailed) -> Result<Self> {
        Ok(Self {
            adjustment: row.adjustment.try_into()?,
            member_name: row.member_name,
            member_number: row.member_number,
            proposed_by: row.proposer_name,
            decided_by: row.decider_name,
        })
    }
}

mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "adjustment")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub member_id: Uuid,
        pub amount: i64,
        pub reason: String,
        pub state: String,
        pub node_id: Uuid,
        pub proposed_by: Uuid,
        pub proposed_by_member: Option<Uuid>,
        pub proposed_at: DateTimeUtc,
        pub lapses_at: DateTimeUtc,
        pub decided_node_id: Option<Uuid>,
        pub decided_by: Option<Uuid>,
        pub decided_by_member: Option<Uuid>,
        pub decided_at: Option<DateTimeUtc>,
        pub refusal: Option<String>,
        pub hold_id: Option<Uuid>,
        pub transfer_id: Option<Uuid>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Detailed {
        #[sea_orm(nested)]
        pub adjustment: Model,
        pub member_name: String,
        pub member_number: String,
        pub proposer_name: String,
        pub decider_name: Option<String>,
    }
}
