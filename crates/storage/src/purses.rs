//! Purses (积分钱包): a member's accounts, locked for a decision, with the lots that this decision needs.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{AccountId, MemberId, TransferId};
use domain::points::{Lot, Purse, Spent};
use domain::time::Instant;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::accounts::{self, row};
use crate::database::WriteTx;
use crate::error::{Result, StorageError};
use crate::{entries, lots, transfers};

/// Locks a purse to spend from: accounts by id, and the open lots.
pub async fn lock(tx: &mut WriteTx, member: MemberId) -> Result<Purse> {
    let accounts = lock_rows(tx, member).await?;
    let lots = lots::list_open(tx, AccountId::points_of(member)).await?;
    purse(member, accounts, lots)
}

/// Locks a purse to put something in, for which no lots are needed.
pub async fn lock_accounts(tx: &mut WriteTx, member: MemberId) -> Result<Purse> {
    let accounts = lock_rows(tx, member).await?;
    purse(member, accounts, Vec::new())
}

/// Locks a purse to take a spending back, with the lots it came from; none if it is no spending of this member.
pub async fn lock_spent(tx: &mut WriteTx, member: MemberId, spend: TransferId) -> Result<Option<(Purse, Spent)>> {
    let accounts = lock_rows(tx, member).await?;
    let used = lots::list_used(tx, AccountId::points_of(member), spend).await?;
    used.map(|(lots, spent)| Ok((purse(member, accounts, lots)?, spent))).transpose()
}

/// Locks a purse to give back what a clawback or deduction took, with the lots it came from and the debt that it made; none
/// if it took nothing from this member.
pub async fn lock_taken(tx: &mut WriteTx, member: MemberId, id: TransferId) -> Result<Option<(Purse, Spent, i64)>> {
    let accounts = lock_rows(tx, member).await?;
    let Some(line) = entries::find_own(tx, member, id).await? else {
        return Ok(None);
    };
    let found = lots::list_used(tx, AccountId::points_of(member), id).await?;
    let (lots, taken) = if let Some(found) = found {
        found
    } else {
        // All of it became debt.
        let reversed_by = transfers::find_reversal(tx, id).await?;
        let (uses, expired) = (Vec::new(), Vec::new());
        (Vec::new(), Spent { transfer: id, kind: line.kind, uses, expired, reversed_by })
    };
    Ok(Some((purse(member, accounts, lots)?, taken, -line.debt)))
}

/// Locks purses to let lots expire, with at most so many lots of all of them together whose time has come.
pub async fn lock_expired(
    tx: &mut WriteTx,
    members: &BTreeSet<MemberId>,
    now: Instant,
    limit: u64,
) -> Result<Vec<Purse>> {
    let rows = lock_rows_of(tx, members).await?;
    let accounts = members.iter().copied().map(AccountId::points_of);
    let mut due: BTreeMap<AccountId, Vec<Lot>> = BTreeMap::new();
    for (account, lot) in lots::list_expired(tx, accounts, now, limit).await? {
        due.entry(account).or_default().push(lot);
    }
    purses(members, rows, |account| due.remove(&account).unwrap_or_default())
}

/// Locks purses to put something in, for which no lots are needed.
pub async fn lock_accounts_of(tx: &mut WriteTx, members: &BTreeSet<MemberId>) -> Result<Vec<Purse>> {
    let rows = lock_rows_of(tx, members).await?;
    purses(members, rows, |_| Vec::new())
}

async fn lock_rows(tx: &mut WriteTx, member: MemberId) -> Result<Vec<row::Model>> {
    lock_rows_of(tx, &BTreeSet::from([member])).await
}

/// Locks the accounts of all these members in the order of the accounts' ids, whoever they belong to.
async fn lock_rows_of(tx: &mut WriteTx, members: &BTreeSet<MemberId>) -> Result<Vec<row::Model>> {
    let found = select_for_update(tx, members).await?;
    if found.len() == 2 * members.len() {
        return Ok(found);
    }
    // In the order of the members, so that of two who open the same accounts one waits for the other and never both.
    accounts::open_many(tx, &members.iter().copied().collect::<Vec<_>>()).await?;
    select_for_update(tx, members).await
}

async fn select_for_update(tx: &mut WriteTx, members: &BTreeSet<MemberId>) -> Result<Vec<row::Model>> {
    let rows = row::Entity::find()
        .filter(row::Column::Id.is_in(members.iter().copied().flat_map(accounts::ids_of)))
        .order_by_asc(row::Column::Id)
        .lock_exclusive()
        .all(&tx.on())
        .await?;
    Ok(rows)
}

fn purses(
    members: &BTreeSet<MemberId>,
    rows: Vec<row::Model>,
    mut lots: impl FnMut(AccountId) -> Vec<Lot>,
) -> Result<Vec<Purse>> {
    let mut by_member: BTreeMap<Uuid, Vec<row::Model>> = BTreeMap::new();
    for row in rows {
        if let Some(member) = row.member_id {
            by_member.entry(member).or_default().push(row);
        }
    }
    let of = |member: &MemberId| {
        let rows = by_member.remove(&member.uuid()).unwrap_or_default();
        purse(*member, rows, lots(AccountId::points_of(*member)))
    };
    members.iter().map(of).collect()
}

fn purse(member: MemberId, rows: Vec<row::Model>, lots: Vec<Lot>) -> Result<Purse> {
    let points_id = AccountId::points_of(member).uuid();
    let (points, debt): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.id == points_id);
    let missing = || StorageError::corrupt("account", "member_id", member);
    let points = points.into_iter().next().ok_or_else(missing)?;
    let debt = debt.into_iter().next().ok_or_else(missing)?;
    let (earned, minutes) = (points.lifetime_earned, points.verified_minutes);
    Ok(Purse::new(member, points.try_into()?, debt.try_into()?, lots, earned, minutes))
}
