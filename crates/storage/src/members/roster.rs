//! The roster in bulk: who has these phone numbers, and many members written at once.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::id::MemberId;
use domain::member::{self, Member};
use domain::organisation::NodePath;
use domain::personal::{PartyRecord, Phone};
use domain::roster::OnRoster;
use domain::time::Instant;
use sea_orm::sea_query::{JoinType, LockType};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use super::{PARTY_RECORD, PHONE_INDEX, active, read_record, row, to_identity, to_unit};
use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::vault::Vault;
use crate::{identities, organisations};

/// How many members one call takes: their columns must stay below the number of values that one statement may carry.
pub const CHUNK: usize = 1_000;

/// A member with everything that the roster keeps.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The member.
    pub member: Member,
    /// The phone number.
    pub phone: Phone,
    /// The party record.
    pub record: PartyRecord,
}

/// Who has these phone numbers, in their order.
pub async fn find_on_roster(tx: &ReadTx, vault: &Vault, phones: &[&Phone]) -> Result<Vec<Option<OnRoster>>> {
    let mut there = HashMap::new();
    let indexes: Vec<Vec<u8>> = phones.iter().map(|phone| vault.index(PHONE_INDEX, phone.reveal())).collect();
    for indexes in indexes.chunks(CHUNK) {
        collect(on_roster(indexes).into_model().all(&tx.on()).await?, vault, &mut there)?;
    }
    Ok(indexes.iter().map(|index| there.remove(index)).collect())
}

/// Locks the members who have these phone numbers, and answers them in the numbers' order.
pub async fn lock_on_roster(tx: &mut WriteTx, vault: &Vault, phones: &[&Phone]) -> Result<Vec<Option<OnRoster>>> {
    let mut there = HashMap::new();
    let indexes: Vec<Vec<u8>> = phones.iter().map(|phone| vault.index(PHONE_INDEX, phone.reveal())).collect();
    for indexes in indexes.chunks(CHUNK) {
        let mut query = on_roster(indexes).order_by_asc(row::Column::Id);
        // The organisation is only looked at; an outer join cannot be locked at all.
        QueryTrait::query(&mut query).lock_with_tables(LockType::Update, [row::Entity]);
        collect(query.into_model().all(&tx.on()).await?, vault, &mut there)?;
    }
    Ok(indexes.iter().map(|index| there.remove(index)).collect())
}

fn on_roster(indexes: &[Vec<u8>]) -> Select<row::Entity> {
    row::Entity::find()
        .join(JoinType::InnerJoin, to_unit())
        .join(JoinType::LeftJoin, to_identity())
        .column_as(organisations::row::Column::Path, "unit_path")
        .column_as(identities::row::Column::Id, "identity_id")
        .filter(row::Column::PhoneIndex.is_in(indexes.iter().cloned()))
}

fn collect(rows: Vec<Joined>, vault: &Vault, there: &mut HashMap<Vec<u8>, OnRoster>) -> Result<()> {
    for Joined { member, unit_path, identity_id } in rows {
        let record = vault.open(PARTY_RECORD, member.id, &member.party_record_cipher)?;
        let record =
            read_record(&record).ok_or_else(|| StorageError::corrupt("member", "party_record_cipher", member.id))?;
        let (index, updated_at) = (member.phone_index.clone(), member.updated_at);
        let (unit_path, bound) = (NodePath::from_stored(unit_path), identity_id.is_some());
        there.insert(index, OnRoster { member: member.try_into()?, unit_path, record, bound, updated_at });
    }
    Ok(())
}

/// A public number for each new member that nobody has, as far as this transaction sees.
pub async fn free_numbers(tx: &ReadTx, ids: &[MemberId]) -> Result<Vec<String>> {
    draw_numbers(tx, ids, &mut BTreeSet::new()).await
}

/// The same beside numbers that were given already, though nobody has them on the roster yet.
pub async fn draw_numbers(tx: &ReadTx, ids: &[MemberId], given: &mut BTreeSet<String>) -> Result<Vec<String>> {
    let mut numbers = vec![String::new(); ids.len()];
    let mut waiting: Vec<usize> = (0..ids.len()).collect();
    for attempt in 0.. {
        let drawn: Vec<String> = waiting.iter().map(|at| member::number(ids[*at], attempt)).collect();
        let mut taken = HashSet::new();
        for drawn in drawn.chunks(CHUNK) {
            let found: Vec<String> = row::Entity::find()
                .select_only()
                .column(row::Column::Number)
                .filter(row::Column::Number.is_in(drawn))
                .into_tuple()
                .all(&tx.on())
                .await?;
            taken.extend(found);
        }
        let mut again = Vec::new();
        for (at, number) in waiting.into_iter().zip(drawn) {
            if taken.contains(&number) || !given.insert(number.clone()) {
                again.push(at);
            } else {
                numbers[at] = number;
            }
        }
        waiting = again;
        if waiting.is_empty() {
            break;
        }
    }
    Ok(numbers)
}

/// Keeps new members. Conflicts if one of the phone numbers has come onto the roster meanwhile.
pub async fn insert_many(tx: &mut WriteTx, vault: &Vault, entries: &[Entry], now: Instant) -> Result<()> {
    for entries in entries.chunks(CHUNK) {
        row::Entity::insert_many(sealed(vault, entries, now)).exec_without_returning(&tx.on()).await?;
    }
    Ok(())
}

fn sealed(vault: &Vault, entries: &[Entry], now: Instant) -> impl Iterator<Item = row::ActiveModel> {
    entries.iter().map(move |entry| active(vault, &entry.member, &entry.phone, &entry.record, now))
}

#[derive(FromQueryResult)]
struct Joined {
    #[sea_orm(nested)]
    member: row::Model,
    unit_path: String,
    identity_id: Option<Uuid>,
}
