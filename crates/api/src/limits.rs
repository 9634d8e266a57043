//! Rate limits: so many per window and key. Without Redis each process counts for itself, so a limit loosens but holds.

use std::sync::LazyLock;
use std::time::Duration;

use storage::KeyValue;

use crate::error::{ApiError, ApiResult};
use crate::state::State;

static FALLBACK: LazyLock<KeyValue> = LazyLock::new(KeyValue::memory);

impl State {
    /// Counts one more under the key and refuses beyond `most` per window.
    pub async fn limit(&self, key: &str, most: u64, window: Duration) -> ApiResult<()> {
        if self.counted(key, window).await > most {
            return Err(ApiError::too_many(window.as_secs()));
        }
        Ok(())
    }

    /// Counts one more under the key.
    pub async fn counted(&self, key: &str, window: Duration) -> u64 {
        match self.key_value.count(key, window).await {
            Ok(count) => count,
            Err(error) => {
                tracing::warn!(%error, "rate limits fall back to this process");
                FALLBACK.count(key, window).await.unwrap_or(1)
            }
        }
    }

    /// Refuses if so many were counted under the key already, without counting this one.
    pub async fn refuse_beyond(&self, key: &str, most: u64, window: Duration) -> ApiResult<()> {
        let so_far = match self.key_value.counted(key).await {
            Ok(so_far) => so_far,
            Err(_) => FALLBACK.counted(key).await.unwrap_or(0),
        };
        if so_far >= most { Err(ApiError::too_many(window.as_secs())) } else { Ok(()) }
    }
}
