//! Service activities (志愿服务活动).

mod summary;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use domain::activity::{Activity, ActivityState, Cancellation, Review, Risk};
use domain::code::Code;
use domain::enrolment::EnrolmentState;
use domain::id::{ActivityId, AdminId, MemberId, NodeId};
use domain::organisation::NodePath;
use domain::time::Instant;
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect, QueryTrait, Select,
};

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{enrolments, join, members, organisations};

pub use self::summary::{ActivitySummary, Filter, list_led, list_public, list_within};

/// An activity with the names that a screen shows beside it.
#[derive(Clone, Debug)]
pub struct ActivityDetail {
    /// The activity.
    pub activity: Activity,
    /// The publisher's name.
    pub node_name: String,
    /// The lead's name; strangers see it masked.
    pub lead_name: String,
    /// The name of the admin who proposed it.
    pub proposer_name: Option<String>,
    /// The name of the admin who reviewed it.
    pub reviewer_name: Option<String>,
}

/// Keeps a new activity.
pub async fn insert(tx: &mut WriteTx, activity: &Activity) -> Result<()> {
    row::Entity::insert(row::ActiveModel::from(activity)).exec_without_returning(&tx.on()).await?;
    Ok(())
}

/// Keeps what a decision changed; the row is locked.
pub async fn update(tx: &mut WriteTx, activity: &Activity) -> Result<()> {
    row::Entity::update(row::ActiveModel::from(activity)).validate()?.exec(&tx.on()).await?;
    Ok(())
}

/// Finds an activity that members may see, holding off its cancellation until the transaction ends.
pub async fn lock_shared(tx: &mut WriteTx, id: ActivityId) -> Result<Option<Activity>> {
    let found = public(row::Entity::find_by_id(id.uuid())).lock_shared().one(&tx.on()).await?;
    found.map(Activity::try_from).transpose()
}

/// Locks an activity that is published by a node of these subtrees.
pub async fn lock_within(tx: &mut WriteTx, paths: &[NodePath], id: ActivityId) -> Result<Option<Activity>> {
    lock_where(tx, id, organisations::inside(paths)).await
}

/// Locks an activity that these subtrees' tops may review: published below one of them, or by the district itself.
pub async fn lock_reviewable(tx: &mut WriteTx, paths: &[NodePath], id: ActivityId) -> Result<Option<Activity>> {
    lock_where(tx, id, below("organisation", paths)).await
}

async fn lock_where(tx: &mut WriteTx, id: ActivityId, node: Condition) -> Result<Option<Activity>> {
    let found = row::Entity::find_by_id(id.uuid())
        .filter(row::Column::NodeId.in_subquery(nodes(node)))
        .lock_exclusive()
        .one(&tx.on())
        .await?;
    found.map(Activity::try_from).transpose()
}

/// The activities that are published by nodes of these subtrees.
pub(crate) fn ids_within(paths: &[NodePath]) -> SelectStatement {
    let ours = row::Column::NodeId.in_subquery(organisations::ids_inside(paths));
    row::Entity::find().select_only().column(row::Column::Id).filter(ours).into_query()
}

/// Finds an activity.
pub async fn find_any(tx: &ReadTx, id: ActivityId) -> Result<Option<Activity>> {
    row::Entity::find_by_id(id.uuid()).one(&tx.on()).await?.map(Activity::try_from).transpose()
}

/// Finds these activities.
pub async fn find_all(tx: &ReadTx, ids: &BTreeSet<ActivityId>) -> Result<BTreeMap<ActivityId, Activity>> {
    let rows = row::Entity::find().filter(row::Column::Id.is_in(ids.iter().map(|id| id.uuid()))).all(&tx.on()).await?;
    rows.into_iter().map(|row| Ok((row.id.into(), row.try_into()?))).collect()
}

/// Finds an activity that members may see.
pub async fn find_public(tx: &ReadTx, id: ActivityId) -> Result<Option<ActivityDetail>> {
    detail(tx, public(row::Entity::find_by_id(id.uuid()))).await
}

/// Finds an activity that is published by a node of these subtrees.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: ActivityId) -> Result<Option<ActivityDetail>> {
    let ours = row::Column::NodeId.in_subquery(nodes(organisations::inside(paths)));
    detail(tx, row::Entity::find_by_id(id.uuid()).filter(ours)).await
}

