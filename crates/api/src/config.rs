//! Settings: defaults, then a TOML file, then `ZHIXIANG__…` variables. What contradicts itself never starts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use actix_web::http::Uri;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What kind of place this process runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// One's own machine: loopback only, demo data, the WeChat sandbox, time that can be moved.
    Development,
    /// The real thing.
    Production,
}

/// All settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `development` or `production`.
    pub profile: Profile,
    /// Where keys, the SQLite file and the demo accounts are kept.
    pub data_directory: PathBuf,
    /// Where requests come in.
    pub server: Server,
    /// Where everything is remembered.
    pub database: Database,
    /// Where rate limits are shared by replicas.
    pub redis: Redis,
    /// How WeChat is asked.
    pub wechat: WeChat,
    /// The secrets; generated in development, demanded in production.
    pub keys: Option<Keys>,
    /// How the log is written.
    pub log: Log,
}

/// Where requests come in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The public listener: `/auth`, `/member`, `/merchant`; everything, if there is no management listener.
    pub listen: SocketAddr,
    /// The management listener: console, contracts, metrics, `/auth` and `/admin`.
    pub management_listen: Option<SocketAddr>,
    /// Worker threads; as many as cores if absent.
    pub workers: Option<usize>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
}

/// Where everything is remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite://…` or `postgres://…`; `zhixiang.db` in the data directory if absent.
    pub url: Option<String>,
    /// The same database by the role that may change its schema.
    pub migration_url: Option<String>,
    /// Connections that only read.
    pub read_connections: u32,
    /// Connections that write; few are faster than many where rows are contended.
    pub write_connections: u32,
}

/// Where rate limits are shared.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// `redis://…`; memory if absent.
    pub url: Option<String>,
}

/// How WeChat is asked.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeChat {
    /// The mini-program's id; the sandbox answers if absent.
    pub app_id: Option<String>,
    /// Its secret.
    pub secret: Option<String>,
    /// `https://api.weixin.qq.com` unless another is named.
    pub base_url: Option<String>,
}

/// The secrets, each 32 bytes in base64.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// The seed of the Ed25519 key that signs access tokens.
    pub token: String,
    /// From which refresh tokens are derived.
    pub refresh: String,
    /// From which voucher codes and their lookup hashes are derived.
    pub voucher: String,
    /// With which QR codes and attendance codes are signed.
    pub code: String,
    /// The seed of the Ed25519 key that signs the ledger's seals.
    pub seal: String,
    /// Of the blind indexes over personal data.
    pub index: String,
    /// Which seal personal data, by id from 1 to 255; the highest seals, all open.
    pub sealing: BTreeMap<String, String>,
}

/// How the log is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// A filter such as `info` or `info,sqlx=warn`.
    pub level: String,
}

/// The log's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Settings with which nothing may start; the sentence says what to set.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Default for Config {
    fn default() -> Self {
        Self {
            profile: Profile::Development,
            data_directory: "data".into(),
            server: Server {
                listen: ([127, 0, 0, 1], 8080).into(),
                management_listen: None,
                workers: None,
                trusted_proxies: Vec::new(),
            },
            database: Database { url: None, migration_url: None, read_connections: 8, write_connections: 8 },
            redis: Redis::default(),
            wechat: WeChat::default(),
            keys: None,
            log: Log { format: LogFormat::Text, level: "info".into() },
        }
    }
}

