//! Complaints and suggestions (投诉建议).

use domain::complaint::{Complaint, ComplaintState, MOST_OPEN};
use domain::id::{AdminId, ComplaintId, NodeId, PersonId};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::session::Audience;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{join, organisations};

/// A complaint as those who answer it see it.
#[derive(Clone, Debug)]
pub struct ReceivedComplaint {
    /// The complaint.
    pub complaint: Complaint,
    /// On which side it was made.
    pub audience: Audience,
    /// The name of who made it, if it was a member or shop staff.
    pub name: Option<String>,
}

/// Keeps a new complaint of this person, which is answered at the node.
pub async fn insert(
    tx: &mut WriteTx,
    complaint: &Complaint,
    audience: Audience,
    person: PersonId,
    node: NodeId,
) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(complaint.id.uuid()),
        number: Set(complaint.number.clone()),
        audience: Set(code::write(audience)),
        person_id: Set(person.uuid()),
        node_id: Set(node.uuid()),
        category: Set(code::write(complaint.category)),
        content: Set(complaint.content.clone()),
        state: Set(code::write(complaint.state)),
        answer: Set(complaint.answer.clone()),
        answered_by: Set(None),
        answered_at: Set(complaint.answered_at),
        created_at: Set(complaint.created_at),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// How many complaints of these persons wait, as far as the limit goes.
pub async fn count_open(tx: &ReadTx, persons: &[PersonId]) -> Result<u64> {
    let open: Vec<Uuid> = own(persons)
        .filter(row::Column::State.eq(code::write(ComplaintState::Open)))
        .select_only()
        .column(row::Column::Id)
        .limit(MOST_OPEN)
        .into_tuple()
        .all(&tx.on())
        .await?;
    Ok(u64::try_from(open.len()).unwrap_or(MOST_OPEN))
}

/// Lists what these persons, who are the same somebody, said on one side; the newest first.
pub async fn list_own(
    tx: &ReadTx,
    persons: &[PersonId],
    audience: Audience,
    page: &PageRequest<ComplaintId>,
) -> Result<Page<Complaint, ComplaintId>> {
    let query = own(persons).filter(row::Column::Audience.eq(code::write(audience)));
    let rows = newest_first(query, page).all(&tx.on()).await?;
    let found = rows.into_iter().map(Complaint::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |complaint| complaint.id))
}

/// Lists complaints that are answered within these subtrees, the newest first.
pub async fn list_within(
    tx: &ReadTx,
    paths: &[NodePath],
    state: Option<ComplaintState>,
    page: &PageRequest<ComplaintId>,
) -> Result<Page<ReceivedComplaint, ComplaintId>> {
    let in_state = state.map(|state| row::Column::State.eq(code::write(state)));
    let query = received(paths).filter(Condition::all().add_option(in_state));
    let rows = newest_first(query, page).into_model::<row::Received>().all(&tx.on()).await?;
    let found = rows.into_iter().map(ReceivedComplaint::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |received| received.complaint.id))
}

/// Finds a complaint that is answered within these subtrees.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: ComplaintId) -> Result<Option<ReceivedComplaint>> {
    let query = received(paths).filter(row::Column::Id.eq(id.uuid()));
    query.into_model::<row::Received>().one(&tx.on()).await?.map(ReceivedComplaint::try_from).transpose()
}

/// Locks a complaint that is answered within these subtrees.
pub async fn lock_within(tx: &mut WriteTx, paths: &[NodePath], id: ComplaintId) -> Result<Option<Complaint>> {
    let found = row::Entity::find_by_id(id.uuid())
        .filter(row::Column::NodeId.in_subquery(organisations::ids_inside(paths)))
        .lock_exclusive()
        .one(&tx.on())
        .await?;
    found.map(Complaint::try_from).transpose()
}

/// Keeps the answer; the row is locked.
pub async fn answer(tx: &mut WriteTx, complaint: &Complaint, by: AdminId) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::State, code::write(complaint.state).into())
        .col_expr(row::Column::Answer, complaint.answer.clone().into())
        .col_expr(row::Column::AnsweredBy, by.uuid().into())
        .col_expr(row::Column::AnsweredAt, complaint.answered_at.into())
        .filter(row::Column::Id.eq(complaint.id.uuid()))
        .exec(&tx.on())
        .await?;
    Ok(())
}

fn own(persons: &[PersonId]) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::PersonId.is_in(persons.iter().map(|person| person.uuid())))
}

fn received(paths: &[NodePath]) -> Select<row::Entity> {
    let query = join::by_id(row::Entity::find(), organisations::row::Entity, "node", row::Column::NodeId.into_expr());
    let person = || row::Column::PersonId.into_expr();
    let query = join::perhaps(query, "member", "member", join::of("member", "id").eq(person()));
    join::perhaps(query, "staff", "staff", join::of("staff", "id").eq(person()))
        .expr_as(join::of("member", "name"), "member_name")
        .expr_as(join::of("staff", "name"), "staff_name")
        .filter(organisations::inside_as("node", paths))
}

fn newest_first(mut query: Select<row::Entity>, page: &PageRequest<ComplaintId>) -> Select<row::Entity> {
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after.uuid()));
    }
    query.order_by_desc(row::Column::Id).limit(page.limit + 1)
}

impl TryFrom<row::Model> for Complaint {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            number: row.number,
            category: code::read("complaint", "category", row.id, &row.category)?,
            content: row.content,
            state: code::read("complaint", "state", row.id, &row.state)?,
            answer: row.answer,
            answered_at: row.answered_at,
            created_at: row.created_at,
        })
    }
}

impl TryFrom<row::Received> for ReceivedComplaint {
    type Error = StorageError;

    fn try_from(row: row::Received) -> Result<Self> {
        let audience = code::read("complaint", "audience", row.complaint.id, &row.complaint.audience)?;
        Ok(Self { complaint: row.complaint.try_into()?, audience, name: row.member_name.or(row.staff_name) })
    }
}

mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "complaint")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub number: String,
        pub audience: String,
        pub person_id: Uuid,
        pub node_id: Uuid,
        pub category: String,
        #[sea_orm(column_type = "Text")]
        pub content: String,
        pub state: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub answer: Option<String>,
        pub answered_by: Option<Uuid>,
        pub answered_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Received {
        #[sea_orm(nested)]
        pub complaint: Model,
        pub member_name: Option<String>,
        pub staff_name: Option<String>,
    }
}
