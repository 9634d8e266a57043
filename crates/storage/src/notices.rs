//! Notices (到期提醒) that points go, and how far each day's pass over the lots has come.

use chrono::NaiveDate;
use domain::id::{AccountId, MemberId, NoticeId};
use domain::notice::Notice;
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, Order, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::accounts::row as account;
use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::lots::{self, row as lot};

/// What a member has in lots that end together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiring {
    /// The account.
    pub account: AccountId,
    /// Whose it is.
    pub member: MemberId,
    /// The first instant at which the points are gone.
    pub gone_at: Instant,
    /// How many there are.
    pub points: i64,
    /// The notice closest to the end that was given, in days.
    pub told: Option<u32>,
}

/// How far the pass of a business day has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// The last account that was looked at.
    pub after: Option<AccountId>,
    /// Whether it has been through all of them.
    pub finished: bool,
}

/// What goes after one instant and until another, by account; `after` is the account where the last list ended. At most
/// `limit` ends, and of every account that is named all of them: an account has fewer ends than a list has room for.
pub async fn list_expiring(
    tx: &ReadTx,
    (from, until): (Instant, Instant),
    after: Option<AccountId>,
    limit: u64,
) -> Result<Vec<Expiring>> {
    let closest = Query::select()
        .expr(Expr::col((row::Entity, row::Column::DaysBefore)).min())
        .from(row::Entity)
        .and_where(Expr::col((row::Entity, row::Column::MemberId)).equals((account::Entity, account::Column::MemberId)))
        .and_where(Expr::col((row::Entity, row::Column::GoneAt)).equals((lot::Entity, lot::Column::ExpiresAt)))
        .to_owned();
    let mut select = Query::select();
    select
        .column((lot::Entity, lot::Column::AccountId))
        .column((account::Entity, account::Column::MemberId))
        .expr_as(Expr::col((lot::Entity, lot::Column::ExpiresAt)), "gone_at")
        .expr_as(lot::Column::Remaining.sum().cast_as("bigint"), "points")
        .expr_as(Expr::from(closest), "told")
        .from(lot::Entity)
        .inner_join(
            account::Entity,
            Expr::col((account::Entity, account::Column::Id)).equals((lot::Entity, lot::Column::AccountId)),
        )
        .cond_where(lots::open())
        .and_where(lot::Column::ExpiresAt.gt(from))
        .and_where(lot::Column::ExpiresAt.lte(until))
        .group_by_col((lot::Entity, lot::Column::AccountId))
        .group_by_col((account::Entity, account::Column::MemberId))
        .group_by_col((lot::Entity, lot::Column::ExpiresAt))
        .order_by((lot::Entity, lot::Column::AccountId), Order::Asc)
        .limit(limit);
    if let Some(after) = after {
        select.and_where(lot::Column::AccountId.gt(after.uuid()));
    }
    let rows = ExpiringRow::find_by_statement(tx.backend().build(&select)).all(&tx.on()).await?;
    let full = u64::try_from(rows.len()).is_ok_and(|rows| rows == limit);
    let mut expiring: Vec<Expiring> = rows.into_iter().map(Expiring::from).collect();
    if full {
        // The last account may go on behind the end of this list.
        let last = expiring.last().map(|last| last.account);
        expiring.retain(|one| Some(one.account) != last);
    }
    Ok(expiring)
}

/// Keeps those of these notices that were not given before, and says which.
pub async fn insert_missing(tx: &mut WriteTx, notices: &[Notice]) -> Result<Vec<NoticeId>> {
    if notices.is_empty() {
        return Ok(Vec::new());
    }
    let rows = notices.iter().map(|notice| row::ActiveModel {
        id: Set(notice.id.uuid()),
        member_id: Set(notice.member.uuid()),
        gone_at: Set(notice.gone_at),
        days_before: Set(i32::try_from(notice.days_before).unwrap_or(i32::MAX)),
        points: Set(notice.points),
        created_at: Set(notice.created_at),
    });
    let key = [row::Column::MemberId, row::Column::GoneAt, row::Column::DaysBefore];
    let insert = row::Entity::insert_many(rows)
        .into_query()
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .returning(Query::returning().column(row::Column::Id))
        .to_owned();
    let kept = tx.on().query_all(&insert).await?;
    kept.iter().map(|row| Ok(row.try_get::<Uuid>("", "id")?.into())).collect()
}

/// A member's notices, the newest first.
pub async fn list_own(tx: &ReadTx, member: MemberId, page: &PageRequest<NoticeId>) -> Result<Page<Notice, NoticeId>> {
    let older = page.after.map(|after| row::Column::Id.lt(after.uuid()));
    let rows = row::Entity::find()
        .filter(row::Column::MemberId.eq(member.uuid()))
        .filter(Condition::all().add_option(older))
        .order_by_desc(row::Column::Id)
        .limit(page.limit + 1)
        .all(&tx.on())
        .await?;
    let found = rows.into_iter().map(Notice::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |notice| notice.id))
}

/// How far the pass of this business day has come.
pub async fn find_pass(tx: &ReadTx, day: NaiveDate) -> Result<Pass> {
    let found = pass::Entity::find_by_id(day).one(&tx.on()).await?;
    Ok(found.map_or_else(Pass::default, |row| Pass {
        after: row.after_account.map(AccountId::new),
        finished: row.finished_at.is_some(),
    }))
}

/// Keeps how far the pass of this business day has come; one that was finished stays so.
pub async fn keep_pass(tx: &mut WriteTx, day: NaiveDate, pass: Pass, now: Instant) -> Result<()> {
    let row = pass::ActiveModel {
        day: Set(day),
        after_account: Set(pass.after.map(AccountId::uuid)),
        finished_at: Set(pass.finished.then_some(now)),
    };
    let finished = Expr::cust("COALESCE(notice_pass.finished_at, excluded.finished_at)");
    pass::Entity::insert(row)
        .on_conflict(
            OnConflict::column(pass::Column::Day)
                .update_column(pass::Column::AfterAccount)
                .value(pass::Column::FinishedAt, finished)
                .to_owned(),
        )
        .exec_without_returning(&tx.on())
        .await?;
    Ok(())
}

#[derive(Debug, FromQueryResult)]
struct ExpiringRow {
    account_id: Uuid,
    member_id: Uuid,
    gone_at: Instant,
    points: i64,
    told: Option<i32>,
}

impl From<ExpiringRow> for Expiring {
    fn from(row: ExpiringRow) -> Self {
        Self {
            account: row.account_id.into(),
            member: row.member_id.into(),
            gone_at: row.gone_at,
            points: row.points,
            told: row.told.map(i32::unsigned_abs),
        }
    }
}

impl TryFrom<row::Model> for Notice {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let days = u32::try_from(row.days_before);
        Ok(Self {
            id: row.id.into(),
            member: row.member_id.into(),
            gone_at: row.gone_at,
            days_before: days.map_err(|_| StorageError::corrupt("notice", "days_before", row.id))?,
            points: row.points,
            created_at: row.created_at,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notice")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub member_id: Uuid,
        pub gone_at: DateTimeUtc,
        pub days_before: i32,
        pub points: i64,
        pub created_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod pass {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notice_pass")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: Date,
        pub after_account: Option<Uuid>,
        pub finished_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
