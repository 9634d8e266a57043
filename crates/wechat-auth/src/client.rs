//! The HTTP client: one base URL, one app, short waits, secrets kept out of every text.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use reqwest::{RequestBuilder, Url, redirect::Policy};
use serde::de::DeserializeOwned;

use crate::{Error, access_token::AccessTokens, answer, error::Failure};

/// Where WeChat is, and which app asks.
#[derive(Clone)]
pub struct Config {
    /// `https://api.weixin.qq.com`, or a sandbox's base URL. Plain http is for loopback only.
    pub base_url: String,
    /// The mini-program's app id.
    pub app_id: String,
    /// The mini-program's secret.
    pub secret: String,
}

/// Asks WeChat. Clones share connections and the access token.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    http: reqwest::Client,
    pub(crate) config: Config,
    pub(crate) tokens: AccessTokens,
}

impl Client {
    /// Prepares a client; nothing is sent yet.
    pub fn new(mut config: Config) -> Result<Self, Error> {
        let loopback = check_base_url(&config.base_url)?;
        if config.app_id.is_empty() || config.secret.is_empty() {
            return Err(Error::InvalidConfig("app id or secret is empty"));
        }
        let length = config.base_url.trim_end_matches('/').len();
        config.base_url.truncate(length);

        let mut builder = reqwest::Client::builder()
            .timeout(Duration::from_secs(3))
            .connect_timeout(Duration::from_secs(1))
            .pool_idle_timeout(Duration::from_secs(30))
            .redirect(Policy::none())
            .referer(false);
        builder = if loopback {
            // The sandbox must answer without root certificates and behind a proxy setting.
            builder.no_proxy().tls_certs_only([])
        } else {
            builder.https_only(true)
        };
        let http =
            builder.build().map_err(|_| Error::InvalidConfig("no TLS: are the system's root certificates there?"))?;
        Ok(Self { shared: Arc::new(Shared { http, config, tokens: AccessTokens::default() }) })
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        let Shared { http, config, .. } = &*self.shared;
        http.get(format!("{}{path}", config.base_url))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        let Shared { http, config, .. } = &*self.shared;
        http.post(format!("{}{path}", config.base_url))
    }

    /// Sends, and once more only where WeChat cannot have acted on the first attempt.
    pub(crate) async fn call<T: DeserializeOwned>(&self, request: impl Fn() -> RequestBuilder) -> Result<T, Failure> {
        match attempt(request()).await {
            Err(failure) if failure.may_be_repeated() => {
                tokio::time::sleep(jitter()).await;
                attempt(request()).await
            }
            ended => ended,
        }
    }
}

async fn attempt<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Failure> {
    answer::read(request.send().await?).await
}

/// 200–800 ms: replicas that met the same hiccup must not return in step.
fn jitter() -> Duration {
    Duration::from_millis(200 + RandomState::new().hash_one(()) % 601)
}

/// Whether the address is loopback; elsewhere only https, since secrets travel in the URL.
fn check_base_url(text: &str) -> Result<bool, Error> {
    let url = Url::parse(text).map_err(|_| Error::InvalidConfig("base URL cannot be read"))?;
    let credentials = !url.username().is_empty() || url.password().is_some();
    if credentials || url.query().is_some() || url.fragment().is_some() {
        return Err(Error::InvalidConfig("base URL has more than host and path"));
    }
    let host = url.host_str().unwrap_or_default();
    let loopback =
        host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    match url.scheme() {
        "https" => Ok(false),
        "http" if loopback => Ok(true),
        _ => Err(Error::InvalidConfig("base URL must be https unless loopback")),
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("base_url", &self.base_url).field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.shared.config).finish_non_exhaustive()
    }
}
