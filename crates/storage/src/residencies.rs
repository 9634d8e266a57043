//! Residencies (报到).

use domain::id::{AdminId, MemberId, NodeId, PersonId, ResidencyId};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::residency::{Closing, Decision, Declaration, Residency, ResidencyState, Side};
use sea_orm::sea_query::{Expr, Query, SelectStatement, UnionType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use crate::database::{CHUNK, ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{join, members, organisations};

/// A residency as its member sees it.
#[derive(Clone, Debug)]
pub struct OwnResidency {
    /// The residency.
    pub residency: Residency,
    /// The estate's name.
    pub estate: String,
    /// The name of the community it lies in.
    pub community: String,
}

/// A residency as those who decide about it see it.
#[derive(Clone, Debug)]
pub struct ReportedResidency {
    /// The residency.
    pub residency: Residency,
    /// The member's name.
    pub member_name: String,
    /// The public member number.
    pub member_number: String,
    /// The home unit's name.
    pub unit: String,
    /// The estate's name.
    pub estate: String,
    /// The name of the community it lies in.
    pub community: String,
}

/// Keeps a new residency. Conflicts if the member has an open one.
pub async fn insert(tx: &mut WriteTx, residency: &Residency) -> Result<()> {
    row::Entity::insert(row::ActiveModel::try_from(residency)?).exec_without_returning(&tx.on()).await?;
    Ok(())
}

/// Keeps many residencies at once.
pub async fn insert_many(tx: &mut WriteTx, residencies: &[Residency]) -> Result<()> {
    for residencies in residencies.chunks(CHUNK) {
        let rows = residencies.iter().map(row::ActiveModel::try_from).collect::<Result<Vec<_>>>()?;
        row::Entity::insert_many(rows).exec_without_returning(&tx.on()).await?;
    }
    Ok(())
}

/// Whether this is [`insert`]'s conflict with an open residency.
pub fn is_open_conflict(error: &StorageError) -> bool {
    error.breaks("residency_open_member_id") || error.breaks("residency.member_id")
}

/// Keeps what a decision changed; the row is locked.
pub async fn update(tx: &mut WriteTx, residency: &Residency) -> Result<()> {
    row::Entity::update(row::ActiveModel::try_from(residency)?).validate()?.exec(&tx.on()).await?;
    Ok(())
}

/// The member's open residency: waiting or active.
pub async fn find_open(tx: &ReadTx, member: MemberId) -> Result<Option<Residency>> {
    open(member).one(&tx.on()).await?.map(Residency::try_from).transpose()
}

/// Locks that one.
pub async fn lock_open(tx: &mut WriteTx, member: MemberId) -> Result<Option<Residency>> {
    open(member).lock_exclusive().one(&tx.on()).await?.map(Residency::try_from).transpose()
}

fn open(member: MemberId) -> Select<row::Entity> {
    let open = ResidencyState::Submitted;
    let states = [open, ResidencyState::UnitConfirmed, ResidencyState::Active].map(code::write);
    row::Entity::find().filter(row::Column::MemberId.eq(member.uuid())).filter(row::Column::State.is_in(states))
}

/// The members whom an estate within these subtrees has accepted, as long as they live there.
pub(crate) fn members_within(paths: &[NodePath]) -> SelectStatement {
    row::Entity::find()
        .select_only()
        .column(row::Column::MemberId)
        .filter(row::Column::State.eq(code::write(ResidencyState::Active)))
        .filter(row::Column::EstateId.in_subquery(organisations::ids_inside(paths)))
        .into_query()
}

/// The place in the tree of the community that has accepted the member, as long as they live there.
pub async fn community_of(tx: &ReadTx, member: MemberId) -> Result<Option<NodePath>> {
    let nodes = organisations::row::Entity;
    let query = row::Entity::find().select_only();
    let query = join::by_id(query, nodes, "estate", row::Column::EstateId.into_expr());
    let path: Option<String> = join::by_id(query, nodes, "community", join::of("estate", "parent_id"))
        .expr_as(join::of("community", "path"), "path")
        .filter(row::Column::MemberId.eq(member.uuid()))
        .filter(row::Column::State.eq(code::write(ResidencyState::Active)))
        .into_tuple()
        .one(&tx.on())
        .await?;
    Ok(path.map(NodePath::from_stored))
}

/// Whether a community accepted the member at any time, in this residency or an earlier one.
pub async fn was_ever_accepted(tx: &ReadTx, member: MemberId) -> Result<bool> {
    let found = row::Entity::find()
        .filter(row::Column::MemberId.eq(member.uuid()))
        .filter(row::Column::AcceptedAt.is_not_null())
        .one(&tx.on())
        .await?;
    Ok(found.is_some())
}

/// Locks a residency of the member.
pub async fn lock_own(tx: &mut WriteTx, member: MemberId, id: ResidencyId) -> Result<Option<Residency>> {
    let found = row::Entity::find_by_id(id.uuid())
        .filter(row::Column::MemberId.eq(member.uuid()))
        .lock_exclusive()
        .one(&tx.on())
        .await?;
    found.map(Residency::try_from).transpose()
}

/// Locks a residency whose home unit, or whose estate, lies in one of the subtrees.
pub async fn lock_within(
    tx: &mut WriteTx,
    side: Side,
    paths: &[NodePath],
    id: ResidencyId,
) -> Result<Option<Residency>> {
    let ours = side_within(side, paths);
    let found = row::Entity::find_by_id(id.uuid()).filter(ours).lock_exclusive().one(&tx.on()).await?;
    found.map(Residency::try_from).transpose()
}

/// Finds a residency of the member.
pub async fn find_own(tx: &ReadTx, member: MemberId, id: ResidencyId) -> Result<Option<OwnResidency>> {
    let found = own(member).filter(row::Column::Id.eq(id.uuid())).into_model::<row::Own>().one(&tx.on()).await?;
    found.map(OwnResidency::try_from).transpose()
}

/// Lists the member's residencies, the newest first.
pub async fn list_own(
    tx: &ReadTx,
    member: MemberId,
    page: &PageRequest<ResidencyId>,
) -> Result<Page<OwnResidency, ResidencyId>> {
    let rows = newest_first(own(member), page).into_model::<row::Own>().all(&tx.on()).await?;
    let found = rows.into_iter().map(OwnResidency::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |own| own.residency.id))
}

/// Finds a residency whose home unit or whose estate lies in one of the subtrees.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: ResidencyId) -> Result<Option<ReportedResidency>> {
    let query = reported(paths).filter(row::Column::Id.eq(id.uuid()));
    query.into_model::<row::Reported>().one(&tx.on()).await?.map(ReportedResidency::try_from).transpose()
}

