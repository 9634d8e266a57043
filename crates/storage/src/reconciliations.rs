//! Reconciliation (对账): how far each kind of round has come, whom it goes to next, and what it finds of them.

use std::collections::BTreeMap;

use domain::id::{AccountId, MemberId};
use domain::reconciliation::{Ended, Round, RoundKind};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Query, SelectStatement};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, Order};
use uuid::Uuid;

use crate::accounts::{self, row as account};
use crate::chains::{self, Head};
use crate::database::{ReadTx, WriteTx};
use crate::entries::row as entry;
use crate::error::{Result, StorageError};
use crate::invariants;
use crate::mapping::code;
use crate::owners;
use crate::transfers::row as transfer;

/// Where the accounts of members who were found right end.
#[derive(Debug, Default)]
pub struct Heads(BTreeMap<AccountId, Head>);

/// A kind of round; one that never ran is as if it had begun now.
pub async fn find(tx: &ReadTx, kind: RoundKind, now: Instant) -> Result<Round> {
    let found = row::Entity::find_by_id(code::write(kind)).one(&tx.on()).await?;
    found.map_or_else(|| Ok(Round::never(kind, now)), Round::try_from)
}

/// Keeps how far a round has come.
pub async fn save(tx: &mut WriteTx, round: &Round) -> Result<()> {
    use row::Column as C;
    let count = |members: u64| i64::try_from(members).unwrap_or(i64::MAX);
    row::Entity::insert(row::ActiveModel {
        kind: Set(code::write(round.kind)),
        stage: Set(code::write(round.stage)),
        began_at: Set(round.began_at),
        after_member_id: Set(round.after_member.map(MemberId::uuid)),
        after_seal: Set(round.after_seal),
        members: Set(count(round.members)),
        last_began_at: Set(round.last.map(|last| last.began_at)),
        last_ended_at: Set(round.last.map(|last| last.ended_at)),
        last_members: Set(round.last.map_or(0, |last| count(last.members))),
    })
    .on_conflict(
        OnConflict::column(C::Kind)
            .update_columns([
                C::Stage,
                C::BeganAt,
                C::AfterMemberId,
                C::AfterSeal,
                C::Members,
                C::LastBeganAt,
                C::LastEndedAt,
                C::LastMembers,
            ])
            .to_owned(),
    )
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// The next members with accounts, by id.
pub async fn list_members(tx: &ReadTx, after: Option<MemberId>, limit: u64) -> Result<Vec<MemberId>> {
    let mut select = owners(after, limit);
    select.and_where(account::Column::Kind.eq("points"));
    read(tx, &select).await
}

/// The next members for whom something was posted, or is held, since then.
pub async fn list_touched(tx: &ReadTx, since: Instant, after: Option<MemberId>, limit: u64) -> Result<Vec<MemberId>> {
    let posted = Query::select()
        .column((entry::Entity, entry::Column::AccountId))
        .from(transfer::Entity)
        .inner_join(
            entry::Entity,
            Expr::col((entry::Entity, entry::Column::TransferId)).equals((transfer::Entity, transfer::Column::Id)),
        )
        .and_where(transfer::Column::PostedAt.gte(since))
        .to_owned();
    let held = Query::select().column("account_id").from("hold").and_where(Expr::col("state").eq("pending")).to_owned();
    let mut select = owners(after, limit);
    let touched = account::Column::Id.in_subquery(posted).or(account::Column::Id.in_subquery(held));
    select.distinct().and_where(touched);
    read(tx, &select).await
}

fn owners(after: Option<MemberId>, limit: u64) -> SelectStatement {
    let mut select = Query::select();
    select
        .column(account::Column::MemberId)
        .from(account::Entity)
        .and_where(account::Column::MemberId.is_not_null())
        .order_by(account::Column::MemberId, Order::Asc)
        .limit(limit);
    if let Some(after) = after {
        select.and_where(account::Column::MemberId.gt(after.uuid()));
    }
    select
}

async fn read(tx: &ReadTx, select: &SelectStatement) -> Result<Vec<MemberId>> {
    let rows = tx.on().query_all(select).await?;
    rows.iter().map(|row| Ok(row.try_get::<Uuid>("", "member_id")?.into())).collect()
}

/// Looks at these members: every invariant that holds of each, and the hashes of the entries behind the last checkpoints,
/// or of all. Answers what does not hold, and where their accounts end.
pub async fn look(tx: &ReadTx, members: &[MemberId], from_checkpoints: bool) -> Result<(Vec<&'static str>, Heads)> {
    let mut broken = invariants::check_members(tx, members).await?;
    if owners::check_members(tx, members).await?.count > 0 {
        broken.push(owners::RULE.0);
    }
    let accounts = members.iter().flat_map(|member| accounts::ids_of(*member));
    let behind = from_checkpoints.then(|| entry::Column::Sequence.into_expr().gt(checked_until()));
    let theirs = entry::Column::AccountId.is_in(accounts);
    let heads = chains::check_some(tx, Condition::all().add(theirs).add_option(behind)).await?;
    if heads.is_none() {
        broken.push(chains::RULE.0);
    }
    Ok((broken, Heads(heads.unwrap_or_default())))
}

/// Up to where the account of an entry was found right before.
fn checked_until() -> Expr {
    let checked = Query::select()
        .column(checkpoint::Column::Sequence)
        .from(checkpoint::Entity)
        .and_where(checkpoint::Column::AccountId.into_expr().eq(entry::Column::AccountId.into_expr()))
        .to_owned();
    Func::coalesce([checked.into(), Expr::val(0)]).into()
}

/// Keeps up to where accounts were found right. A checkpoint never goes back.
pub async fn keep_checkpoints(tx: &mut WriteTx, heads: Heads, now: Instant) -> Result<()> {
    use checkpoint::Column as C;
    if heads.0.is_empty() {
        return Ok(());
    }
    let rows = heads.0.into_iter().map(|(account, (sequence, hash))| checkpoint::ActiveModel {
        account_id: Set(account.uuid()),
        sequence: Set(sequence),
        hash: Set(hash),
        checked_at: Set(now),
    });
    let further = Expr::cust("excluded.sequence > account_checkpoint.sequence");
    checkpoint::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::column(C::AccountId)
                .update_columns([C::Sequence, C::Hash, C::CheckedAt])
                .action_and_where(further)
                .to_owned(),
        )
        .exec_without_returning(&tx.on())
        .await?;
    Ok(())
}

impl TryFrom<row::Model> for Round {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let members = row.last_members.unsigned_abs();
        let last = row.last_began_at.zip(row.last_ended_at);
        Ok(Self {
            kind: code::read("reconciliation", "kind", &row.kind, &row.kind)?,
            stage: code::read("reconciliation", "stage", &row.kind, &row.stage)?,
            began_at: row.began_at,
            after_member: row.after_member_id.map(MemberId::new),
            after_seal: row.after_seal,
            members: row.members.unsigned_abs(),
            last: last.map(|(began_at, ended_at)| Ended { began_at, ended_at, members }),
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "reconciliation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        pub stage: String,
        pub began_at: DateTimeUtc,
        pub after_member_id: Option<Uuid>,
        pub after_seal: i64,
        pub members: i64,
        pub last_began_at: Option<DateTimeUtc>,
        pub last_ended_at: Option<DateTimeUtc>,
        pub last_members: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod checkpoint {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_checkpoint")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: Uuid,
        pub sequence: i64,
        pub hash: Vec<u8>,
        pub checked_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
