//! Sessions of activities (场次): the rows whose seats are counted and whose lock keeps the waitlist in order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::activity::Session;
use domain::id::{ActivityId, ActivitySessionId};
use sea_orm::sea_query::{Alias, Expr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};

/// The seats of all sessions of an activity together.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct Seats {
    /// How many sessions there are.
    pub sessions: i64,
    /// How many seats they have.
    pub capacity: i64,
    /// How many are taken.
    pub enrolled: i64,
}

/// Keeps the sessions of a new activity.
pub async fn insert_all(tx: &mut WriteTx, sessions: &[Session]) -> Result<()> {
    let rows = sessions.iter().map(|session| row::ActiveModel {
        id: Set(session.id.uuid()),
        activity_id: Set(session.activity.uuid()),
        starts_at: Set(session.starts_at),
        ends_at: Set(session.ends_at),
        enrolment_closes_at: Set(session.enrolment_closes_at),
        capacity: Set(session.capacity),
        enrolled: Set(session.enrolled),
    });
    row::Entity::insert_many(rows).exec_without_returning(&tx.on()).await?;
    Ok(())
}

/// Finds a session.
pub async fn find(tx: &ReadTx, id: ActivitySessionId) -> Result<Option<Session>> {
    Ok(row::Entity::find_by_id(id.uuid()).one(&tx.on()).await?.map(Session::from))
}

/// Finds these sessions.
pub async fn find_all(tx: &ReadTx, ids: &BTreeSet<ActivitySessionId>) -> Result<BTreeMap<ActivitySessionId, Session>> {
    let rows = row::Entity::find().filter(row::Column::Id.is_in(ids.iter().map(|id| id.uuid()))).all(&tx.on()).await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.into())).collect())
}

/// Locks a session; before any of its enrolments.
pub async fn lock(tx: &mut WriteTx, id: ActivitySessionId) -> Result<Option<Session>> {
    Ok(row::Entity::find_by_id(id.uuid()).lock_exclusive().one(&tx.on()).await?.map(Session::from))
}

/// The sessions of an activity, in the order in which they begin.
pub async fn list_of(tx: &ReadTx, activity: ActivityId) -> Result<Vec<Session>> {
    let rows = row::Entity::find()
        .filter(row::Column::ActivityId.eq(activity.uuid()))
        .order_by_asc(row::Column::StartsAt)
        .all(&tx.on())
        .await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Adds to the taken seats or gives some back. The row is locked; the condition is a net below the decision.
pub async fn change_seats(tx: &mut WriteTx, id: ActivitySessionId, change: i32) -> Result<()> {
    if change == 0 {
        return Ok(());
    }
    let after = || Expr::col(row::Column::Enrolled).add(change);
    let changed = row::Entity::update_many()
        .col_expr(row::Column::Enrolled, after())
        .filter(row::Column::Id.eq(id.uuid()))
        .filter(after().gte(0).and(after().lte(Expr::col(row::Column::Capacity))))
        .exec(&tx.on())
        .await?;
    if changed.rows_affected == 1 { Ok(()) } else { Err(StorageError::conflict("activity_session_seats")) }
}

/// Frees every seat of an activity that was called off.
pub async fn free_all(tx: &mut WriteTx, activity: ActivityId) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::Enrolled, 0.into())
        .filter(row::Column::ActivityId.eq(activity.uuid()))
        .exec(&tx.on())
        .await?;
    Ok(())
}

pub(crate) async fn seats_of(tx: &ReadTx, activities: &[Uuid]) -> Result<HashMap<Uuid, Seats>> {
    #[derive(FromQueryResult)]
    struct Of {
        activity_id: Uuid,
        #[sea_orm(nested)]
        seats: Seats,
    }
    if activities.is_empty() {
        return Ok(HashMap::new());
    }
    let sum = |column: row::Column| column.sum().cast_as(Alias::new("BIGINT"));
    let found = row::Entity::find()
        .select_only()
        .column(row::Column::ActivityId)
        .expr_as(row::Column::Id.count(), "sessions")
        .expr_as(sum(row::Column::Capacity), "capacity")
        .expr_as(sum(row::Column::Enrolled), "enrolled")
        .filter(row::Column::ActivityId.is_in(activities.iter().copied()))
        .group_by(row::Column::ActivityId)
        .into_model::<Of>()
        .all(&tx.on())
        .await?;
    Ok(found.into_iter().map(|of| (of.activity_id, of.seats)).collect())
}

impl From<row::Model> for Session {
    fn from(row: row::Model) -> Self {
        Self {
            id: row.id.into(),
            activity: row.activity_id.into(),
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            enrolment_closes_at: row.enrolment_closes_at,
            capacity: row.capacity,
            enrolled: row.enrolled,
        }
    }
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "activity_session")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub activity_id: Uuid,
        pub starts_at: DateTimeUtc,
        pub ends_at: DateTimeUtc,
        pub enrolment_closes_at: DateTimeUtc,
        pub capacity: i32,
        pub enrolled: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