/// Lists residencies whose home unit or whose estate lies in one of the subtrees, the newest first.
pub async fn list_within(
    tx: &ReadTx,
    paths: &[NodePath],
    state: Option<ResidencyState>,
    page: &PageRequest<ResidencyId>,
) -> Result<Page<ReportedResidency, ResidencyId>> {
    let in_state = state.map(|state| row::Column::State.eq(code::write(state)));
    let query = reported(paths).filter(Condition::all().add_option(in_state));
    let rows = newest_first(query, page).into_model::<row::Reported>().all(&tx.on()).await?;
    let found = rows.into_iter().map(ReportedResidency::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |reported| reported.residency.id))
}

fn own(member: MemberId) -> Select<row::Entity> {
    with_estate().filter(row::Column::MemberId.eq(member.uuid()))
}

fn reported(paths: &[NodePath]) -> Select<row::Entity> {
    let query = join::by_id(with_estate(), members::row::Entity, "member", row::Column::MemberId.into_expr());
    join::by_id(query, organisations::row::Entity, "unit", join::of("member", "unit_id"))
        .expr_as(join::of("member", "name"), "member_name")
        .expr_as(join::of("member", "number"), "member_number")
        .expr_as(join::of("unit", "name"), "unit_name")
        .filter(Condition::all().add_option(within(paths)))
}

/// The condition "one of the two sides lies in one of these subtrees". A union instead of an `OR`, so that each half
/// goes by its index; the whole tree needs no condition.
fn within(paths: &[NodePath]) -> Option<Expr> {
    if paths.contains(&NodePath::root()) {
        return None;
    }
    let half = |side| {
        let mut ids = Query::select();
        ids.column(row::Column::Id).from(row::Entity).and_where(side_within(side, paths));
        ids
    };
    let mut both = half(Side::Unit);
    both.union(UnionType::Distinct, half(Side::Community));
    Some(row::Column::Id.in_subquery(both))
}

fn side_within(side: Side, paths: &[NodePath]) -> Expr {
    let mut nodes = Query::select();
    nodes.column(organisations::row::Column::Id).from(organisations::row::Entity);
    nodes.cond_where(organisations::inside(paths));
    match side {
        Side::Community => row::Column::EstateId.in_subquery(nodes),
        Side::Unit => {
            let mut of_units = Query::select();
            of_units.column(members::row::Column::Id).from(members::row::Entity);
            of_units.and_where(members::row::Column::UnitId.in_subquery(nodes));
            row::Column::MemberId.in_subquery(of_units)
        }
    }
}

