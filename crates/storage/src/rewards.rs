//! Rewards (单项奖励): events on record and what became of them.

use domain::id::{AdminId, MemberId, NodeId, RewardId};
use domain::official::{Official, Step};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::points::{RewardedEvent, SourceKind};
use domain::reward::{Reward, RewardState};
use domain::time::Instant;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{join, members, organisations};

/// A reward with the names around it.
#[derive(Clone, Debug)]
pub struct RewardDetail {
    /// The reward.
    pub reward: Reward,
    /// The member's name.
    pub member_name: String,
    /// The public member number.
    pub member_number: String,
    /// The name of the organisation that put it on record.
    pub proposed_by: String,
    /// The name of the organisation that decided.
    pub decided_by: Option<String>,
    /// What it earned, once approved.
    pub points: Option<i64>,
}

/// Keeps a new reward. Conflicts if this very event is on record already.
pub async fn insert(tx: &mut WriteTx, reward: &Reward) -> Result<()> {
    row::Entity::insert(row::ActiveModel::from(reward)).exec_without_returning(&tx.on()).await?;
    Ok(())
}

/// Whether this is [`insert`]'s conflict with what is on record.
pub fn is_repeated(error: &StorageError) -> bool {
    error.breaks("reward_open") || error.breaks("reward.reference")
}

/// Locks a reward that an organisation within these subtrees put on record.
pub async fn lock_within(tx: &mut WriteTx, paths: &[NodePath], id: RewardId) -> Result<Option<Reward>> {
    let found = row::Entity::find_by_id(id.uuid())
        .filter(row::Column::NodeId.in_subquery(organisations::ids_inside(paths)))
        .lock_exclusive()
        .one(&tx.on())
        .await?;
    found.map(Reward::try_from).transpose()
}

/// Keeps what was decided about a locked reward.
pub async fn decide(tx: &mut WriteTx, reward: &Reward) -> Result<()> {
    let decided = row::Entity::update_many()
        .set(row::ActiveModel::from(reward))
        .filter(row::Column::Id.eq(reward.id.uuid()))
        .filter(row::Column::State.eq(code::write(RewardState::Proposed)))
        .exec(&tx.on())
        .await?;
    if decided.rows_affected == 1 { Ok(()) } else { Err(StorageError::conflict("reward_state")) }
}

/// When the member's approved event of this kind was that lies nearest to an instant. Ask once the purse is locked.
pub async fn nearest(tx: &ReadTx, member: MemberId, event: RewardedEvent, at: Instant) -> Result<Option<Instant>> {
    let of_kind = || {
        row::Entity::find()
            .select_only()
            .column(row::Column::HappenedAt)
            .filter(row::Column::MemberId.eq(member.uuid()))
            .filter(row::Column::Event.eq(code::write(event)))
            .filter(row::Column::State.eq(code::write(RewardState::Approved)))
    };
    let before = of_kind().filter(row::Column::HappenedAt.lte(at)).order_by_desc(row::Column::HappenedAt);
    let after = of_kind().filter(row::Column::HappenedAt.gt(at)).order_by_asc(row::Column::HappenedAt);
    let before: Option<Instant> = before.limit(1).into_tuple().one(&tx.on()).await?;
    let after: Option<Instant> = after.limit(1).into_tuple().one(&tx.on()).await?;
    Ok(before.into_iter().chain(after).min_by_key(|other| (at - *other).abs()))
}

/// Finds a reward that an organisation within these subtrees put on record.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: RewardId) -> Result<Option<RewardDetail>> {
    let query = detailed().filter(organisations::inside_as("proposer", paths)).filter(row::Column::Id.eq(id.uuid()));
    query.into_model::<row::Detailed>().one(&tx.on()).await?.map(RewardDetail::try_from).transpose()
}

/// Lists rewards that organisations within these subtrees put on record, the newest first.
pub async fn list_within(
    tx: &ReadTx,
    paths: &[NodePath],
    state: Option<RewardState>,
    page: &PageRequest<RewardId>,
) -> Result<Page<RewardDetail, RewardId>> {
    let in_state = state.map(|state| row::Column::State.eq(code::write(state)));
    let query = detailed().filter(organisations::inside_as("proposer", paths));
    list(tx, query.filter(Condition::all().add_option(in_state)), page).await
}

/// Lists the member's approved rewards, the newest first.
pub async fn list_own(
    tx: &ReadTx,
    member: MemberId,
    page: &PageRequest<RewardId>,
) -> Result<Page<RewardDetail, RewardId>> {
    let approved = row::Column::State.eq(code::write(RewardState::Approved));
    list(tx, detailed().filter(row::Column::MemberId.eq(member.uuid())).filter(approved), page).await
}

