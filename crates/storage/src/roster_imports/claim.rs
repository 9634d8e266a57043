//! Whose turn it is: one process works on an import, and says so every few rows; once it is silent another takes over.

use domain::id::ImportId;
use domain::organisation::Node;
use domain::roster::ImportState;
use domain::time::Instant;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{FILE, NewImport, insert_row, row};
use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::vault::Vault;
use crate::{leases, organisations};

/// After so long without a word the import is anybody's.
const SECONDS: u32 = 30;

/// Imports that are looked at for one that nobody is at work on.
const LOOKED_AT: u64 = 50;

/// An import whose turn has come.
#[derive(Debug)]
pub struct Claimed {
    /// The import.
    pub id: ImportId,
    /// The unit or district whose roster it is.
    pub unit: Node,
    /// The file; none if it never came here, because the command line read it and was ended in the middle.
    pub file: Option<Vec<u8>>,
}

/// Claims the oldest import that waits, or whose worker fell silent. It begins anew.
pub async fn claim_next(tx: &mut WriteTx, vault: &Vault, holder: Uuid) -> Result<Option<Claimed>> {
    for id in waiting(tx).await? {
        if !renew(tx, id, holder).await? {
            continue;
        }
        let locked = row::Entity::find_by_id(id.uuid()).filter(unfinished()).lock_exclusive().one(&tx.on()).await?;
        let Some(found) = locked else { continue };
        let unit = organisations::find(tx, found.unit_id.into()).await?;
        let unit = unit.ok_or_else(|| StorageError::corrupt("roster_import", "unit_id", id))?;
        let file = found.file.map(|sealed| vault.open_bytes(FILE, id.uuid(), &sealed)).transpose()?;
        row::Entity::update_many()
            .col_expr(row::Column::State, Expr::value(code::write(ImportState::Running)))
            .col_expr(row::Column::RowsRead, Expr::value(0_i64))
            .filter(row::Column::Id.eq(id.uuid()))
            .exec(&tx.on())
            .await?;
        return Ok(Some(Claimed { id, unit, file }));
    }
    Ok(None)
}

/// Keeps an import that its caller is at work on already and whose file stays where it is.
pub async fn insert_claimed(tx: &mut WriteTx, import: NewImport, holder: Uuid, now: Instant) -> Result<()> {
    let id = import.id;
    insert_row(tx, import, None, ImportState::Running, now).await?;
    renew(tx, id, holder).await?;
    Ok(())
}

/// Says that the holder is still at work; `false` if it was silent so long that another one took over.
pub async fn renew(tx: &mut WriteTx, id: ImportId, holder: Uuid) -> Result<bool> {
    leases::take(tx, &lease(id), holder, SECONDS).await
}

/// Gives the claim back.
pub(super) async fn release(tx: &mut WriteTx, id: ImportId, holder: Uuid) -> Result<()> {
    leases::release(tx, &lease(id), holder).await
}

fn lease(id: ImportId) -> String {
    format!("roster_import:{id}")
}

async fn waiting(tx: &ReadTx) -> Result<Vec<ImportId>> {
    let ids: Vec<Uuid> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(unfinished())
        .order_by_asc(row::Column::Id)
        .limit(LOOKED_AT)
        .into_tuple()
        .all(&tx.on())
        .await?;
    Ok(ids.into_iter().map(ImportId::new).collect())
}

fn unfinished() -> sea_orm::sea_query::SimpleExpr {
    row::Column::State.is_in([ImportState::Queued, ImportState::Running].map(code::write))
}
