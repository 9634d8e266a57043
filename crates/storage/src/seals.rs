//! Seals (封存) over transfers, and which transfers no seal covers yet.

use std::collections::BTreeMap;

use chrono::Duration;
use domain::id::TransferId;
use domain::page::{Page, PageRequest};
use domain::points::Transfer;
use domain::points::chain::Hash;
use domain::points::seal::{self, Seal, SealedLeg};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::database::{CHUNK, ReadTx, WriteTx};
use crate::entries::row as entry;
use crate::error::{Result, StorageError};
use crate::invariants::Violations;
use crate::records;
use crate::transfers::{self, row as transfer};

/// What the seals prove, as [`crate::invariants`] say theirs.
pub const RULE: (&str, &str) =
    ("seals", "every seal is signed, follows the one before, and covers its transfers as they stand");

/// No transaction lasts so long that it could keep a transfer posted before this from being seen.
pub const LATE: Duration = Duration::hours(1);

/// A seal with its signature.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The seal.
    pub seal: Seal,
    /// The key that signed it.
    pub key_id: String,
    /// The Ed25519 signature.
    pub signature: Vec<u8>,
}

/// The newest seal.
pub async fn find_newest(tx: &ReadTx) -> Result<Option<Signed>> {
    let newest = row::Entity::find().order_by_desc(row::Column::Number).one(&tx.on()).await?;
    newest.map(Signed::try_from).transpose()
}

/// The seal of this number.
pub async fn find(tx: &ReadTx, number: i64) -> Result<Option<Signed>> {
    row::Entity::find_by_id(number).one(&tx.on()).await?.map(Signed::try_from).transpose()
}

/// Lists seals, the newest first.
pub async fn list(tx: &ReadTx, page: &PageRequest<i64>) -> Result<Page<Signed, i64>> {
    let mut query = row::Entity::find().order_by_desc(row::Column::Number).limit(page.limit + 1);
    if let Some(after) = page.after {
        query = query.filter(row::Column::Number.lt(after));
    }
    let rows = query.all(&tx.on()).await?;
    let found = rows.into_iter().map(Signed::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |signed| signed.seal.number))
}

/// The seal that covers a transfer, once there is one.
pub(crate) async fn find_covering(tx: &ReadTx, transfer: TransferId) -> Result<Option<Signed>> {
    match sealed::Entity::find_by_id(transfer.uuid()).one(&tx.on()).await? {
        Some(covered) => find(tx, covered.seal_number).await,
        None => Ok(None),
    }
}

/// Transfers that no seal covers, those that were posted first: from an hour before what the newest seal came to, since some
/// were not seen then. What a clock that was ahead posted does not move that beyond now.
pub async fn list_unsealed(tx: &ReadTx, now: Instant, limit: u64) -> Result<Vec<TransferId>> {
    let mut select = Query::select();
    select
        .column((transfer::Entity, transfer::Column::Id))
        .from(transfer::Entity)
        .left_join(
            sealed::Entity,
            Expr::col((sealed::Entity, sealed::Column::TransferId)).equals((transfer::Entity, transfer::Column::Id)),
        )
        .and_where(sealed::Column::TransferId.is_null())
        .order_by((transfer::Entity, transfer::Column::PostedAt), Order::Asc)
        .order_by((transfer::Entity, transfer::Column::Id), Order::Asc)
        .limit(limit);
    if let Some(until) = sealed_until(tx).await? {
        select.and_where(transfer::Column::PostedAt.gte(Ord::min(until, now) - LATE));
    }
    let rows = tx.on().query_all(&select).await?;
    rows.iter().map(|row| Ok(row.try_get::<Uuid>("", "id")?.into())).collect()
}

/// When the last of the transfers under the newest seal was posted.
async fn sealed_until(tx: &ReadTx) -> Result<Option<Instant>> {
    let newest = Query::select().expr(row::Column::Number.max()).from(row::Entity).to_owned();
    let covered = Query::select()
        .column(sealed::Column::TransferId)
        .from(sealed::Entity)
        .and_where(sealed::Column::SealNumber.in_subquery(newest))
        .to_owned();
    let until = transfer::Entity::find()
        .select_only()
        .expr(transfer::Column::PostedAt.max())
        .filter(transfer::Column::Id.in_subquery(covered));
    Ok(until.into_tuple::<Option<Instant>>().one(&tx.on()).await?.flatten())
}

/// The leaves of these transfers, in this order, with the records behind them.
pub async fn leaves(tx: &ReadTx, ids: &[TransferId]) -> Result<Vec<Hash>> {
    leaves_of(tx, ids, true).await
}

async fn leaves_of(tx: &ReadTx, ids: &[TransferId], with_records: bool) -> Result<Vec<Hash>> {
    let mut leaves = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let transfers = transfers::find_readable(tx, &ids).await?;
        let mut legs = legs_of(tx, &ids).await?;
        let mut records = if with_records { records::hashes_behind(tx, &ids).await? } else { BTreeMap::new() };
        for id in ids {
            let head: &Transfer = transfers.get(&id).ok_or_else(|| StorageError::corrupt("transfer", "id", id))?;
            let behind = records.remove(&id).unwrap_or_default();
            leaves.push(seal::leaf(head, &legs.remove(&id).unwrap_or_default(), &behind));
        }
    }
    Ok(leaves)
}

