//! Rulebooks (积分规则): versions of the rules, each with the time for which it holds.

use domain::id::{NodeId, RulebookId};
use domain::points::Rulebook;
use domain::time::Instant;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};

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

/// Puts the default rules into force for a scope that has none, from the instant given.
pub async fn ensure_default(tx: &mut WriteTx, id: RulebookId, scope: NodeId, from: Instant) -> Result<()> {
    let body = serde_json::to_string(&Rulebook::default_rules());
    let body = body.map_err(|_| StorageError::corrupt("rulebook", "body", id))?;
    row::Entity::insert(row::ActiveModel {
        id: Set(id.uuid()),
        scope_id: Set(scope.uuid()),
        version: Set(1),
        state: Set("effective".into()),
        body: Set(body),
        effective_from: Set(from),
        effective_to: Set(None),
        drafted_by: Set(None),
        approved_by: Set(None),
        created_at: Set(from),
    })
    .on_conflict(OnConflict::columns([row::Column::ScopeId, row::Column::Version]).do_nothing().to_owned())
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// The rules that hold for a scope at an instant.
pub async fn effective_at(tx: &ReadTx, scope: NodeId, at: Instant) -> Result<Option<RulebookVersion>> {
    let until = Condition::any().add(row::Column::EffectiveTo.is_null()).add(row::Column::EffectiveTo.gt(at));
    let found = row::Entity::find()
        .filter(row::Column::ScopeId.eq(scope.uuid()))
        .filter(row::Column::State.is_in(["effective", "superseded"]))
        .filter(row::Column::EffectiveFrom.lte(at))
        .filter(until)
        .order_by_desc(row::Column::EffectiveFrom)
        .order_by_desc(row::Column::Version)
        .limit(1)
        .one(&tx.on())
        .await?;
    found.map(RulebookVersion::try_from).transpose()
}

pub(crate) fn read_rules(id: uuid::Uuid, body: &str) -> Result<Rulebook> {
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
    }

    impl ActiveModelBehavior for ActiveModel {}
}