async fn list(
    tx: &ReadTx,
    mut query: Select<row::Entity>,
    page: &PageRequest<RewardId>,
) -> Result<Page<RewardDetail, RewardId>> {
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after.uuid()));
    }
    let query = query.order_by_desc(row::Column::Id).limit(page.limit + 1);
    let rows = query.into_model::<row::Detailed>().all(&tx.on()).await?;
    let found = rows.into_iter().map(RewardDetail::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |detail| detail.reward.id))
}

fn detailed() -> Select<row::Entity> {
    let query = join::by_id(row::Entity::find(), members::row::Entity, "member", row::Column::MemberId.into_expr());
    let query = join::by_id(query, organisations::row::Entity, "proposer", row::Column::NodeId.into_expr());
    let decider = join::of("decider", "id").eq(row::Column::DecidedNodeId.into_expr());
    let credit = join::of("credit", "member_id")
        .eq(row::Column::MemberId.into_expr())
        .and(join::of("credit", "source_kind").eq(code::write(SourceKind::Reward)))
        .and(join::of("credit", "source_id").eq(row::Column::Id.into_expr()));
    let query = join::perhaps(query, "organisation", "decider", decider);
    join::perhaps(query, "earn_event", "credit", credit)
        .expr_as(join::of("member", "name"), "member_name")
        .expr_as(join::of("member", "number"), "member_number")
        .expr_as(join::of("proposer", "name"), "proposer_name")
        .expr_as(join::of("decider", "name"), "decider_name")
        .expr_as(join::of("credit", "points"), "points")
}

impl From<&Reward> for row::ActiveModel {
    fn from(reward: &Reward) -> Self {
        let decided = reward.decided;
        let linked = |step: Step| step.by.member.map(MemberId::uuid);
        Self {
            id: Set(reward.id.uuid()),
            member_id: Set(reward.member.uuid()),
            event: Set(code::write(reward.event)),
            happened_at: Set(reward.happened_at),
            reference: Set(reward.reference.clone()),
            evidence: Set(reward.evidence.clone()),
            state: Set(code::write(reward.state)),
            node_id: Set(reward.proposed.node.uuid()),
            proposed_by: Set(reward.proposed.by.admin.uuid()),
            proposed_by_member: Set(linked(reward.proposed)),
            proposed_at: Set(reward.proposed.at),
            decided_node_id: Set(decided.map(|step| step.node.uuid())),
            decided_by: Set(decided.map(|step| step.by.admin.uuid())),
            decided_by_member: Set(decided.and_then(linked)),
            decided_at: Set(decided.map(|step| step.at)),
            refusal: Set(reward.refusal.clone()),
        }
    }
}

impl TryFrom<row::Model> for Reward {
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
            event: code::read("reward", "event", row.id, &row.event)?,
            happened_at: row.happened_at,
            reference: row.reference,
            evidence: row.evidence,
            state: code::read("reward", "state", row.id, &row.state)?,
            proposed: Step {
                by: by(row.proposed_by, row.proposed_by_member),
                node: row.node_id.into(),
                at: row.proposed_at,
            },
            decided,
            refusal: row.refusal,
        })
    }
}

impl TryFrom<row::Detailed> for RewardDetail {
    type Error = StorageError;

    fn try_from(row: row::Detailed) -> Result<Self> {
        Ok(Self {
            reward: row.reward.try_into()?,
            member_name: row.member_name,
            member_number: row.member_number,
            proposed_by: row.proposer_name,
            decided_by: row.decider_name,
            points: row.points,
        })
    }
}

mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "reward")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub member_id: Uuid,
        pub event: String,
        pub happened_at: DateTimeUtc,
        pub reference: String,
        #[sea_orm(column_type = "Text")]
        pub evidence: String,
        pub state: String,
        pub node_id: Uuid,
        pub proposed_by: Uuid,
        pub proposed_by_member: Option<Uuid>,
        pub proposed_at: DateTimeUtc,
        pub decided_node_id: Option<Uuid>,
        pub decided_by: Option<Uuid>,
        pub decided_by_member: Option<Uuid>,
        pub decided_at: Option<DateTimeUtc>,
        #[sea_orm(column_type = "Text", nullable)]
        pub refusal: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Detailed {
        #[sea_orm(nested)]
        pub reward: Model,
        pub member_name: String,
        pub member_number: String,
        pub proposer_name: String,
        pub decider_name: Option<String>,
        pub points: Option<i64>,
    }
}
