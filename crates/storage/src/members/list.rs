//! The roster as an admin sees it.

use domain::id::{MemberId, NodeId};
use domain::member::{Member, MemberCategory, MemberState};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use sea_orm::sea_query::{Expr, JoinType};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::{row, to_identity, to_unit};
use crate::database::ReadTx;
use crate::error::Result;
use crate::mapping::{beginning_with, code};
use crate::{identities, organisations};

/// Which members a list is about.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of units within these subtrees.
    pub within: Vec<NodePath>,
    /// Only of this unit.
    pub unit: Option<NodeId>,
    /// Only names that begin so.
    pub name: Option<String>,
    /// Only in this register.
    pub category: Option<MemberCategory>,
    /// Only in this state.
    pub state: Option<MemberState>,
}

/// A member on an admin's screen.
#[derive(Clone, Debug)]
pub struct MemberSummary {
    /// The member.
    pub member: Member,
    /// The home unit's name.
    pub unit_name: String,
    /// Whether the member signs in with WeChat.
    pub bound: bool,
}

/// Lists members in the order in which they came onto the roster.
pub async fn list(tx: &ReadTx, filter: &Filter, page: &PageRequest<MemberId>) -> Result<Page<MemberSummary, MemberId>> {
    let mut query = with_unit_and_identity(&filter.within).order_by_asc(row::Column::Id).limit(page.limit + 1);
    if let Some(unit) = filter.unit {
        query = query.filter(row::Column::UnitId.eq(unit.uuid()));
    }
    if let Some(name) = &filter.name {
        query = query.filter(Expr::col((row::Entity, row::Column::Name)).like(beginning_with(name)));
    }
    if let Some(category) = filter.category {
        query = query.filter(row::Column::Category.eq(code::write(category)));
    }
    if let Some(state) = filter.state {
        query = query.filter(row::Column::State.eq(code::write(state)));
    }
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.gt(after.uuid()));
    }
    let rows = query.into_model::<Joined>().all(&tx.on()).await?;
    let members = rows.into_iter().map(MemberSummary::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(members, page.limit, |item| item.member.id))
}

/// Finds a member of a unit within these subtrees.
pub async fn find_in_subtree(tx: &ReadTx, within: &[NodePath], id: MemberId) -> Result<Option<MemberSummary>> {
    let found = with_unit_and_identity(within).filter(row::Column::Id.eq(id.uuid()));
    found.into_model::<Joined>().one(&tx.on()).await?.map(MemberSummary::try_from).transpose()
}

fn with_unit_and_identity(within: &[NodePath]) -> Select<row::Entity> {
    row::Entity::find()
        .join(JoinType::InnerJoin, to_unit())
        .join(JoinType::LeftJoin, to_identity())
        .column_as(organisations::row::Column::Name, "unit_name")
        .column_as(identities::row::Column::Id, "identity_id")
        .filter(organisations::inside(within))
}

#[derive(FromQueryResult)]
struct Joined {
    #[sea_orm(nested)]
    member: row::Model,
    unit_name: String,
    identity_id: Option<Uuid>,
}

impl TryFrom<Joined> for MemberSummary {
    type Error = crate::StorageError;

    fn try_from(joined: Joined) -> Result<Self> {
        let Joined { member, unit_name, identity_id } = joined;
        Ok(Self { member: member.try_into()?, unit_name, bound: identity_id.is_some() })
    }
}
