//! Seals what was posted since the last seal: a Merkle root over the transfers, signed, naming the root before.

use domain::points::seal::{self, Seal};
use storage::seal_keys::{self, PublicSealKey};
use storage::seals;

use crate::error::{ApiError, ApiResult};
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// How many transfers one seal covers at most.
const AT_ONCE: u64 = 4_096;

/// After so many transfers the round ends, so that the lease is renewed before it runs out.
const IN_A_ROUND: u64 = 100_000;

pub(super) async fn run(app: &App) -> ApiResult<u64> {
    let mut sealed = 0;
    while sealed < IN_A_ROUND && is_anything_unsealed(app).await? {
        sealed += UseCase::internal(app.clone()).write("seal_ledger", |work| Box::pin(seal(work))).await?;
    }
    Ok(sealed)
}

async fn is_anything_unsealed(app: &App) -> ApiResult<bool> {
    Ok(!seals::list_unsealed(&app.database.read(), app.clock.wall(), 1).await?.is_empty())
}

async fn seal(work: &mut Work) -> ApiResult<u64> {
    let newest = seals::find_newest(&work.tx).await?.map(|newest| newest.seal);
    let transfers = seals::list_unsealed(&work.tx, work.wall, AT_ONCE).await?;
    let leaves = seals::leaves(&work.tx, &transfers).await?;
    let Some(root) = seal::root(&leaves) else { return Ok(0) };
    let seal = Seal {
        number: newest.as_ref().map_or(0, |newest| newest.number) + 1,
        previous_root: newest.map(|newest| newest.root),
        root,
        transfers: i64::try_from(transfers.len()).map_err(ApiError::internal)?,
        signed_at: work.wall,
    };
    let signed = work.app.seal_key.sign(seal);
    let (key, first_used_at) = (work.app.seal_key.checker(), work.wall);
    let key = PublicSealKey { id: key.id().into(), public: key.public().into(), first_used_at };
    seal_keys::insert_missing(&mut work.tx, &key).await?;
    seals::insert(&mut work.tx, &signed, &transfers).await?;
    Ok(signed.seal.transfers.unsigned_abs())
}
