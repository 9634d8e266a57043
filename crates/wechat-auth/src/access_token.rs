//! `POST /cgi-bin/stable_token`, normal mode: one token, shared by all who ask, fetched once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::RequestBuilder;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::Mutex;

use crate::{Client, error::Failure};

/// The token held by this process. The lock is kept while fetching, so one fetch serves all.
#[derive(Default)]
pub(crate) struct AccessTokens {
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    held: Option<Held>,
    failed: Option<(Instant, Failure)>,
}

struct Held {
    token: Arc<str>,
    refresh_at: Instant,
}

// Forcing a new token kills everyone else's, so this type cannot say it.
#[derive(Serialize)]
struct Request<'a> {
    grant_type: &'static str,
    appid: &'a str,
    secret: &'a str,
}

#[derive(Deserialize)]
struct Issued {
    access_token: String,
    expires_in: u64,
}

impl Client {
    /// A call that carries the access token; a refused token is replaced and the call repeated,
    /// once.
    pub(crate) async fn call_with_token<T: DeserializeOwned>(
        &self,
        request: impl Fn(&str) -> RequestBuilder,
    ) -> Result<T, Failure> {
        let token = self.access_token().await?;
        match self.call(|| request(&token)).await {
            Err(failure) if failure.is_bad_token() => {
                tracing::warn!(?failure, "WeChat refuses the access token, fetching anew");
                self.drop_token(&token).await;
                let token = self.access_token().await?;
                self.call(|| request(&token)).await
            }
            ended => ended,
        }
    }

    async fn access_token(&self) -> Result<Arc<str>, Failure> {
        let asked = Instant::now();
        let mut slot = self.shared.tokens.slot.lock().await;
        if let Some(held) = &slot.held
            && Instant::now() < held.refresh_at
        {
            return Ok(held.token.clone());
        }
        // Whoever queued behind a failed fetch shares its failure; else each would wait in turn.
        if let Some((at, failure)) = &slot.failed
            && *at >= asked
        {
            return Err(failure.clone());
        }
        match self.fetch_token().await {
            Ok(held) => {
                let token = held.token.clone();
                slot.held = Some(held);
                slot.failed = None;
                Ok(token)
            }
            Err(failure) => {
                slot.failed = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    async fn fetch_token(&self) -> Result<Held, Failure> {
        let config = &self.shared.config;
        let request = Request { grant_type: "client_credential", appid: &config.app_id, secret: &config.secret };
        let started = Instant::now();
        let issued: Issued = self.call(|| self.post("/cgi-bin/stable_token").json(&request)).await?;
        Ok(Held { token: issued.access_token.into(), refresh_at: started + use_for(issued.expires_in) })
    }

    /// Another caller may have replaced the refused token already; theirs must stay.
    async fn drop_token(&self, refused: &str) {
        let mut slot = self.shared.tokens.slot.lock().await;
        if slot.held.as_ref().is_some_and(|h| &*h.token == refused) {
            slot.held = None;
        }
    }
}

/// WeChat mints the successor in a token's last 300 s; the floor keeps an oddly short life from
/// fetching at every call.
fn use_for(expires_in: u64) -> Duration {
    Duration::from_secs(expires_in.clamp(360, 7200) - 300)
}

#[cfg(test)]
mod tests {
    use super::use_for;
    use std::time::Duration;

    #[test]
    fn a_token_is_left_before_its_last_five_minutes() {
        for (expires_in, used) in [(7200, 6900), (1000, 700), (300, 60), (0, 60), (u64::MAX, 6900)] {
            assert_eq!(use_for(expires_in), Duration::from_secs(used));
        }
    }
}
