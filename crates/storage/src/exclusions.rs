//! Exclusions (不参与名单): whom their unit has stopped from earning or spending. They are asked for by the member's home unit
//! as it is now: whoever moves takes them along, and the new unit lifts them.

use std::collections::BTreeSet;

use domain::exclusion::{Exclusion, ExclusionKind};
use domain::id::{AdminId, ExclusionId, MemberId, NodeId};
use domain::official::{Official, Step};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{join, members, organisations};

/// An exclusion with the names around it.
#[derive(Clone, Debug)]
pub struct ExclusionDetail {
    /// The exclusion.
    pub exclusion: Exclusion,
    /// The member's name.
    pub member_name: String,
    /// The public member number.
    pub member_number: String,
    /// The name of the member's home unit.
    pub unit: String,
    /// The name of the organisation that set it.
    pub set_by: String,
    /// The name of the organisation that lifted it.
    pub lifted_by: Option<String>,
}

/// Keeps a new exclusion. Conflicts if the member has an open one of the same kind.
pub async fn insert(tx: &mut WriteTx, exclusion: &Exclusion) -> Result<()> {
    row::Entity::insert(row::ActiveModel::from(exclusion)).exec_without_returning(&tx.on()).await?;
    Ok(())
}

/// Keeps that a locked exclusion was lifted.
pub async fn lift(tx: &mut WriteTx, exclusion: &Exclusion) -> Result<()> {
    let lifted = row::Entity::update_many()
        .set(row::ActiveModel::from(exclusion))
        .filter(row::Column::Id.eq(exclusion.id.uuid()))
        .filter(row::Column::LiftedAt.is_null())
        .exec(&tx.on())
        .await?;
    if lifted.rows_affected == 1 { Ok(()) } else { Err(StorageError::conflict("exclusion_lifted")) }
}

/// Locks an exclusion of a member of a unit within these subtrees.
pub async fn lock_within(tx: &mut WriteTx, paths: &[NodePath], id: ExclusionId) -> Result<Option<Exclusion>> {
    use members::row as member;
    let of_units = member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .filter(member::Column::UnitId.in_subquery(organisations::ids_inside(paths)))
        .into_query();
    let found = row::Entity::find_by_id(id.uuid()).filter(row::Column::MemberId.in_subquery(of_units));
    found.lock_exclusive().one(&tx.on()).await?.map(Exclusion::try_from).transpose()
}

/// What is stopped of a member now. Whoever decides by it asks once the purse is locked.
pub async fn open_of(tx: &ReadTx, member: MemberId) -> Result<Vec<ExclusionKind>> {
    let kinds: Vec<(Uuid, String)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Kind])
        .filter(row::Column::MemberId.eq(member.uuid()))
        .filter(row::Column::LiftedAt.is_null())
        .into_tuple()
        .all(&tx.on())
        .await?;
    kinds.into_iter().map(|(id, kind)| code::read("exclusion", "kind", id, &kind)).collect()
}

/// One row for each thing that is stopped of a member now, or this thing, to ask whether there is any.
pub(crate) fn open(member: Expr, kind: Option<ExclusionKind>) -> SelectStatement {
    let of_kind = kind.map(|kind| row::Column::Kind.into_expr().eq(code::write(kind)));
    Query::select()
        .expr(Expr::val(1))
        .from(row::Entity)
        .and_where(row::Column::MemberId.into_expr().eq(member))
        .and_where(row::Column::LiftedAt.is_null())
        .cond_where(Condition::all().add_option(of_kind))
        .to_owned()
}

/// Whatever stopped these members from earning, at any time: which of it held when something was done is the domain's to
/// say. Ask once their purses are locked.
pub async fn earning_of(tx: &ReadTx, members: &BTreeSet<MemberId>) -> Result<Vec<Exclusion>> {
    let rows = row::Entity::find()
        .filter(row::Column::MemberId.is_in(members.iter().map(|member| member.uuid())))
        .filter(row::Column::Kind.eq(code::write(ExclusionKind::Earning)))
        .all(&tx.on())
        .await?;
    rows.into_iter().map(Exclusion::try_from).collect()
}

/// Finds an exclusion of a member of a unit within these subtrees.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: ExclusionId) -> Result<Option<ExclusionDetail>> {
    let query = detailed(paths).filter(row::Column::Id.eq(id.uuid()));
    query.into_model::<row::Detailed>().one(&tx.on()).await?.map(ExclusionDetail::try_from).transpose()
}

