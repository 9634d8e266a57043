//! The hash chains (哈希链) of members' accounts, recomputed from what stands in the database.

use std::collections::BTreeMap;

use domain::id::{AccountId, LotId, TransferId};
use domain::points::chain::{self, Content};
use domain::points::{Actor, LotUse, NewLot, Occasion, Source, Transfer};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, Order, QueryFilter};
use uuid::Uuid;

use crate::database::ReadTx;
use crate::entries::row;
use crate::error::{Result, StorageError};
use crate::invariants::Violations;
use crate::lots::{row as lot, used};
use crate::mapping::code;
use crate::transfers::row as transfer;

/// Entries that are recomputed at once.
const AT_ONCE: u64 = 2_000;

/// What the recomputed hashes prove, as [`crate::invariants`] say theirs.
pub const RULE: (&str, &str) = ("chain_hash", "the hash of every entry is that of what it says");

/// How far the recomputation has come: the last entry's account and sequence.
type Place = (AccountId, i64);

/// Recomputes the hash of every chained entry, some thousand at a time; `seen` hears how many are done.
pub async fn check(tx: &ReadTx, seen: impl Fn(u64)) -> Result<Violations> {
    let (mut broken, mut after, mut done) = (Violations::default(), None, 0);
    loop {
        let entries = next(tx, after).await?;
        let Some(last) = entries.last() else { return Ok(broken) };
        after = Some((last.row.account_id.into(), last.sequence()?));
        for entry in &entries {
            if !entry.is_intact()? {
                broken.add(entry.row.account_id);
            }
        }
        done += u64::try_from(entries.len()).unwrap_or_default();
        seen(done);
    }
}

/// An entry with everything that its hash covers.
struct Chained {
    row: EntryRow,
    granted: Vec<NewLot>,
    uses: Vec<LotUse>,
}

async fn next(tx: &ReadTx, after: Option<Place>) -> Result<Vec<Chained>> {
    let mut select = Query::select();
    select
        .columns([
            (row::Entity, row::Column::TransferId),
            (row::Entity, row::Column::Leg),
            (row::Entity, row::Column::AccountId),
            (row::Entity, row::Column::Amount),
            (row::Entity, row::Column::Sequence),
            (row::Entity, row::Column::BalanceAfter),
            (row::Entity, row::Column::PreviousHash),
            (row::Entity, row::Column::Hash),
        ])
        .columns([
            (transfer::Entity, transfer::Column::Kind),
            (transfer::Entity, transfer::Column::Reverses),
            (transfer::Entity, transfer::Column::Reason),
            (transfer::Entity, transfer::Column::SourceKind),
            (transfer::Entity, transfer::Column::SourceId),
            (transfer::Entity, transfer::Column::ActorKind),
            (transfer::Entity, transfer::Column::ActorId),
            (transfer::Entity, transfer::Column::BusinessAt),
            (transfer::Entity, transfer::Column::PostedAt),
        ])
        .from(row::Entity)
        .inner_join(
            transfer::Entity,
            Expr::col((transfer::Entity, transfer::Column::Id)).equals((row::Entity, row::Column::TransferId)),
        )
        .and_where(row::Column::Sequence.is_not_null())
        .order_by((row::Entity, row::Column::AccountId), Order::Asc)
        .order_by((row::Entity, row::Column::Sequence), Order::Asc)
        .limit(AT_ONCE);
    if let Some((account, sequence)) = after {
        let place = Expr::tuple([row::Column::AccountId.into_expr(), row::Column::Sequence.into_expr()]);
        select.and_where(place.gt(Expr::tuple([Expr::val(account.uuid()), Expr::val(sequence)])));
    }
    let rows = EntryRow::find_by_statement(tx.backend().build(&select)).all(&tx.on()).await?;
    let transfers: Vec<Uuid> = rows.iter().map(|row| row.transfer_id).collect();
    let mut granted = granted_by(tx, &transfers).await?;
    let mut uses = used_by(tx, &transfers).await?;
    let chained = |row: EntryRow| {
        let of = (row.transfer_id, row.account_id);
        Chained { granted: granted.remove(&of).unwrap_or_default(), uses: uses.remove(&of).unwrap_or_default(), row }
    };
    Ok(rows.into_iter().map(chained).collect())
}