/// Finds a published activity that this member leads.
pub async fn find_led(tx: &ReadTx, lead: MemberId, id: ActivityId) -> Result<Option<ActivityDetail>> {
    let theirs = public(row::Entity::find_by_id(id.uuid())).filter(row::Column::LeadMemberId.eq(lead.uuid()));
    detail(tx, theirs).await
}

async fn detail(tx: &ReadTx, query: Select<row::Entity>) -> Result<Option<ActivityDetail>> {
    let admin = |part, column: row::Column| join::of(part, "id").eq(column.into_expr());
    let query = with_names(query);
    let query = join::perhaps(query, "admin", "proposer", admin("proposer", row::Column::ProposedBy));
    let query = join::perhaps(query, "admin", "reviewer", admin("reviewer", row::Column::ReviewedBy))
        .expr_as(join::of("proposer", "name"), "proposer_name")
        .expr_as(join::of("reviewer", "name"), "reviewer_name");
    let found = query.into_model::<row::Detailed>().one(&tx.on()).await?;
    found.map(ActivityDetail::try_from).transpose()
}

/// Marks activities as settled once they have ended and nobody's service waits for anything, nor could absence be made up,
/// which is possible `for_so_long` after the end; says how many.
pub async fn settle_ended(tx: &mut WriteTx, now: Instant, for_so_long: Duration) -> Result<u64> {
    let unsettled = EnrolmentState::ALL.iter().filter(|state| state.is_unsettled()).map(|state| state.code());
    let absent = enrolments::Column::State.eq(code::write(EnrolmentState::NoShow));
    let made_up = Expr::col((row::Entity, row::Column::EndsAt)).gt(now - for_so_long);
    let mut waiting = Query::select();
    waiting
        .expr(Expr::val(1))
        .from(enrolments::Entity)
        .and_where(
            Expr::col((enrolments::Entity, enrolments::Column::ActivityId)).equals((row::Entity, row::Column::Id)),
        )
        .and_where(enrolments::Column::State.is_in(unsettled).or(absent.and(made_up)));
    let settled = row::Entity::update_many()
        .col_expr(row::Column::State, code::write(ActivityState::Settled).into())
        .filter(row::Column::State.eq(code::write(ActivityState::Published)))
        .filter(row::Column::EndsAt.lte(now))
        .filter(Expr::exists(waiting).not())
        .exec(&tx.on())
        .await?;
    Ok(settled.rows_affected)
}

fn public(query: Select<row::Entity>) -> Select<row::Entity> {
    let states = ActivityState::ALL.iter().filter(|state| state.is_public()).map(|state| state.code());
    query.filter(row::Column::State.is_in(states))
}

fn nodes(which: Condition) -> SelectStatement {
    let mut nodes = Query::select();
    nodes.column(organisations::row::Column::Id).from(organisations::row::Entity).cond_where(which);
    nodes
}

/// The condition "one of these tops is above this node", which the district is to itself too.
pub(crate) fn below(part: &'static str, tops: &[NodePath]) -> Condition {
    let root = NodePath::root();
    tops.iter().fold(Condition::any().add(Expr::val(1).eq(0)), |any, top| {
        let inside = organisations::inside_as(part, std::slice::from_ref(top));
        let itself = (*top != root).then(|| join::of(part, "path").ne(top.as_str()));
        any.add(Condition::all().add(inside).add_option(itself))
    })
}

fn with_names(query: Select<row::Entity>) -> Select<row::Entity> {
    let query = join::by_id(query, organisations::row::Entity, "node", row::Column::NodeId.into_expr());
    join::by_id(query, members::row::Entity, "lead", row::Column::LeadMemberId.into_expr())
        .expr_as(join::of("node", "name"), "node_name")
        .expr_as(join::of("lead", "name"), "lead_name")
}

impl TryFrom<row::Detailed> for ActivityDetail {
    type Error = StorageError;

    fn try_from(row: row::Detailed) -> Result<Self> {
        let row::Detailed { named, proposer_name, reviewer_name } = row;
        let row::Named { activity, node_name, lead_name } = named;
        Ok(Self { activity: activity.try_into()?, node_name, lead_name, proposer_name, reviewer_name })
    }
}