/// Keeps a seal over these transfers. Conflicts if another took its number or one of them.
pub async fn insert(tx: &mut WriteTx, signed: &Signed, transfers: &[TransferId]) -> Result<()> {
    let seal = &signed.seal;
    row::Entity::insert(row::ActiveModel {
        number: Set(seal.number),
        previous_root: Set(seal.previous_root.map(Vec::from)),
        root: Set(seal.root.to_vec()),
        transfers: Set(seal.transfers),
        key_id: Set(signed.key_id.clone()),
        signature: Set(signed.signature.clone()),
        signed_at: Set(seal.signed_at),
    })
    .exec_without_returning(&tx.on())
    .await?;
    let rows: Vec<_> = (0..)
        .zip(transfers)
        .map(|(position, transfer)| sealed::ActiveModel {
            transfer_id: Set(transfer.uuid()),
            seal_number: Set(seal.number),
            position: Set(Some(position)),
        })
        .collect();
    for rows in rows.chunks(CHUNK) {
        sealed::Entity::insert_many(rows.to_vec()).exec_without_returning(&tx.on()).await?;
    }
    Ok(())
}

/// Goes through all seals. Whether a signature holds says `is_signed`.
pub async fn check(tx: &ReadTx, is_signed: impl Fn(&Signed) -> bool) -> Result<Violations> {
    let (mut broken, mut after) = (Violations::default(), Some(0));
    while let Some(number) = after {
        after = check_next(tx, number, &mut broken, &is_signed).await?;
    }
    Ok(broken)
}

/// Goes on with the seal that follows this number, and answers its own; none after the last.
pub async fn check_next(
    tx: &ReadTx,
    after: i64,
    broken: &mut Violations,
    is_signed: impl Fn(&Signed) -> bool,
) -> Result<Option<i64>> {
    let next = row::Entity::find().filter(row::Column::Number.gt(after)).order_by_asc(row::Column::Number);
    let Some(row) = next.one(&tx.on()).await? else {
        let cut_off = sealed::Entity::find().filter(sealed::Column::SealNumber.gt(after)).one(&tx.on()).await?;
        // It may have been signed between the two looks.
        if let Some(row) = cut_off
            && row::Entity::find_by_id(row.seal_number).one(&tx.on()).await?.is_none()
        {
            broken.add(format!("seal {}", row.seal_number));
        }
        return Ok(None);
    };
    let number = row.number;
    let before = row::Entity::find_by_id(after).one(&tx.on()).await?.map(|before| before.root);
    let is_whole = match leaves_under(tx, number, &row.root).await {
        Ok(leaves) => leaves.is_some_and(|(leaves, _)| i64::try_from(leaves.len()) == Ok(row.transfers)),
        // A transfer that it covers is gone, or cannot be read any more.
        Err(StorageError::Corrupt { .. }) => false,
        Err(error) => return Err(error),
    };
    let follows = number == after + 1 && row.previous_root == before;
    if !(is_whole && follows && Signed::try_from(row).is_ok_and(|signed| is_signed(&signed))) {
        broken.add(format!("seal {number}"));
    }
    Ok(Some(number))
}

/// The leaves of a seal, if they have this root, and whether they cover the records behind transfers: the first seals did not.
pub(crate) async fn leaves_under(tx: &ReadTx, number: i64, root: &[u8]) -> Result<Option<(Vec<Hash>, bool)>> {
    let covered = covered_by(tx, number).await?;
    for with_records in [true, false] {
        let leaves = leaves_of(tx, &covered, with_records).await?;
        if seal::root(&leaves).is_some_and(|found| found[..] == *root) {
            return Ok(Some((leaves, with_records)));
        }
    }
    Ok(None)
}

/// The transfers of a seal, in the order of its leaves.
pub(crate) async fn covered_by(tx: &ReadTx, number: i64) -> Result<Vec<TransferId>> {
    let covered: Vec<(Uuid, Option<i32>)> = sealed::Entity::find()
        .select_only()
        .column(sealed::Column::TransferId)
        .column(sealed::Column::Position)
        .filter(sealed::Column::SealNumber.eq(number))
        .order_by_asc(sealed::Column::Position)
        .into_tuple()
        .all(&tx.on())
        .await?;
    (0..)
        .zip(covered)
        .map(|(place, (id, position))| {
            let in_place = position == Some(place);
            in_place.then_some(id.into()).ok_or_else(|| corrupt("sealed_transfer", "position", id))
        })
        .collect()
}

async fn legs_of(tx: &ReadTx, transfers: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<SealedLeg>>> {
    let rows = entry::Entity::find()
        .filter(entry::Column::TransferId.is_in(transfers.iter().copied()))
        .order_by_asc(entry::Column::TransferId)
        .order_by_asc(entry::Column::Leg);
    let mut legs: BTreeMap<Uuid, Vec<SealedLeg>> = BTreeMap::new();
    for row in rows.all(&tx.on()).await? {
        let hash = row.hash.map(|hash| hash.try_into().map_err(|_| corrupt("entry", "hash", row.transfer_id)));
        let leg =
            SealedLeg { leg: row.leg, account: row.account_id.into(), amount: row.amount, hash: hash.transpose()? };
        legs.entry(row.transfer_id).or_default().push(leg);
    }
    Ok(legs)
}

fn corrupt(table: &'static str, column: &'static str, id: impl ToString) -> StorageError {
    StorageError::corrupt(table, column, id)
}

impl TryFrom<row::Model> for Signed {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let root = |bytes: Vec<u8>| bytes.try_into().map_err(|_| corrupt("seal", "root", row.number));
        let seal = Seal {
            number: row.number,
            previous_root: row.previous_root.map(root).transpose()?,
            root: root(row.root)?,
            transfers: row.transfers,
            signed_at: row.signed_at,
        };
        Ok(Self { seal, key_id: row.key_id, signature: row.signature })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "seal")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub previous_root: Option<Vec<u8>>,
        pub root: Vec<u8>,
        pub transfers: i64,
        pub key_id: String,
        pub signature: Vec<u8>,
        pub signed_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod sealed {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "sealed_transfer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub transfer_id: Uuid,
        pub seal_number: i64,
        pub position: Option<i32>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
