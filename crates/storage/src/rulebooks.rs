//! Rulebooks (积分规则): versions of the rules, each with the time for which it holds.

use domain::id::{NodeId, RulebookId};
use domain::points::Rulebook;
use domain::time::Instant;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
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
    let body = serde_json::to_string(&Rulebook::default_rules());
    let body = body.map_err(|_| StorageError::corrupt("rulebook", "body", id))?;
    row::Entity::insert(row::ActiveModel {
        id: Set(id),
        scope_id: Set(scope.uuid()),
        version: Set(1),
        state: Set("effective".into()),
        body: Set(body),
        effective_from: Set(Instant::UNIX_EPOCH),
        effective_to: Set(None),
        drafted_by: Set(None),
        approved_by: Set(None),
        created_at: Set(now),
    })
    .on_conflict(OnConflict::columns([row::Column::ScopeId, row::Column::Version]).do_nothing().to_owned())
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// The rules of a scope that hold at an instant.
pub async fn effective_at(tx: &ReadTx, scope: NodeId, at: Instant) -> Result<Option<RulebookVersion>> {
    let found = holding(at).filter(row::Column::ScopeId.eq(scope.uuid())).one(&tx.on()).await?;
    found.map(RulebookVersion::try_from).transpose()
}

/// The district's rules that hold at an instant.
pub async fn in_force(tx: &ReadTx, at: Instant) -> Result<RulebookVersion> {
    let found = holding(at)
        .inner_join(organisation::Entity)
        .filter(organisation::Column::ParentId.is_null())
        .one(&tx.on())
        .await?;
    found.ok_or_else(|| StorageError::corrupt("rulebook", "effective_from", at))?.try_into()
}

fn holding(at: Instant) -> Select<row::Entity> {
    let until = Condition::any().add(row::Column::EffectiveTo.is_null()).add(row::Column::EffectiveTo.gt(at));
    row::Entity::find()
        .filter(row::Column::State.is_in(["effective", "superseded"]))
        .filter(row::Column::EffectiveFrom.lte(at))
        .filter(until)
        .order_by_desc(row::Column::EffectiveFrom)
        .order_by_desc(row::Column::Version)
        .limit(1)
}

pub(crate) fn read_rules(id: Uuid, body: &str) -> Result<Rulebook> {
    serde_json::from_str(body).map_err(|_| StorageError::corrupt("rulebook", "body", id))
}

impl TryFrom<row::Model> for RulebookVersion {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        Ok(Self { id: row.id.into(), version: row.version, rules: read_rules(row.id, &row.body)? })
    }
}

pub(crate) mod row {
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
        pub body: String,
        pub effective_from: DateTimeUtc,
        pub effective_to: Option<DateTimeUtc>,
        pub drafted_by: Option<Uuid>,
        pub approved_by: Option<Uuid>,
        pub created_at: DateTimeUtc,
        #[sea_orm(belongs_to, from = "scope_id", to = "id")]
        pub scope: BelongsTo<crate::organisations::row::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
