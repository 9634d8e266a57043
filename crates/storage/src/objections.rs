//! Objections to service in its publicity (异议).

use domain::enrolment::EnrolmentState;
use domain::id::{AdminId, EnrolmentId, MemberId, NodeId, ObjectionId};
use domain::objection::{Decision, MOST_OPEN, Objection, ObjectionState};
use domain::official::{Official, Step};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{activities, activity_sessions, enrolments, join, members, organisations};

/// An objection with the service that it is about and the names around it.
#[derive(Clone, Debug)]
pub struct ObjectionDetail {
    /// The objection.
    pub objection: Objection,
    /// The name of who objects.
    pub objector_name: String,
    /// Their public member number.
    pub objector_number: String,
    /// Whose service it is, and the lead who confirmed it.
    pub parties: Vec<MemberId>,
    /// The name of whose service it is.
    pub member_name: String,
    /// Their public member number.
    pub member_number: String,
    /// The name of the lead who confirmed it.
    pub lead_name: Option<String>,
    /// The activity's headline.
    pub title: String,
    /// The name of the organisation that published it.
    pub organisation: String,
    /// When the session began.
    pub starts_at: Instant,
    /// When it ended.
    pub ends_at: Instant,
    /// Minutes by the clock.
    pub timed_minutes: i64,
    /// Minutes made up.
    pub made_up_minutes: i64,
    /// Where the service stands now.
    pub service: EnrolmentState,
    /// Until when it is public.
    pub publicity_ends_at: Option<Instant>,
    /// The name of the organisation that decided.
    pub decided_by: Option<String>,
}

/// Keeps a new objection. Conflicts if another to the same service is open.
pub async fn insert(tx: &mut WriteTx, objection: &Objection) -> Result<()> {
    row::Entity::insert(row::ActiveModel::from(objection)).exec_without_returning(&tx.on()).await?;
    Ok(())
}

/// Whether this is [`insert`]'s conflict with an open objection.
pub fn is_repeated(error: &StorageError) -> bool {
    error.breaks("objection_open_enrolment_id") || error.breaks("objection.enrolment_id")
}

/// How many objections of this member wait, as far as the limit goes.
pub async fn count_open(tx: &ReadTx, member: MemberId) -> Result<u64> {
    let open: Vec<Uuid> = row::Entity::find()
        .filter(row::Column::MemberId.eq(member.uuid()))
        .filter(row::Column::State.eq(code::write(ObjectionState::Open)))
        .select_only()
        .column(row::Column::Id)
        .limit(MOST_OPEN)
        .into_tuple()
        .all(&tx.on())
        .await?;
    Ok(u64::try_from(open.len()).unwrap_or(MOST_OPEN))
}

/// Locks an objection to this service, which is locked already.
pub async fn lock_to(tx: &mut WriteTx, service: EnrolmentId, id: ObjectionId) -> Result<Option<Objection>> {
    let found = row::Entity::find_by_id(id.uuid()).filter(row::Column::EnrolmentId.eq(service.uuid()));
    found.lock_exclusive().one(&tx.on()).await?.map(Objection::try_from).transpose()
}

/// Keeps the decision about an objection that was open; the row is locked.
pub async fn decide(tx: &mut WriteTx, objection: &Objection) -> Result<()> {
    let changed = row::Entity::update_many()
        .set(row::ActiveModel::from(objection))
        .filter(row::Column::Id.eq(objection.id.uuid()))
        .filter(row::Column::State.eq(code::write(ObjectionState::Open)))
        .exec(&tx.on())
        .await?;
    if changed.rows_affected == 1 { Ok(()) } else { Err(StorageError::conflict("objection_state")) }
}

/// Finds an objection of the member.
pub async fn find_own(tx: &ReadTx, member: MemberId, id: ObjectionId) -> Result<Option<ObjectionDetail>> {
    one(tx, own(member).filter(row::Column::Id.eq(id.uuid()))).await
}

