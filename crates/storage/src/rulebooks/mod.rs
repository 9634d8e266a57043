//! Rulebooks (积分规则): versions of the rules, each with its scope and the time for which it holds.

mod editions;

use domain::id::{NodeId, RulebookId};
use domain::points::Rulebook;
use domain::time::Instant;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

pub use self::editions::{
    EditionDetail, Filter, approved_from, end, find_within, insert, list_within, lock, lock_scope, next_version, save,
};
use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::join;
use crate::organisations::row as organisation;

/// A version of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulebookVersion {
    /// The rulebook.
    pub id: RulebookId,
    /// Its number within the scope, from 1.
    pub version: i32,
    /// What it says.
    pub rules: Rulebook,
}

/// Gives a scope the default rules as its first version, which holds for all time before any other; once.
pub async fn ensure_default(tx: &mut WriteTx, scope: NodeId, now: Instant) -> Result<()> {
    let id = Uuid::now_v7();
    row::Entity::insert(row::ActiveModel {
        id: Set(id),
        scope_id: Set(scope.uuid()),
        version: Set(1),
        state: Set("effective".into()),
        body: Set(write_rules(id, &Rulebook::default_rules())?),
        effective_from: Set(Instant::UNIX_EPOCH),
        effective_to: Set(None),
        drafted_by: Set(None),
        approved_by: Set(None),
        created_at: Set(now),
        note: Set(None),
        approved_at: Set(None),
        discarded_at: Set(None),
    })
    .on_conflict(OnConflict::columns([row::Column::ScopeId, row::Column::Version]).do_nothing().to_owned())
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// The district's rules that hold at an instant: whatever is spent follows them.
pub async fn in_force(tx: &ReadTx, at: Instant) -> Result<RulebookVersion> {
    let found = holding(at)
        .inner_join(organisation::Entity)
        .filter(organisation::Column::ParentId.is_null())
        .one(&tx.on())
        .await?;
    found.ok_or_else(|| StorageError::corrupt("rulebook", "effective_from", at))?.try_into()
}

/// The rules that hold at an instant for what is earned at a place: those of the nearest scope up the tree, whole.
pub async fn in_force_at(tx: &ReadTx, place: NodeId, at: Instant) -> Result<RulebookVersion> {
    let found = nearest(place, at).one(&tx.on()).await?;
    found.ok_or_else(|| StorageError::corrupt("rulebook", "effective_from", at))?.try_into()
}

/// The same with the name of the scope; none at a time before any rules.
pub async fn find_at(tx: &ReadTx, place: NodeId, at: Instant) -> Result<Option<(RulebookVersion, String)>> {
    let found = nearest(place, at).select_also(organisation::Entity).one(&tx.on()).await?;
    let Some((row, Some(scope))) = found else { return Ok(None) };
    Ok(Some((row.try_into()?, scope.name)))
}

fn holding(at: Instant) -> Select<row::Entity> {
    let until = Condition::any().add(row::Column::EffectiveTo.is_null()).add(row::Column::EffectiveTo.gt(at));
    row::Entity::find()
        .filter(row::Column::State.is_in(["effective", "superseded"]))
        .filter(row::Column::EffectiveFrom.lte(at))
        .filter(until)
        .limit(1)
}

fn nearest(place: NodeId, at: Instant) -> Select<row::Entity> {
    join::by_id(holding(at).inner_join(organisation::Entity), organisation::Entity, "place", place.uuid())
        .filter(Expr::cust("place.path LIKE organisation.path || '%'"))
        .order_by_desc(organisation::Column::Depth)
}

pub(crate) fn read_rules(id: Uuid, body: &str) -> Result<Rulebook> {
    serde_json::from_str(body).map_err(|_| StorageError::corrupt("rulebook", "body", id))
}

pub(crate) fn write_rules(id: Uuid, rules: &Rulebook) -> Result<String> {
    serde_json::to_string(rules).map_err(|_| StorageError::corrupt("rulebook", "body", id))
}

impl TryFrom<row::Model> for RulebookVersion {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        Ok(Self { id: row.id.into(), version: row.version, rules: read_rules(row.id, &row.body)? })
    }
}

pub(crate) mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "rulebook")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub scope_id: Uuid,
        pub version: i32,
        pub state: String,
        #[sea_orm(column_type = "Text")]
        pub body: String,
        pub effective_from: DateTimeUtc,
        pub effective_to: Option<DateTimeUtc>,
        pub drafted_by: Option<Uuid>,
        pub approved_by: Option<Uuid>,
        pub created_at: DateTimeUtc,
        #[sea_orm(column_type = "Text", nullable)]
        pub note: Option<String>,
        pub approved_at: Option<DateTimeUtc>,
        pub discarded_at: Option<DateTimeUtc>,
        #[sea_orm(belongs_to, from = "scope_id", to = "id")]
        pub scope: BelongsTo<crate::organisations::row::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    /// A version with its scope and the people behind it.
    #[derive(FromQueryResult)]
    pub struct Shown {
        #[sea_orm(nested)]
        pub rulebook: Model,
        pub scope_name: String,
        pub scope_kind: String,
        pub drafter_name: Option<String>,
        pub drafter_member: Option<Uuid>,
        pub approver_name: Option<String>,
        pub approver_member: Option<Uuid>,
    }
}
