//! Gates: of all who want the same row at once, a few at a time get as far as the database. Row locks alone make a hot
//! row slower with every connection that waits for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::error::{ApiError, ApiResult};

/// How many gates there are; two rows that share one only wait for each other.
const GATES: usize = 256;

/// How many pass one gate at once: while one holds the row, the others do all that comes before it.
const AT_ONCE: usize = 4;

/// How long anybody waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// The gates of this process.
pub struct Gates(Box<[Arc<Semaphore>]>);

impl Gates {
    /// Open gates.
    pub fn new() -> Self {
        Self((0..GATES).map(|_| Arc::new(Semaphore::new(AT_ONCE))).collect())
    }

    /// Waits until the way to this row is free; it stays taken while the permit lives.
    pub async fn enter(&self, row: Uuid) -> ApiResult<OwnedSemaphorePermit> {
        // The last bytes of a version 7 id are random, and of any other as good as random.
        let [.., high, low] = row.into_bytes();
        let gate = self.0[usize::from(u16::from_be_bytes([high, low])) % GATES].clone();
        match tokio::time::timeout(PATIENCE, gate.acquire_owned()).await {
            Ok(permit) => permit.map_err(ApiError::internal),
            Err(late) => Err(ApiError::unavailable(late)),
        }
    }
}
