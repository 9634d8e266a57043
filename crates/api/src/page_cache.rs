//! Pages that are the same for everybody, kept as the bytes they were written as, for a second.

use std::time::Duration;

use futures_util::FutureExt;

use crate::error::{ApiError, ApiResult};
use crate::http::tagged::Tagged;

/// The bytes of pages by what was asked for.
pub struct PageCache(moka::future::Cache<String, Tagged>);

impl PageCache {
    /// An empty cache of bounded size.
    pub fn new() -> Self {
        let cache = moka::future::Cache::builder().max_capacity(2_000).time_to_live(Duration::from_secs(1));
        Self(cache.build())
    }

    /// The page as it was at most a second ago; of many who ask at once for one that is not there, one makes it.
    pub async fn get<F>(&self, asked: String, make: impl FnOnce() -> F) -> ApiResult<Tagged>
    where
        F: Future<Output = ApiResult<Tagged>> + Send,
    {
        if let Some(page) = self.0.get(&asked).await {
            return Ok(page);
        }
        // Boxed, so that those who find it there do not carry the way to make it.
        let page = self.0.try_get_with(asked, make().boxed()).await;
        page.map_err(|shared| ApiError::clone(&shared))
    }

    /// Forgets everything, after a change that its author wants to see.
    pub fn clear(&self) {
        self.0.invalidate_all();
    }
}
