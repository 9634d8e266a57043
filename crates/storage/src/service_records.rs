//! Service records (服务时长): verified minutes, which never expire and which no shopping touches. What was recorded stands;
//! a reversal beside it takes it back, or gives it back again.

use std::collections::BTreeMap;

use domain::code::Code;
use domain::id::{AccountId, MemberId, MisconductId};
use domain::points::Source;
use domain::service::{ReversalKind, ServiceNature};
use domain::time::Instant;
use sea_orm::sea_query::{ExprTrait, SelectStatement, ValueTuple};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use crate::accounts::row as account;
use crate::database::{CHUNK, ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::given;

/// Service that was verified.
#[derive(Clone, Debug)]
pub struct ServiceRecord {
    /// The record.
    pub id: Uuid,
    /// Who served.
    pub member: MemberId,
    /// By what.
    pub source: Source,
    /// Minutes by the clock.
    pub timed_minutes: i64,
    /// Minutes made up afterwards.
    pub made_up_minutes: i64,
    /// As a volunteer or on party duty.
    pub nature: ServiceNature,
    /// When it was served.
    pub served_at: Instant,
    /// When it was verified.
    pub verified_at: Instant,
}

/// The verified minutes of a lifetime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceTotals {
    /// By the clock.
    pub timed_minutes: i64,
    /// Made up.
    pub made_up_minutes: i64,
}

/// Keeps a record, and adds it to the total that stands in the member's locked purse. Conflicts if the same service was
/// recorded before.
pub async fn insert(tx: &mut WriteTx, record: &ServiceRecord) -> Result<()> {
    insert_many(tx, std::slice::from_ref(record)).await
}

/// Keeps many records at once, and adds them to the totals in their members' purses.
pub async fn insert_many(tx: &mut WriteTx, records: &[ServiceRecord]) -> Result<()> {
    for records in records.chunks(CHUNK) {
        row::Entity::insert_many(records.iter().map(active)).exec_without_returning(&tx.on()).await?;
        let mut more: BTreeMap<Uuid, i64> = BTreeMap::new();
        for record in records {
            *more.entry(AccountId::points_of(record.member).uuid()).or_default() +=
                record.timed_minutes + record.made_up_minutes;
        }
        add_minutes(tx, &more, records[0].member).await?;
    }
    Ok(())
}

async fn add_minutes(tx: &mut WriteTx, more: &BTreeMap<Uuid, i64>, one: MemberId) -> Result<()> {
    use account::Column as C;
    let rows = more.iter().map(|(account, minutes)| ValueTuple::Two((*account).into(), (*minutes).into()));
    let add = account::Entity::update_many()
        .col_expr(C::VerifiedMinutes, C::VerifiedMinutes.into_expr().add(given::column(2)))
        .filter(C::Id.into_expr().eq(given::column(1)))
        .into_query()
        .from(given::rows(rows))
        .to_owned();
    let added = tx.on().execute(&add).await?.rows_affected();
    let all = u64::try_from(more.len()).unwrap_or(u64::MAX);
    if added == all { Ok(()) } else { Err(StorageError::corrupt("account", "member_id", one)) }
}

fn active(record: &ServiceRecord) -> row::ActiveModel {
    row::ActiveModel {
        id: Set(record.id),
        member_id: Set(record.member.uuid()),
        source_kind: Set(record.source.kind.code().into()),
        source_id: Set(record.source.id),
        timed_minutes: Set(record.timed_minutes),
        made_up_minutes: Set(record.made_up_minutes),
        nature: Set(record.nature.code().into()),
        served_at: Set(record.served_at),
        verified_at: Set(record.verified_at),
    }
}

/// Takes back the record of this service, or gives it back again, and changes the total in the member's locked purse. Conflicts
/// if that was done before; says how many minutes it was, none if the service was never recorded.
pub async fn reverse(
    tx: &mut WriteTx,
    member: MemberId,
    source: Source,
    case: MisconductId,
    kind: ReversalKind,
    now: Instant,
) -> Result<Option<ServiceTotals>> {
    let found = row::Entity::find()
        .filter(row::Column::MemberId.eq(member.uuid()))
        .filter(row::Column::SourceKind.eq(source.kind.code()))
        .filter(row::Column::SourceId.eq(source.id))
        .one(&tx.on())
        .await?;
    let Some(record) = found else {
        return Ok(None);
    };
    let sign = if kind == ReversalKind::Void { -1 } else { 1 };
    let (timed_minutes, made_up_minutes) = (sign * record.timed_minutes, sign * record.made_up_minutes);
    reversal::Entity::insert(reversal::ActiveModel {
        id: Set(Uuid::now_v7()),
        record_id: Set(record.id),
        case_id: Set(case.uuid()),
        kind: Set(kind.code().into()),
        timed_minutes: Set(timed_minutes),
        made_up_minutes: Set(made_up_minutes),
        at: Set(now),
    })
    .exec_without_returning(&tx.on())
    .await?;
    let more = BTreeMap::from([(AccountId::points_of(member).uuid(), timed_minutes + made_up_minutes)]);
    add_minutes(tx, &more, member).await?;
    Ok(Some(ServiceTotals { timed_minutes, made_up_minutes }))
}

/// Sums up a member's records with their reversals.
pub async fn totals(tx: &ReadTx, member: MemberId) -> Result<ServiceTotals> {
    let recorded = recorded(tx, member).await?;
    let sums: Option<(Option<i64>, Option<i64>)> = reversal::Entity::find()
        .select_only()
        .column_as(reversal::Column::TimedMinutes.sum().cast_as("bigint"), "timed")
        .column_as(reversal::Column::MadeUpMinutes.sum().cast_as("bigint"), "made_up")
        .filter(reversal::Column::RecordId.in_subquery(records_of(member)))
        .into_tuple()
        .one(&tx.on())
        .await?;
    let (timed, made_up) = sums.unwrap_or_default();
    Ok(ServiceTotals {
        timed_minutes: recorded.timed_minutes + timed.unwrap_or(0),
        made_up_minutes: recorded.made_up_minutes + made_up.unwrap_or(0),
    })
}

fn records_of(member: MemberId) -> SelectStatement {
    let records = row::Entity::find().select_only().column(row::Column::Id);
    records.filter(row::Column::MemberId.eq(member.uuid())).into_query()
}

async fn recorded(tx: &ReadTx, member: MemberId) -> Result<ServiceTotals> {
    let sums: Option<(Option<i64>, Option<i64>)> = row::Entity::find()
        .select_only()
        .column_as(row::Column::TimedMinutes.sum().cast_as("bigint"), "timed")
        .column_as(row::Column::MadeUpMinutes.sum().cast_as("bigint"), "made_up")
        .filter(row::Column::MemberId.eq(member.uuid()))
        .into_tuple()
        .one(&tx.on())
        .await?;
    let (timed, made_up) = sums.unwrap_or_default();
    Ok(ServiceTotals { timed_minutes: timed.unwrap_or(0), made_up_minutes: made_up.unwrap_or(0) })
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "service_record")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub member_id: Uuid,
        pub source_kind: String,
        pub source_id: Uuid,
        pub timed_minutes: i64,
        pub made_up_minutes: i64,
        pub nature: String,
        pub served_at: DateTimeUtc,
        pub verified_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod reversal {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "service_reversal")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub record_id: Uuid,
        pub case_id: Uuid,
        pub kind: String,
        pub timed_minutes: i64,
        pub made_up_minutes: i64,
        pub at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
