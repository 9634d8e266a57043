//! Versions on their way from a draft to what holds. Lock the scope before the version: what may hold depends on the
//! other versions of its scope.

use domain::id::{AdminId, MemberId, NodeId, RulebookId};
use domain::official::Official;
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::points::rulebook::{Edition, RulebookState};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::row::{self, Column};
use super::{read_rules, write_rules};
use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::join;
use crate::mapping::code;
use crate::organisations::{self, row as organisation};

/// A version on an admin's screen.
#[derive(Clone, Debug)]
pub struct EditionDetail {
    /// The version.
    pub edition: Edition,
    /// What its scope is called.
    pub scope_name: String,
    /// Who drafted it.
    pub drafter_name: Option<String>,
    /// Who made it effective.
    pub approver_name: Option<String>,
    /// When it was drafted.
    pub created_at: Instant,
}

/// Which versions a list is about.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Only within these subtrees.
    pub within: Vec<NodePath>,
    /// Only of this scope.
    pub scope: Option<NodeId>,
    /// Only those that stand there at the instant.
    pub state: Option<(RulebookState, Instant)>,
}

/// Locks the scope, so that its versions are numbered and made effective one after the other. Those who only refer to
/// the scope do not wait.
pub async fn lock_scope(tx: &mut WriteTx, scope: NodeId) -> Result<()> {
    let locked = organisation::Entity::find_by_id(scope.uuid()).lock(LockType::NoKeyUpdate).one(&tx.on()).await?;
    locked.map(|_| ()).ok_or_else(|| StorageError::corrupt("rulebook", "scope_id", scope))
}

/// The number that the next version of a locked scope gets.
pub async fn next_version(tx: &ReadTx, scope: NodeId) -> Result<i32> {
    let last: Option<Option<i32>> = row::Entity::find()
        .select_only()
        .column_as(Column::Version.max(), "last")
        .filter(Column::ScopeId.eq(scope.uuid()))
        .into_tuple()
        .one(&tx.on())
        .await?;
    Ok(last.flatten().unwrap_or(0) + 1)
}

/// Keeps a new draft.
pub async fn insert(tx: &mut WriteTx, edition: &Edition, now: Instant) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(edition.id.uuid()),
        scope_id: Set(edition.scope.uuid()),
        version: Set(edition.version),
        state: Set(code::write(edition.state)),
        body: Set(write_rules(edition.id.uuid(), &edition.rules)?),
        effective_from: Set(edition.effective_from),
        effective_to: Set(edition.effective_to),
        drafted_by: Set(edition.drafted_by.map(|by| by.admin.uuid())),
        approved_by: Set(edition.approved_by.map(|by| by.admin.uuid())),
        created_at: Set(now),
        note: Set(edition.note.clone()),
        approved_at: Set(edition.approved_at),
        discarded_at: Set(None),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// Finds a version of a scope within these subtrees.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: RulebookId) -> Result<Option<EditionDetail>> {
    let query = shown().filter(organisations::inside_as("scope", paths)).filter(Column::Id.eq(id.uuid()));
    query.into_model::<row::Shown>().one(&tx.on()).await?.map(EditionDetail::try_from).transpose()
}

/// Locks a version that [`find_within`] found, whose scope is locked.
pub async fn lock(tx: &mut WriteTx, id: RulebookId) -> Result<Option<Edition>> {
    let locked: Option<Uuid> = row::Entity::find_by_id(id.uuid())
        .select_only()
        .column(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .one(&tx.on())
        .await?;
    if locked.is_none() {
        return Ok(None);
    }
    let found = shown().filter(Column::Id.eq(id.uuid())).into_model::<row::Shown>().one(&tx.on()).await?;
    Ok(found.map(EditionDetail::try_from).transpose()?.map(|detail| detail.edition))
}

/// The approved versions of a scope that hold at the instant or later.
pub async fn approved_from(tx: &ReadTx, scope: NodeId, from: Instant) -> Result<Vec<Edition>> {
    let still = Condition::any().add(Column::EffectiveTo.is_null()).add(Column::EffectiveTo.gt(from));
    let query = shown().filter(Column::ScopeId.eq(scope.uuid())).filter(approved()).filter(still);
    let rows = query.order_by_asc(Column::EffectiveFrom).into_model::<row::Shown>().all(&tx.on()).await?;
    rows.into_iter().map(|row| Ok(EditionDetail::try_from(row)?.edition)).collect()
}

/// Keeps what a step changed; the version is locked. What was approved before stays as it is.
pub async fn save(tx: &mut WriteTx, edition: &Edition, now: Instant) -> Result<bool> {
    let discarded = edition.state == RulebookState::Discarded;
    let stored = if discarded { RulebookState::Draft } else { edition.state };
    let kept = row::Entity::update_many()
        .col_expr(Column::State, code::write(stored).into())
        .col_expr(Column::Body, write_rules(edition.id.uuid(), &edition.rules)?.into())
        .col_expr(Column::Note, edition.note.clone().into())
        .col_expr(Column::EffectiveFrom, edition.effective_from.into())
        .col_expr(Column::EffectiveTo, edition.effective_to.into())
        .col_expr(Column::ApprovedBy, edition.approved_by.map(|by| by.admin.uuid()).into())
        .col_expr(Column::ApprovedAt, edition.approved_at.into())
        .col_expr(Column::DiscardedAt, discarded.then_some(now).into())
        .filter(Column::Id.eq(edition.id.uuid()))
        .filter(open())
        .exec(&tx.on())
        .await?;
    Ok(kept.rows_affected == 1)
}

/// Ends an approved version where its successor begins; `false` if it has an end already.
pub async fn end(tx: &mut WriteTx, id: RulebookId, at: Instant) -> Result<bool> {
    let ended = row::Entity::update_many()
        .col_expr(Column::State, code::write(RulebookState::Superseded).into())
        .col_expr(Column::EffectiveTo, Expr::value(at))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::State.eq(code::write(RulebookState::Effective)))
        .filter(Column::EffectiveTo.is_null())
        .exec(&tx.on())
        .await?;
    Ok(ended.rows_affected == 1)
}