/// Finds an objection to service in an activity within these subtrees.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: ObjectionId) -> Result<Option<ObjectionDetail>> {
    one(tx, within(paths).filter(row::Column::Id.eq(id.uuid()))).await
}

/// Lists the member's objections, the newest first.
pub async fn list_own(
    tx: &ReadTx,
    member: MemberId,
    page: &PageRequest<ObjectionId>,
) -> Result<Page<ObjectionDetail, ObjectionId>> {
    list(tx, own(member), page).await
}

/// Lists objections to service in activities within these subtrees, the newest first.
pub async fn list_within(
    tx: &ReadTx,
    paths: &[NodePath],
    state: Option<ObjectionState>,
    page: &PageRequest<ObjectionId>,
) -> Result<Page<ObjectionDetail, ObjectionId>> {
    let in_state = state.map(|state| row::Column::State.eq(code::write(state)));
    list(tx, within(paths).filter(Condition::all().add_option(in_state)), page).await
}

async fn one(tx: &ReadTx, query: Select<row::Entity>) -> Result<Option<ObjectionDetail>> {
    query.into_model::<row::Detailed>().one(&tx.on()).await?.map(ObjectionDetail::try_from).transpose()
}

async fn list(
    tx: &ReadTx,
    query: Select<row::Entity>,
    page: &PageRequest<ObjectionId>,
) -> Result<Page<ObjectionDetail, ObjectionId>> {
    let before = page.after.map(|after| row::Column::Id.lt(after.uuid()));
    let query = query.filter(Condition::all().add_option(before)).order_by_desc(row::Column::Id).limit(page.limit + 1);
    let rows = query.into_model::<row::Detailed>().all(&tx.on()).await?;
    let found = rows.into_iter().map(ObjectionDetail::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |detail| detail.objection.id))
}

fn own(member: MemberId) -> Select<row::Entity> {
    detailed().filter(row::Column::MemberId.eq(member.uuid()))
}

fn within(paths: &[NodePath]) -> Select<row::Entity> {
    detailed().filter(organisations::inside_as("node", paths))
}

fn detailed() -> Select<row::Entity> {
    let query = join::by_id(row::Entity::find(), members::row::Entity, "objector", row::Column::MemberId.into_expr());
    let query = join::by_id(query, enrolments::Entity, "service", row::Column::EnrolmentId.into_expr());
    let query = join::by_id(query, members::row::Entity, "server", join::of("service", "member_id"));
    let query = join::by_id(query, activity_sessions::row::Entity, "session", join::of("service", "session_id"));
    let query = join::by_id(query, activities::row::Entity, "activity", join::of("service", "activity_id"));
    let query = join::by_id(query, organisations::row::Entity, "node", join::of("activity", "node_id"));
    let confirmed = join::of("lead", "id").eq(join::of("service", "confirmed_by"));
    let query = join::perhaps(query, "member", "lead", confirmed);
    let decided = join::of("decider", "id").eq(row::Column::DecidedNodeId.into_expr());
    join::perhaps(query, "organisation", "decider", decided)
        .expr_as(join::of("objector", "name"), "objector_name")
        .expr_as(join::of("objector", "number"), "objector_number")
        .expr_as(join::of("server", "id"), "server_id")
        .expr_as(join::of("lead", "id"), "lead_id")
        .expr_as(join::of("server", "name"), "member_name")
        .expr_as(join::of("server", "number"), "member_number")
        .expr_as(join::of("lead", "name"), "lead_name")
        .expr_as(join::of("activity", "title"), "title")
        .expr_as(join::of("node", "name"), "organisation")
        .expr_as(join::of("session", "starts_at"), "starts_at")
        .expr_as(join::of("session", "ends_at"), "ends_at")
        .expr_as(join::of("service", "timed_minutes"), "timed_minutes")
        .expr_as(join::of("service", "made_up_minutes"), "made_up_minutes")
        .expr_as(join::of("service", "state"), "service_state")
        .expr_as(join::of("service", "publicity_ends_at"), "publicity_ends_at")
        .expr_as(join::of("decider", "name"), "decider_name")
}