impl Config {
    /// Reads the settings and checks that they agree with each other.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError(format!("no settings file at {}", file.display())));
            }
            figment = figment.merge(Toml::file(file));
        }
        let config: Self = figment.merge(Env::prefixed("ZHIXIANG__").split("__")).extract().map_err(|error| {
            let name = error.path.join("__").to_uppercase();
            ConfigError(format!("set ZHIXIANG__{name} or its line in the settings file rightly: {}", error.kind))
        })?;
        config.check()?;
        Ok(config)
    }

    /// Whether this is the development profile.
    pub fn development(&self) -> bool {
        self.profile == Profile::Development
    }

    /// The database's address.
    pub fn database_url(&self) -> String {
        let default = || format!("sqlite://{}", self.data_directory.join("zhixiang.db").display());
        self.database.url.clone().unwrap_or_else(default)
    }

    /// The database's address without who signs in to it, fit to be shown.
    pub fn database_place(&self) -> String {
        let url = self.database_url();
        let place = url.split_once("://").and_then(|(scheme, rest)| {
            let (_, place) = rest.rsplit_once('@')?;
            Some(format!("{scheme}://{place}"))
        });
        place.unwrap_or(url)
    }

    /// The database's address for the role that may change its schema.
    pub fn migration_url(&self) -> String {
        self.database.migration_url.clone().unwrap_or_else(|| self.database_url())
    }

    fn check(&self) -> Result<(), ConfigError> {
        let must = |holds: bool, sentence: &str| if holds { Ok(()) } else { Err(ConfigError(sentence.into())) };
        let url = self.database_url();
        let sqlite = url.starts_with("sqlite:");
        must(
            sqlite || url.starts_with("postgres://") || url.starts_with("postgresql://"),
            "ZHIXIANG__DATABASE__URL must begin with sqlite:// or postgres://",
        )?;
        must(
            self.database.read_connections > 0 && self.database.write_connections > 0,
            "ZHIXIANG__DATABASE__READ_CONNECTIONS and ZHIXIANG__DATABASE__WRITE_CONNECTIONS must be at least 1",
        )?;
        must(
            self.wechat.app_id.is_some() == self.wechat.secret.is_some(),
            "ZHIXIANG__WECHAT__APP_ID and ZHIXIANG__WECHAT__SECRET must be set together",
        )?;
        must(
            self.server.management_listen != Some(self.server.listen),
            "ZHIXIANG__SERVER__LISTEN and ZHIXIANG__SERVER__MANAGEMENT_LISTEN must differ",
        )?;
        must(
            self.server.workers.is_none_or(|workers| (1..=1024).contains(&workers)),
            "ZHIXIANG__SERVER__WORKERS must be from 1 to 1024",
        )?;
        must(
            same_database(&url, &self.migration_url()),
            "ZHIXIANG__DATABASE__MIGRATION_URL must name the same database as ZHIXIANG__DATABASE__URL",
        )?;
        if self.development() {
            let loopback = self.server.listen.ip().is_loopback()
                && self.server.management_listen.is_none_or(|listen| listen.ip().is_loopback());
            return must(
                loopback,
                "the development profile listens on loopback only; set ZHIXIANG__PROFILE=production to listen elsewhere",
            );
        }
        must(!sqlite, "production needs PostgreSQL: set ZHIXIANG__DATABASE__URL=postgres://…")?;
        must(
            self.keys.is_some(),
            "production needs its own secrets: set [keys] (deploy/settings.example.toml says how)",
        )?;
        must(
            self.wechat.app_id.is_some(),
            "production needs the mini-program: set ZHIXIANG__WECHAT__APP_ID and ZHIXIANG__WECHAT__SECRET",
        )?;
        must(
            self.wechat.base_url.as_deref().is_none_or(is_wechats_own),
            "production asks WeChat itself: ZHIXIANG__WECHAT__BASE_URL must be an https:// address of weixin.qq.com",
        )?;
        must(
            self.server.management_listen.is_some(),
            "production keeps console and admin apart: set ZHIXIANG__SERVER__MANAGEMENT_LISTEN",
        )
    }
}

/// Whether two addresses may name one database: the same file on SQLite, any two on PostgreSQL, where roles differ.
fn same_database(one: &str, other: &str) -> bool {
    let file = |url: &str| {
        let path = url.strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        std::path::absolute(path.split('?').next().unwrap_or(path)).ok()
    };
    let postgres = |url: &str| url.starts_with("postgres://") || url.starts_with("postgresql://");
    (postgres(one) && postgres(other)) || (file(one).is_some() && file(one) == file(other))
}

/// Whether an address is `https` on one of WeChat's own hosts.
fn is_wechats_own(address: &str) -> bool {
    let Ok(address) = address.parse::<Uri>() else { return false };
    let host = address.host().unwrap_or_default().to_lowercase();
    address.scheme_str() == Some("https") && (host == "api.weixin.qq.com" || host.ends_with(".weixin.qq.com"))
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}
