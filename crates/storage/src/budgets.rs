//! Issuance budgets (积分发放预算) and the warnings that were given about them.

use domain::budget::{Budget, BudgetLevel, Plan};
use domain::id::{AdminId, BudgetId};
use domain::offer::FundingSource;
use domain::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;

/// Sets the budget of a year and source, the first time or anew.
pub async fn set(tx: &mut WriteTx, plan: &Plan, by: AdminId, now: Instant) -> Result<Budget> {
    let version = Expr::col((row::Entity, row::Column::Version)).add(1);
    let set = row::Entity::insert(row::ActiveModel {
        id: Set(Uuid::now_v7()),
        year: Set(plan.year),
        funding_source: Set(code::write(plan.source)),
        fen: Set(plan.fen),
        fen_per_point: Set(plan.fen_per_point),
        version: Set(1),
        changed_by: Set(by.uuid()),
        changed_at: Set(now),
    })
    .on_conflict(
        OnConflict::columns([row::Column::Year, row::Column::FundingSource])
            .update_columns([
                row::Column::Fen,
                row::Column::FenPerPoint,
                row::Column::ChangedBy,
                row::Column::ChangedAt,
            ])
            .value(row::Column::Version, version)
            .to_owned(),
    );
    set.exec_with_returning(&tx.on()).await?.try_into()
}

/// The budgets of a year.
pub async fn of_year(tx: &ReadTx, year: i32) -> Result<Vec<Budget>> {
    let rows = row::Entity::find()
        .filter(row::Column::Year.eq(year))
        .order_by_asc(row::Column::FundingSource)
        .all(&tx.on())
        .await?;
    rows.into_iter().map(Budget::try_from).collect()
}

/// Takes note that this version of a budget has reached a level; `false` if it was noted before.
pub async fn warn_once(
    tx: &mut WriteTx,
    budget: &Budget,
    level: BudgetLevel,
    issued: i64,
    now: Instant,
) -> Result<bool> {
    let key = [warning::Column::BudgetId, warning::Column::Version, warning::Column::Level];
    let noted = warning::Entity::insert(warning::ActiveModel {
        budget_id: Set(budget.id.uuid()),
        version: Set(budget.version),
        level: Set(code::write(level)),
        issued_points: Set(issued),
        created_at: Set(now),
    })
    .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
    .exec_without_returning(&tx.on())
    .await?;
    Ok(noted == 1)
}

/// The levels of which this version of a budget has warned.
pub async fn warned(tx: &ReadTx, budget: &Budget) -> Result<Vec<BudgetLevel>> {
    let rows = warning::Entity::find()
        .filter(warning::Column::BudgetId.eq(budget.id.uuid()))
        .filter(warning::Column::Version.eq(budget.version))
        .all(&tx.on())
        .await?;
    rows.iter().map(|row| code::read("budget_warning", "level", row.budget_id, &row.level)).collect()
}

impl TryFrom<row::Model> for Budget {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let source: FundingSource = code::read("budget", "funding_source", row.id, &row.funding_source)?;
        Ok(Self {
            id: BudgetId::new(row.id),
            plan: Plan { year: row.year, source, fen: row.fen, fen_per_point: row.fen_per_point },
            version: row.version,
            changed_by: row.changed_by.into(),
            changed_at: row.changed_at,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "budget")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub year: i32,
        pub funding_source: String,
        pub fen: i64,
        pub fen_per_point: i64,
        pub version: i32,
        pub changed_by: Uuid,
        pub changed_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod warning {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "budget_warning")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub budget_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub level: String,
        pub issued_points: i64,
        pub created_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