impl From<&Objection> for row::ActiveModel {
    fn from(objection: &Objection) -> Self {
        let decision = objection.decision.as_ref();
        let step = decision.map(|decision| decision.step);
        Self {
            id: Set(objection.id.uuid()),
            enrolment_id: Set(objection.enrolment.uuid()),
            member_id: Set(objection.member.uuid()),
            reason: Set(objection.reason.clone()),
            state: Set(code::write(objection.state)),
            created_at: Set(objection.created_at),
            decided_node_id: Set(step.map(|step| step.node.uuid())),
            decided_by: Set(step.map(|step| step.by.admin.uuid())),
            decided_by_member: Set(step.and_then(|step| step.by.member).map(MemberId::uuid)),
            decided_at: Set(step.map(|step| step.at)),
            answer: Set(decision.map(|decision| decision.answer.clone())),
        }
    }
}

impl TryFrom<row::Model> for Objection {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let decision = |(((admin, node), at), answer): (((Uuid, Uuid), Instant), String)| {
            let by = Official { admin: AdminId::new(admin), member: row.decided_by_member.map(MemberId::new) };
            Decision { step: Step { by, node: NodeId::new(node), at }, answer }
        };
        Ok(Self {
            id: row.id.into(),
            enrolment: row.enrolment_id.into(),
            member: row.member_id.into(),
            reason: row.reason,
            state: code::read("objection", "state", row.id, &row.state)?,
            created_at: row.created_at,
            decision: row.decided_by.zip(row.decided_node_id).zip(row.decided_at).zip(row.answer).map(decision),
        })
    }
}

impl TryFrom<row::Detailed> for ObjectionDetail {
    type Error = StorageError;

    fn try_from(row: row::Detailed) -> Result<Self> {
        let service = code::read("enrolment", "state", row.objection.enrolment_id, &row.service_state)?;
        Ok(Self {
            objection: row.objection.try_into()?,
            objector_name: row.objector_name,
            objector_number: row.objector_number,
            parties: [Some(row.server_id), row.lead_id].into_iter().flatten().map(MemberId::new).collect(),
            member_name: row.member_name,
            member_number: row.member_number,
            lead_name: row.lead_name,
            title: row.title,
            organisation: row.organisation,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            timed_minutes: row.timed_minutes.unwrap_or(0),
            made_up_minutes: row.made_up_minutes.unwrap_or(0),
            service,
            publicity_ends_at: row.publicity_ends_at,
            decided_by: row.decider_name,
        })
    }
}

mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "objection")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub enrolment_id: Uuid,
        pub member_id: Uuid,
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        pub state: String,
        pub created_at: DateTimeUtc,
        pub decided_node_id: Option<Uuid>,
        pub decided_by: Option<Uuid>,
        pub decided_by_member: Option<Uuid>,
        pub decided_at: Option<DateTimeUtc>,
        #[sea_orm(column_type = "Text", nullable)]
        pub answer: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Detailed {
        #[sea_orm(nested)]
        pub objection: Model,
        pub objector_name: String,
        pub objector_number: String,
        pub server_id: Uuid,
        pub lead_id: Option<Uuid>,
        pub member_name: String,
        pub member_number: String,
        pub lead_name: Option<String>,
        pub title: String,
        pub organisation: String,
        pub starts_at: DateTimeUtc,
        pub ends_at: DateTimeUtc,
        pub timed_minutes: Option<i64>,
        pub made_up_minutes: Option<i64>,
        pub service_state: String,
        pub publicity_ends_at: Option<DateTimeUtc>,
        pub decider_name: Option<String>,
    }
}