impl From<&Activity> for row::ActiveModel {
    fn from(activity: &Activity) -> Self {
        let review = activity.review.as_ref();
        let cancellation = activity.cancellation.as_ref();
        Self {
            id: Set(activity.id.uuid()),
            node_id: Set(activity.node.uuid()),
            title: Set(activity.title.clone()),
            kind: Set(code::write(activity.kind)),
            nature: Set(code::write(activity.nature)),
            own_duty: Set(activity.own_duty),
            emergency_declaration: Set(activity.emergency_declaration.clone()),
            description: Set(activity.description.clone()),
            place: Set(activity.place.clone()),
            risk_level: Set(code::write(activity.risk.level)),
            risk_notice: Set(activity.risk.notice.clone()),
            insurance: Set(activity.risk.insurance.clone()),
            required_qualification: Set(activity.qualification.clone()),
            lead_member_id: Set(activity.lead.uuid()),
            state: Set(code::write(activity.state)),
            proposed_by: Set(activity.proposed_by.uuid()),
            proposed_at: Set(activity.proposed_at),
            reviewed_by: Set(review.map(|review| review.by.uuid())),
            reviewed_at: Set(review.map(|review| review.at)),
            review_comment: Set(review.and_then(|review| review.comment.clone())),
            cancelled_by: Set(cancellation.map(|cancelled| cancelled.by.uuid())),
            cancelled_at: Set(cancellation.map(|cancelled| cancelled.at)),
            cancellation_reason: Set(cancellation.map(|cancelled| cancelled.reason.clone())),
            starts_at: Set(activity.starts_at),
            ends_at: Set(activity.ends_at),
        }
    }
}

impl TryFrom<row::Model> for Activity {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let id = row.id;
        let review = row.reviewed_by.zip(row.reviewed_at);
        let cancellation = row.cancelled_by.zip(row.cancelled_at);
        Ok(Self {
            id: id.into(),
            node: NodeId::new(row.node_id),
            title: row.title,
            kind: code::read("activity", "kind", id, &row.kind)?,
            nature: code::read("activity", "nature", id, &row.nature)?,
            own_duty: row.own_duty,
            emergency_declaration: row.emergency_declaration,
            description: row.description,
            place: row.place,
            risk: Risk {
                level: code::read("activity", "risk_level", id, &row.risk_level)?,
                notice: row.risk_notice,
                insurance: row.insurance,
            },
            qualification: row.required_qualification,
            lead: row.lead_member_id.into(),
            state: code::read("activity", "state", id, &row.state)?,
            proposed_by: AdminId::new(row.proposed_by),
            proposed_at: row.proposed_at,
            review: review.map(|(by, at)| Review { by: by.into(), at, comment: row.review_comment }),
            cancellation: cancellation.map(|(by, at)| Cancellation {
                by: by.into(),
                at,
                reason: row.cancellation_reason.unwrap_or_default(),
            }),
            starts_at: row.starts_at,
            ends_at: row.ends_at,
        })
    }
}

pub(crate) mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "activity")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub node_id: Uuid,
        pub title: String,
        pub kind: String,
        pub nature: String,
        pub description: String,
        pub place: String,
        pub risk_level: String,
        pub risk_notice: Option<String>,
        pub insurance: Option<String>,
        pub required_qualification: Option<String>,
        pub lead_member_id: Uuid,
        pub state: String,
        pub proposed_by: Uuid,
        pub proposed_at: DateTimeUtc,
        pub reviewed_by: Option<Uuid>,
        pub reviewed_at: Option<DateTimeUtc>,
        pub review_comment: Option<String>,
        pub cancelled_by: Option<Uuid>,
        pub cancelled_at: Option<DateTimeUtc>,
        pub cancellation_reason: Option<String>,
        pub starts_at: DateTimeUtc,
        pub ends_at: DateTimeUtc,
        pub own_duty: bool,
        pub emergency_declaration: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Named {
        #[sea_orm(nested)]
        pub activity: Model,
        pub node_name: String,
        pub lead_name: String,
    }

    #[derive(FromQueryResult)]
    pub struct Detailed {
        #[sea_orm(nested)]
        pub named: Named,
        pub proposer_name: Option<String>,
        pub reviewer_name: Option<String>,
    }
}