async fn granted_by(tx: &ReadTx, transfers: &[Uuid]) -> Result<BTreeMap<(Uuid, Uuid), Vec<NewLot>>> {
    let rows = lot::Entity::find().filter(lot::Column::TransferId.is_in(transfers.iter().copied()));
    let mut granted: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows.all(&tx.on()).await? {
        let new = NewLot {
            id: row.id.into(),
            account: row.account_id.into(),
            granted: row.granted,
            expires_at: row.expires_at,
        };
        granted.entry((row.transfer_id, row.account_id)).or_default().push(new);
    }
    Ok(granted)
}

async fn used_by(tx: &ReadTx, transfers: &[Uuid]) -> Result<BTreeMap<(Uuid, Uuid), Vec<LotUse>>> {
    let select = Query::select()
        .columns([
            (used::Entity, used::Column::TransferId),
            (used::Entity, used::Column::LotId),
            (used::Entity, used::Column::Amount),
        ])
        .column((lot::Entity, lot::Column::AccountId))
        .from(used::Entity)
        .inner_join(lot::Entity, Expr::col((lot::Entity, lot::Column::Id)).equals((used::Entity, used::Column::LotId)))
        .and_where(used::Column::TransferId.is_in(transfers.iter().copied()))
        .to_owned();
    let mut by_entry: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in UseRow::find_by_statement(tx.backend().build(&select)).all(&tx.on()).await? {
        let used = LotUse { lot: LotId::new(row.lot_id), amount: row.amount };
        by_entry.entry((row.transfer_id, row.account_id)).or_default().push(used);
    }
    Ok(by_entry)
}

impl Chained {
    fn sequence(&self) -> Result<i64> {
        self.row.sequence.ok_or_else(|| self.corrupt("sequence"))
    }

    fn is_intact(&self) -> Result<bool> {
        let row = &self.row;
        let Some((hash, balance_after)) = row.hash.as_ref().zip(row.balance_after) else { return Ok(false) };
        let previous = row.previous_hash.clone().map(TryInto::try_into).transpose();
        let Ok(previous) = previous else { return Ok(false) };
        let content = Content {
            previous,
            leg: row.leg,
            account: row.account_id.into(),
            amount: row.amount,
            sequence: self.sequence()?,
            balance_after,
            granted: &self.granted,
            uses: &self.uses,
        };
        Ok(chain::hash(&self.transfer()?, &content).as_slice() == hash)
    }

    fn transfer(&self) -> Result<Transfer> {
        let row = &self.row;
        let actor = Actor::read(&row.actor_kind, row.actor_id).ok_or_else(|| self.corrupt("actor_kind"))?;
        Ok(Transfer {
            id: row.transfer_id.into(),
            kind: code::read("transfer", "kind", row.transfer_id, &row.kind)?,
            reverses: row.reverses.map(TransferId::new),
            occasion: Occasion {
                reason: row.reason.clone(),
                source: Source {
                    kind: code::read("transfer", "source_kind", row.transfer_id, &row.source_kind)?,
                    id: row.source_id,
                },
                actor,
                business_at: row.business_at,
                posted_at: row.posted_at,
            },
        })
    }

    fn corrupt(&self, column: &'static str) -> StorageError {
        StorageError::corrupt("transfer", column, self.row.transfer_id)
    }
}

#[derive(Debug, FromQueryResult)]
struct EntryRow {
    transfer_id: Uuid,
    leg: i32,
    account_id: Uuid,
    amount: i64,
    sequence: Option<i64>,
    balance_after: Option<i64>,
    previous_hash: Option<Vec<u8>>,
    hash: Option<Vec<u8>>,
    kind: String,
    reverses: Option<Uuid>,
    reason: String,
    source_kind: String,
    source_id: Uuid,
    actor_kind: String,
    actor_id: Option<Uuid>,
    business_at: Instant,
    posted_at: Instant,
}

#[derive(Debug, FromQueryResult)]
struct UseRow {
    transfer_id: Uuid,
    account_id: Uuid,
    lot_id: Uuid,
    amount: i64,
}
