//! The hash chains (哈希链) of members' accounts, recomputed from what stands in the database.

use std::collections::BTreeMap;

use domain::id::{AccountId, LotId};
use domain::points::chain::{self, Content};
use domain::points::{LotUse, NewLot, Transfer};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::database::ReadTx;
use crate::entries::row;
use crate::error::{Result, StorageError};
use crate::invariants::Violations;
use crate::lots::{row as lot, used};
use crate::transfers;

/// Entries that are recomputed at once.
const AT_ONCE: u64 = 2_000;

/// What the recomputed hashes prove, as [`crate::invariants`] say theirs.
pub const RULE: (&str, &str) = ("chain_hash", "the hash of every entry is that of what it says");

/// How far the recomputation has come: the last entry's account and sequence.
type Place = (AccountId, i64);

/// The last entry of an account, by sequence, and its hash.
pub(crate) type Head = (i64, Vec<u8>);

/// Recomputes the hash of every chained entry, some thousand at a time; `seen` hears how many are done.
pub async fn check(tx: &ReadTx, seen: impl Fn(u64)) -> Result<Violations> {
    let (mut broken, mut after, mut done) = (Violations::default(), None, 0);
    loop {
        let entries = next(tx, Condition::all(), after).await?;
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

/// Recomputes the hashes of some entries, and answers where each account ends; none if a hash is not that of what its entry
/// says.
pub(crate) async fn check_some(tx: &ReadTx, which: Condition) -> Result<Option<BTreeMap<AccountId, Head>>> {
    let (mut heads, mut after) = (BTreeMap::new(), None);
    loop {
        let entries = next(tx, which.clone(), after).await?;
        let Some(last) = entries.last() else { return Ok(Some(heads)) };
        after = Some((last.row.account_id.into(), last.sequence()?));
        for entry in &entries {
            let head = (entry.sequence()?, entry.row.hash.clone().unwrap_or_default());
            if !entry.is_intact()? {
                return Ok(None);
            }
            heads.insert(entry.row.account_id.into(), head);
        }
        if (entries.len() as u64) < AT_ONCE {
            return Ok(Some(heads));
        }
    }
}

/// An entry with everything that its hash covers.
struct Chained {
    row: row::Model,
    /// None if it cannot be read any more.
    transfer: Option<Transfer>,
    granted: Vec<NewLot>,
    uses: Vec<LotUse>,
}

async fn next(tx: &ReadTx, which: Condition, after: Option<Place>) -> Result<Vec<Chained>> {
    let mut select = row::Entity::find().filter(row::Column::Sequence.is_not_null()).filter(which);
    if let Some((account, sequence)) = after {
        let place = Expr::tuple([row::Column::AccountId.into_expr(), row::Column::Sequence.into_expr()]);
        select = select.filter(place.gt(Expr::tuple([Expr::val(account.uuid()), Expr::val(sequence)])));
    }
    let in_order = select.order_by_asc(row::Column::AccountId).order_by_asc(row::Column::Sequence);
    let rows = in_order.limit(AT_ONCE).all(&tx.on()).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.transfer_id).collect();
    let transfers = transfers::find_readable(tx, &ids).await?;
    let mut granted = granted_by(tx, &ids).await?;
    let mut uses = used_by(tx, &ids).await?;
    let chained = |row: row::Model| {
        let of = (row.transfer_id, row.account_id);
        Chained {
            transfer: transfers.get(&row.transfer_id).cloned(),
            granted: granted.remove(&of).unwrap_or_default(),
            uses: uses.remove(&of).unwrap_or_default(),
            row,
        }
    };
    Ok(rows.into_iter().map(chained).collect())
}

/// The lots that these transfers granted, by transfer and account.
pub(crate) async fn granted_by(tx: &ReadTx, transfers: &[Uuid]) -> Result<BTreeMap<(Uuid, Uuid), Vec<NewLot>>> {
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

/// The uses that these transfers made of lots, by transfer and account.
pub(crate) async fn used_by(tx: &ReadTx, transfers: &[Uuid]) -> Result<BTreeMap<(Uuid, Uuid), Vec<LotUse>>> {
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
        self.row.sequence.ok_or_else(|| StorageError::corrupt("entry", "sequence", self.row.transfer_id))
    }

    fn is_intact(&self) -> Result<bool> {
        let row = &self.row;
        let Some((hash, balance_after)) = row.hash.as_ref().zip(row.balance_after) else { return Ok(false) };
        let Some(transfer) = &self.transfer else { return Ok(false) };
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
        Ok(chain::hash(transfer, &content).as_slice() == hash)
    }
}

#[derive(Debug, FromQueryResult)]
struct UseRow {
    transfer_id: Uuid,
    account_id: Uuid,
    lot_id: Uuid,
    amount: i64,
}