/// Lists versions, the newest first.
pub async fn list_within(
    tx: &ReadTx,
    filter: &Filter,
    page: &PageRequest<RulebookId>,
) -> Result<Page<EditionDetail, RulebookId>> {
    let mut query = shown().filter(organisations::inside_as("scope", &filter.within)).order_by_desc(Column::Id);
    if let Some(scope) = filter.scope {
        query = query.filter(Column::ScopeId.eq(scope.uuid()));
    }
    if let Some((state, now)) = filter.state {
        query = query.filter(standing(state, now));
    }
    if let Some(after) = page.after {
        query = query.filter(Column::Id.lt(after.uuid()));
    }
    let rows = query.limit(page.limit + 1).into_model::<row::Shown>().all(&tx.on()).await?;
    let found = rows.into_iter().map(EditionDetail::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |detail| detail.edition.id))
}

fn standing(state: RulebookState, now: Instant) -> Condition {
    let begun = Column::EffectiveFrom.lte(now);
    let over = Column::EffectiveTo.is_not_null().and(Column::EffectiveTo.lte(now));
    let approved = Condition::all().add(approved());
    match state {
        RulebookState::Draft | RulebookState::Checked => {
            Condition::all().add(Column::State.eq(code::write(state))).add(Column::DiscardedAt.is_null())
        }
        RulebookState::Scheduled => approved.add(begun.not()),
        RulebookState::Effective => approved.add(begun).add(over.not()),
        RulebookState::Superseded => approved.add(over),
        RulebookState::Discarded => Condition::all().add(Column::DiscardedAt.is_not_null()),
    }
}

fn approved() -> Expr {
    Column::State.is_in([RulebookState::Effective, RulebookState::Superseded].map(code::write))
}

fn open() -> Condition {
    let before = [RulebookState::Draft, RulebookState::Checked].map(code::write);
    Condition::all().add(Column::State.is_in(before)).add(Column::DiscardedAt.is_null())
}

fn shown() -> Select<row::Entity> {
    let query = join::by_id(row::Entity::find(), organisation::Entity, "scope", Column::ScopeId.into_expr());
    let query = join::perhaps(query, "admin", "drafter", join::of("drafter", "id").eq(Column::DraftedBy.into_expr()));
    join::perhaps(query, "admin", "approver", join::of("approver", "id").eq(Column::ApprovedBy.into_expr()))
        .expr_as(join::of("scope", "name"), "scope_name")
        .expr_as(join::of("scope", "kind"), "scope_kind")
        .expr_as(join::of("drafter", "name"), "drafter_name")
        .expr_as(join::of("drafter", "member_id"), "drafter_member")
        .expr_as(join::of("approver", "name"), "approver_name")
        .expr_as(join::of("approver", "member_id"), "approver_member")
}

impl TryFrom<row::Shown> for EditionDetail {
    type Error = StorageError;

    fn try_from(shown: row::Shown) -> Result<Self> {
        let row = shown.rulebook;
        let official = |admin: Option<Uuid>, member: Option<Uuid>| {
            admin.map(|admin| Official { admin: AdminId::new(admin), member: member.map(MemberId::new) })
        };
        let stored = code::read("rulebook", "state", row.id, &row.state)?;
        let edition = Edition {
            id: row.id.into(),
            scope: row.scope_id.into(),
            scope_kind: code::read("organisation", "kind", row.scope_id, &shown.scope_kind)?,
            version: row.version,
            state: if row.discarded_at.is_some() { RulebookState::Discarded } else { stored },
            rules: read_rules(row.id, &row.body)?,
            note: row.note,
            effective_from: row.effective_from,
            effective_to: row.effective_to,
            drafted_by: official(row.drafted_by, shown.drafter_member),
            approved_by: official(row.approved_by, shown.approver_member),
            approved_at: row.approved_at,
        };
        Ok(Self {
            edition,
            scope_name: shown.scope_name,
            drafter_name: shown.drafter_name,
            approver_name: shown.approver_name,
            created_at: row.created_at,
        })
    }
}
