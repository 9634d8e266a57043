//! Receipts (记账凭证): put together from the books and the seal, never stored.

use domain::id::{AccountId, MemberId, TransferId};
use domain::points::chain::Hash;
use domain::points::receipt::{Receipt, ReceiptLeg};
use domain::points::{Entry, Link, Transfer, seal};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::database::ReadTx;
use crate::entries::row as entry;
use crate::error::{Result, StorageError};
use crate::seals::{self, Signed};
use crate::{accounts, chains, records, transfers};

/// The receipt for a transfer of this member with its seal, once it is sealed. Works out the leaves of the whole seal.
pub async fn find_own(tx: &ReadTx, member: MemberId, id: TransferId) -> Result<Option<(Receipt, Signed)>> {
    let Some(signed) = seals::find_covering(tx, id).await? else { return Ok(None) };
    let covered = seals::covered_by(tx, signed.seal.number).await?;
    let position = covered.iter().position(|transfer| *transfer == id).ok_or_else(|| corrupt("position", id))?;
    let leaves = seals::leaves_under(tx, signed.seal.number, &signed.seal.root).await?;
    let (leaves, with_records) = leaves.ok_or_else(|| corrupt("hash", id))?;
    let path = seal::path(&leaves, position).ok_or_else(|| corrupt("hash", id))?;
    let (transfer, legs) = posted(tx, member, id).await?;
    let records = records::hashes_behind(tx, &[id.uuid()]).await?.remove(&id.uuid());
    let records = records.filter(|_| with_records).unwrap_or_default();
    let receipt = Receipt { member, transfer, legs, records, seal: signed.seal.clone(), position, path };
    Ok(Some((receipt, signed)))
}

async fn posted(tx: &ReadTx, member: MemberId, id: TransferId) -> Result<(Transfer, Vec<ReceiptLeg>)> {
    let ids = [id.uuid()];
    let transfer = transfers::find_readable(tx, &ids).await?.remove(&id.uuid());
    let transfer = transfer.ok_or_else(|| corrupt("transfer_id", id))?;
    let mut granted = chains::granted_by(tx, &ids).await?;
    let mut uses = chains::used_by(tx, &ids).await?;
    let rows = entry::Entity::find().filter(entry::Column::TransferId.eq(id.uuid())).order_by_asc(entry::Column::Leg);
    let mut legs = Vec::new();
    for row in rows.all(&tx.on()).await? {
        let of = (row.transfer_id, row.account_id);
        let entry = read(row)?;
        // What another member has of it is not for this one's eyes.
        if entry.link.is_some() && !accounts::ids_of(member).contains(&of.1) {
            return Err(corrupt("account_id", id));
        }
        let (granted, uses) = (granted.remove(&of).unwrap_or_default(), uses.remove(&of).unwrap_or_default());
        legs.push(ReceiptLeg { entry, granted, uses });
    }
    Ok((transfer, legs))
}

fn read(row: entry::Model) -> Result<Entry> {
    let hash = |bytes: Vec<u8>| Hash::try_from(bytes).map_err(|_| corrupt("hash", row.transfer_id));
    let link = match (row.sequence, row.balance_after, row.hash.clone()) {
        (Some(sequence), Some(balance_after), Some(bytes)) => {
            let previous_hash = row.previous_hash.clone().map(hash).transpose()?;
            Some(Link { sequence, balance_after, previous_hash, hash: hash(bytes)? })
        }
        _ => None,
    };
    Ok(Entry { leg: row.leg, account: AccountId::new(row.account_id), amount: row.amount, link })
}

fn corrupt(column: &'static str, id: impl Into<Uuid>) -> StorageError {
    StorageError::corrupt("entry", column, id.into())
}
