//! Whose turn it is: one process works on a replay, and says so page by page; once it is silent another takes over.

use domain::id::SimulationId;
use domain::organisation::NodePath;
use domain::points::Rulebook;
use domain::points::replay::{Period, SimulationState};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::past::Place;
use super::row::{self, Column};
use crate::database::WriteTx;
use crate::error::{Result, StorageError};
use crate::leases;
use crate::mapping::code;
use crate::organisations::row as organisation;
use crate::rulebooks::{read_rules, row as rulebook};

/// After so long without a word the replay is anybody's.
const SECONDS: u32 = 30;

/// Replays that are looked at for one that nobody is at work on.
const LOOKED_AT: u64 = 50;

/// A replay whose turn has come.
#[derive(Debug)]
pub struct Claimed {
    /// The replay.
    pub id: SimulationId,
    /// Where the draft would hold.
    pub place: Place,
    /// What the draft says.
    pub rules: Rulebook,
    /// What is decided again.
    pub period: Period,
}

/// Claims the oldest replay that waits, or whose worker fell silent. It begins anew.
pub async fn claim_next(tx: &mut WriteTx, holder: Uuid) -> Result<Option<Claimed>> {
    let waiting: Vec<Uuid> = row::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::FinishedAt.is_null())
        .order_by_asc(Column::Id)
        .limit(LOOKED_AT)
        .into_tuple()
        .all(&tx.on())
        .await?;
    for id in waiting.into_iter().map(SimulationId::new) {
        if !renew(tx, id, holder).await? {
            continue;
        }
        let unfinished = row::Entity::find_by_id(id.uuid()).filter(Column::FinishedAt.is_null());
        let Some(found) = unfinished.lock_exclusive().one(&tx.on()).await? else { continue };
        row::Entity::update_many()
            .col_expr(Column::State, code::write(SimulationState::Running).into())
            .col_expr(Column::EventsRead, Expr::value(0_i64))
            .filter(Column::Id.eq(id.uuid()))
            .exec(&tx.on())
            .await?;
        let draft = rulebook::Entity::find_by_id(found.rulebook_id).find_also_related(organisation::Entity);
        let scope = draft.one(&tx.on()).await?.and_then(|(_, scope)| scope);
        let scope = scope.ok_or_else(|| StorageError::corrupt("rulebook", "scope_id", found.rulebook_id))?;
        let place = Place { depth: scope.depth, path: NodePath::from_stored(scope.path) };
        let period = Period { from: found.period_from, to: found.period_to };
        return Ok(Some(Claimed { id, place, rules: read_rules(found.rulebook_id, &found.body)?, period }));
    }
    Ok(None)
}

/// Says that the holder is still at work; `false` if it was silent so long that another one took over.
pub async fn renew(tx: &mut WriteTx, id: SimulationId, holder: Uuid) -> Result<bool> {
    leases::take(tx, &lease(id), holder, SECONDS).await
}

/// Gives the claim back.
pub(super) async fn release(tx: &mut WriteTx, id: SimulationId, holder: Uuid) -> Result<()> {
    leases::release(tx, &lease(id), holder).await
}

fn lease(id: SimulationId) -> String {
    format!("rulebook_simulation:{id}")
}
