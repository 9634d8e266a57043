//! Issuance (积分发放量): what was issued in a year by funding source, counted seal by seal.

use std::collections::BTreeMap;

use chrono::Datelike;
use domain::budget::issuer;
use domain::code::Code;
use domain::id::AccountId;
use domain::offer::FundingSource;
use domain::organisation::NodeKind;
use domain::points::{SourceKind, SystemAccount};
use domain::time::{Instant, business_day};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Statement,
};

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;

/// The legs on the account that issues points, with who organised the service behind them. A clawback takes back what
/// its credit issued, and whoever takes a clawback back issues it again.
const ISSUED: &str = "SELECT t.business_at, e.amount, o.kind AS organiser FROM sealed_transfer s \
    JOIN transfer t ON t.id = s.transfer_id JOIN entry e ON e.transfer_id = t.id AND e.account_id = $1 \
    LEFT JOIN transfer r ON r.id = t.reverses \
    LEFT JOIN earn_event v ON v.transfer_id = COALESCE(r.reverses, t.reverses, t.id) \
    LEFT JOIN enrolment n ON v.source_kind = $2 AND n.id = v.source_id \
    LEFT JOIN activity a ON a.id = n.activity_id LEFT JOIN organisation o ON o.id = a.node_id \
    WHERE s.seal_number = $3";

/// Whether a seal waits to be counted.
pub async fn any_uncounted(tx: &ReadTx) -> Result<bool> {
    let counted = count::Entity::find_by_id(1).one(&tx.on()).await?;
    Ok(next_seal(tx, counted.map_or(0, |row| row.seal_number)).await?.is_some())
}

/// Counts the next seal, if there is one; each is counted once, whoever counts and however often.
pub async fn count_next(tx: &mut WriteTx) -> Result<bool> {
    let counted = count::Entity::find_by_id(1).lock_exclusive().one(&tx.on()).await?;
    let counted = counted.ok_or_else(|| StorageError::corrupt("issuance_count", "id", 1))?.seal_number;
    let Some(seal) = next_seal(tx, counted).await? else {
        return Ok(false);
    };
    let mut issued = BTreeMap::<(i32, &str), i64>::new();
    for leg in legs(tx, seal).await? {
        let organiser = leg.organiser.as_deref().map(|kind| code::read::<NodeKind>("organisation", "kind", seal, kind));
        let source = issuer(organiser.transpose()?);
        *issued.entry((business_day(leg.business_at).year(), source.code())).or_default() -= leg.amount;
    }
    for ((year, source), points) in issued {
        add(tx, year, source, points).await?;
    }
    count::Entity::update_many()
        .col_expr(count::Column::SealNumber, seal.into())
        .filter(count::Column::Id.eq(1))
        .exec(&tx.on())
        .await?;
    Ok(true)
}

/// What was issued in a year, by funding source.
pub async fn of_year(tx: &ReadTx, year: i32) -> Result<Vec<(FundingSource, i64)>> {
    let rows = row::Entity::find().filter(row::Column::Year.eq(year)).all(&tx.on()).await?;
    let source = |row: row::Model| {
        Ok((code::read("issuance", "funding_source", &row.funding_source, &row.funding_source)?, row.points))
    };
    rows.into_iter().map(source).collect()
}

async fn next_seal(tx: &ReadTx, counted: i64) -> Result<Option<i64>> {
    let sql = "SELECT min(number) AS number FROM seal WHERE number > $1";
    let statement = Statement::from_sql_and_values(tx.backend(), sql, [counted.into()]);
    let answer = tx.on().query_one_raw(statement).await?;
    Ok(answer.map(|row| row.try_get("", "number")).transpose()?.flatten())
}

async fn legs(tx: &ReadTx, seal: i64) -> Result<Vec<Leg>> {
    let issuance = AccountId::of_system(SystemAccount::Issuance).uuid();
    let values = [issuance.into(), SourceKind::Enrolment.code().into(), seal.into()];
    Ok(Leg::find_by_statement(Statement::from_sql_and_values(tx.backend(), ISSUED, values)).all(&tx.on()).await?)
}

async fn add(tx: &mut WriteTx, year: i32, source: &str, points: i64) -> Result<()> {
    let row = row::ActiveModel { year: Set(year), funding_source: Set(source.into()), points: Set(points) };
    let sum = Expr::col((row::Entity, row::Column::Points)).add(points);
    row::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([row::Column::Year, row::Column::FundingSource])
                .value(row::Column::Points, sum)
                .to_owned(),
        )
        .exec_without_returning(&tx.on())
        .await?;
    Ok(())
}

#[derive(Debug, FromQueryResult)]
struct Leg {
    business_at: Instant,
    amount: i64,
    organiser: Option<String>,
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "issuance")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub funding_source: String,
        pub points: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod count {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "issuance_count")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub seal_number: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