fn with_estate() -> Select<row::Entity> {
    let nodes = organisations::row::Entity;
    let query = join::by_id(row::Entity::find(), nodes, "estate", row::Column::EstateId.into_expr());
    join::by_id(query, nodes, "community", join::of("estate", "parent_id"))
        .expr_as(join::of("estate", "name"), "estate_name")
        .expr_as(join::of("community", "name"), "community_name")
}

fn newest_first(mut query: Select<row::Entity>, page: &PageRequest<ResidencyId>) -> Select<row::Entity> {
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after.uuid()));
    }
    query.order_by_desc(row::Column::Id).limit(page.limit + 1)
}

impl TryFrom<row::Own> for OwnResidency {
    type Error = StorageError;

    fn try_from(row: row::Own) -> Result<Self> {
        let residency = row.residency.try_into()?;
        Ok(Self { residency, estate: row.estate_name, community: row.community_name })
    }
}

impl TryFrom<row::Reported> for ReportedResidency {
    type Error = StorageError;

    fn try_from(row: row::Reported) -> Result<Self> {
        Ok(Self {
            residency: row.residency.try_into()?,
            member_name: row.member_name,
            member_number: row.member_number,
            unit: row.unit_name,
            estate: row.estate_name,
            community: row.community_name,
        })
    }
}

impl TryFrom<&Residency> for row::ActiveModel {
    type Error = StorageError;

    fn try_from(residency: &Residency) -> Result<Self> {
        let corrupt = |column| StorageError::corrupt("residency", column, residency.id);
        let Declaration { building, skills, wishes } = &residency.declaration;
        let closed = residency.closed.as_ref();
        Ok(Self {
            id: Set(residency.id.uuid()),
            member_id: Set(residency.member.uuid()),
            estate_id: Set(residency.estate.uuid()),
            building: Set(building.clone()),
            skills: Set(serde_json::to_string(skills).map_err(|_| corrupt("skills"))?),
            wishes: Set(serde_json::to_string(wishes).map_err(|_| corrupt("wishes"))?),
            state: Set(code::write(residency.state)),
            submitted_at: Set(residency.submitted_at),
            unit_confirmed_at: Set(residency.confirmed.map(|decision| decision.at)),
            unit_confirmed_by: Set(residency.confirmed.map(|decision| decision.by.uuid())),
            accepted_at: Set(residency.accepted.map(|decision| decision.at)),
            accepted_by: Set(residency.accepted.map(|decision| decision.by.uuid())),
            closed_at: Set(closed.map(|closing| closing.at)),
            closed_by: Set(closed.map(|closing| closing.by.uuid())),
            closing_reason: Set(closed.and_then(|closing| closing.reason.clone())),
        })
    }
}

impl TryFrom<row::Model> for Residency {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let list = |column, text: &str| {
            serde_json::from_str(text).map_err(|_| StorageError::corrupt("residency", column, row.id))
        };
        let decision = |at, by: Option<uuid::Uuid>| Some(Decision { at: at?, by: AdminId::new(by?) });
        let state = code::read("residency", "state", row.id, &row.state)?;
        let by = |by: uuid::Uuid| -> PersonId {
            if state == ResidencyState::Refused { AdminId::new(by).into() } else { MemberId::new(by).into() }
        };
        Ok(Self {
            id: row.id.into(),
            member: row.member_id.into(),
            estate: NodeId::new(row.estate_id),
            declaration: Declaration {
                skills: list("skills", &row.skills)?,
                wishes: list("wishes", &row.wishes)?,
                building: row.building,
            },
            state,
            submitted_at: row.submitted_at,
            confirmed: decision(row.unit_confirmed_at, row.unit_confirmed_by),
            accepted: decision(row.accepted_at, row.accepted_by),
            closed: row.closed_at.zip(row.closed_by.map(by)).map(|(at, by)| Closing {
                at,
                by,
                reason: row.closing_reason,
            }),
        })
    }
}

pub(crate) mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "residency")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub member_id: Uuid,
        pub estate_id: Uuid,
        pub building: String,
        pub skills: String,
        pub wishes: String,
        pub state: String,
        pub submitted_at: DateTimeUtc,
        pub unit_confirmed_at: Option<DateTimeUtc>,
        pub unit_confirmed_by: Option<Uuid>,
        pub accepted_at: Option<DateTimeUtc>,
        pub accepted_by: Option<Uuid>,
        pub closed_at: Option<DateTimeUtc>,
        pub closed_by: Option<Uuid>,
        pub closing_reason: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Own {
        #[sea_orm(nested)]
        pub residency: Model,
        pub estate_name: String,
        pub community_name: String,
    }

    #[derive(FromQueryResult)]
    pub struct Reported {
        #[sea_orm(nested)]
        pub residency: Model,
        pub member_name: String,
        pub member_number: String,
        pub unit_name: String,
        pub estate_name: String,
        pub community_name: String,
    }
}
