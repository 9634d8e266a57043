//! What may be forgotten: counters for rate limits. Redis where replicas share them, memory where there is one process.

use std::time::Duration;

use moka::Expiry;
use moka::ops::compute::Op;
use redis::AsyncCommands;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use thiserror::Error;

/// Redis did not answer; the caller decides whether that stops anything.
#[derive(Debug, Error)]
#[error("the key-value store is unavailable")]
pub struct KeyValueError(#[from] redis::RedisError);

/// Counters that expire. Redis is never the truth of anything: losing it loosens limits and nothing else.
#[derive(Clone)]
pub enum KeyValue {
    /// One process.
    Memory(moka::future::Cache<String, (u64, Duration)>),
    /// Shared by replicas.
    Redis(ConnectionManager, redis::Script),
}

struct PerEntry;

impl Expiry<String, (u64, Duration)> for PerEntry {
    fn expire_after_create(&self, _: &String, value: &(u64, Duration), _: std::time::Instant) -> Option<Duration> {
        Some(value.1)
    }
}

impl KeyValue {
    /// Keeps counters in this process.
    pub fn memory() -> Self {
        Self::Memory(moka::future::Cache::builder().max_capacity(1_000_000).expire_after(PerEntry).build())
    }

    /// Keeps counters in Redis, connecting when first used. The time-outs are short because no request may hang on it.
    pub fn redis(url: &str) -> Result<Self, KeyValueError> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(20))
            .set_max_delay(Duration::from_millis(200))
            .set_connection_timeout(Some(Duration::from_millis(200)))
            .set_response_timeout(Some(Duration::from_millis(150)));
        let manager = ConnectionManager::new_lazy_with_config(redis::Client::open(url)?, config)?;
        let count = redis::Script::new(
            "local n = redis.call('INCR', KEYS[1])
             if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
             return n",
        );
        Ok(Self::Redis(manager, count))
    }

    /// Counts one more under the key and answers the count; the count is forgotten one window after its first.
    pub async fn count(&self, key: &str, window: Duration) -> Result<u64, KeyValueError> {
        match self {
            Self::Memory(cache) => {
                let counted = cache
                    .entry(key.to_owned())
                    .and_compute_with(|entry| {
                        let next = entry.map_or((1, window), |entry| (entry.value().0 + 1, window));
                        std::future::ready(Op::Put(next))
                    })
                    .await;
                Ok(counted.into_entry().map_or(1, |entry| entry.value().0))
            }
            Self::Redis(manager, script) => {
                let milliseconds = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
                let mut connection = manager.clone();
                let counted = script.key(format!("zx:{key}")).arg(milliseconds).invoke_async(&mut connection).await?;
                Ok(counted)
            }
        }
    }

    /// What was counted under the key so far.
    pub async fn counted(&self, key: &str) -> Result<u64, KeyValueError> {
        match self {
            Self::Memory(cache) => Ok(cache.get(key).await.map_or(0, |entry| entry.0)),
            Self::Redis(manager, _) => {
                let counted: Option<u64> = manager.clone().get(format!("zx:{key}")).await?;
                Ok(counted.unwrap_or(0))
            }
        }
    }
}

impl std::fmt::Debug for KeyValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Self::Memory(_)) { "KeyValue::Memory" } else { "KeyValue::Redis" })
    }
}