/// Lists exclusions of members of units within these subtrees, the newest first: of this kind, those that hold or those
/// that were lifted.
pub async fn list_within(
    tx: &ReadTx,
    paths: &[NodePath],
    kind: Option<ExclusionKind>,
    open: Option<bool>,
    page: &PageRequest<ExclusionId>,
) -> Result<Page<ExclusionDetail, ExclusionId>> {
    let lifted = |open| if open { row::Column::LiftedAt.is_null() } else { row::Column::LiftedAt.is_not_null() };
    let asked = Condition::all()
        .add_option(kind.map(|kind| row::Column::Kind.eq(code::write(kind))))
        .add_option(open.map(lifted))
        .add_option(page.after.map(|after| row::Column::Id.lt(after.uuid())));
    let query = detailed(paths).filter(asked).order_by_desc(row::Column::Id).limit(page.limit + 1);
    let rows = query.into_model::<row::Detailed>().all(&tx.on()).await?;
    let found = rows.into_iter().map(ExclusionDetail::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |detail| detail.exclusion.id))
}

fn detailed(paths: &[NodePath]) -> Select<row::Entity> {
    let query = join::by_id(row::Entity::find(), members::row::Entity, "member", row::Column::MemberId.into_expr());
    let query = join::by_id(query, organisations::row::Entity, "unit", join::of("member", "unit_id"));
    let query = join::by_id(query, organisations::row::Entity, "setter", row::Column::NodeId.into_expr());
    // What is over stays with those who set or lifted it; whoever moves takes along what holds.
    let theirs = Condition::any()
        .add(row::Column::LiftedAt.is_null())
        .add(organisations::inside_as("setter", paths))
        .add(organisations::inside_as("lifter", paths));
    let lifter = join::of("lifter", "id").eq(row::Column::LiftedNodeId.into_expr());
    join::perhaps(query, "organisation", "lifter", lifter)
        .expr_as(join::of("member", "name"), "member_name")
        .expr_as(join::of("member", "number"), "member_number")
        .expr_as(join::of("unit", "name"), "unit_name")
        .expr_as(join::of("setter", "name"), "setter_name")
        .expr_as(join::of("lifter", "name"), "lifter_name")
        .filter(organisations::inside_as("unit", paths))
        .filter(theirs)
}

/// Whether this is [`insert`]'s conflict with what is stopped already.
pub fn is_repeated(error: &StorageError) -> bool {
    error.breaks("exclusion_open_member_id_kind") || error.breaks("exclusion.kind")
}

impl From<&Exclusion> for row::ActiveModel {
    fn from(exclusion: &Exclusion) -> Self {
        let (set, lifted) = (exclusion.set, exclusion.lifted);
        let linked = |step: Step| step.by.member.map(MemberId::uuid);
        Self {
            id: Set(exclusion.id.uuid()),
            member_id: Set(exclusion.member.uuid()),
            kind: Set(code::write(exclusion.kind)),
            node_id: Set(set.node.uuid()),
            set_by: Set(set.by.admin.uuid()),
            set_by_member: Set(linked(set)),
            set_at: Set(set.at),
            lifted_node_id: Set(lifted.map(|step| step.node.uuid())),
            lifted_by: Set(lifted.map(|step| step.by.admin.uuid())),
            lifted_by_member: Set(lifted.and_then(linked)),
            lifted_at: Set(lifted.map(|step| step.at)),
        }
    }
}

impl TryFrom<row::Model> for Exclusion {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let step = |admin: Uuid, member: Option<Uuid>, node: Uuid, at: Instant| {
            let by = Official { admin: AdminId::new(admin), member: member.map(MemberId::new) };
            Step { by, node: NodeId::new(node), at }
        };
        let lifted = row.lifted_by.zip(row.lifted_node_id).zip(row.lifted_at);
        Ok(Self {
            id: row.id.into(),
            member: row.member_id.into(),
            kind: code::read("exclusion", "kind", row.id, &row.kind)?,
            set: step(row.set_by, row.set_by_member, row.node_id, row.set_at),
            lifted: lifted.map(|((by, node), at)| step(by, row.lifted_by_member, node, at)),
        })
    }
}

impl TryFrom<row::Detailed> for ExclusionDetail {
    type Error = StorageError;

    fn try_from(row: row::Detailed) -> Result<Self> {
        Ok(Self {
            exclusion: row.exclusion.try_into()?,
            member_name: row.member_name,
            member_number: row.member_number,
            unit: row.unit_name,
            set_by: row.setter_name,
            lifted_by: row.lifter_name,
        })
    }
}

mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "exclusion")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub member_id: Uuid,
        pub kind: String,
        pub node_id: Uuid,
        pub set_by: Uuid,
        pub set_by_member: Option<Uuid>,
        pub set_at: DateTimeUtc,
        pub lifted_node_id: Option<Uuid>,
        pub lifted_by: Option<Uuid>,
        pub lifted_by_member: Option<Uuid>,
        pub lifted_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Detailed {
        #[sea_orm(nested)]
        pub exclusion: Model,
        pub member_name: String,
        pub member_number: String,
        pub unit_name: String,
        pub setter_name: String,
        pub lifter_name: Option<String>,
    }
}
