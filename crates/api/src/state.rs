//! What every request may use. One per process, shared by its workers.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::id::{MemberId, OfferId};
use domain::merchant::Merchant;
use domain::offer::Offer;
use storage::accounts::{self, Balance};
use storage::database::Pools;
use storage::{
    Database, KeyValue, StorageError, Vault, admins, development_clock, key_fingerprints, leases, offers, organisations,
};
use tokio::sync::Semaphore;
use uuid::Uuid;
use wechat_auth::sandbox::{self, Sandbox};

use crate::auth::caller::Caller;
use crate::auth::token::TokenSigner;
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::gate::Gates;
use crate::gathering::Gathering;
use crate::keys::KeyRing;
use crate::page_cache::PageCache;
use crate::seal_key::SealKey;

/// How far this machine's clock and the database's may differ, the question's own way included.
const CLOCKS_APART: chrono::Duration = chrono::Duration::seconds(5);

/// The shared state, as handlers ask for it.
pub type App = actix_web::web::Data<State>;

/// Pools, keys, clocks and caches.
pub struct State {
    /// The settings.
    pub config: Config,
    /// The database.
    pub database: Database,
    /// Seals personal data.
    pub vault: Vault,
    /// Rate limits.
    pub key_value: KeyValue,
    /// The two clocks.
    pub clock: Clock,
    /// WeChat, or its sandbox.
    pub wechat: wechat_auth::Client,
    /// The mini-program's id.
    pub wechat_app_id: String,
    /// Signs and reads access tokens.
    pub tokens: TokenSigner,
    /// From which refresh tokens are derived.
    pub refresh_key: [u8; 32],
    /// From which voucher codes are derived.
    pub voucher_key: [u8; 32],
    /// With which rotating codes are signed.
    pub code_key: [u8; 32],
    /// Signs the ledger's seals.
    pub seal_key: SealKey,
    /// Callers by the hash of their token, at most five seconds old.
    pub(crate) callers: moka::sync::Cache<[u8; 32], Arc<Caller>>,
    /// Pages of the mall as they were a moment ago.
    pub(crate) offer_pages: PageCache,
    /// Offers that members may look at.
    pub(crate) shown_offers: Gathering<OfferId, (Offer, Merchant)>,
    /// Members' balances.
    pub(crate) balances: Gathering<MemberId, Balance>,
    /// The gates before offers that everybody wants.
    pub(crate) offer_gates: Gates,
    /// How many passwords are hashed at once; each takes 19 MiB.
    pub(crate) hashing: Arc<Semaphore>,
    /// How many reports over the whole ledger are made at once; each reads every entry.
    pub reports: Semaphore,
    /// How many batches of all jobs are settled at once, so that those who wait for an answer find connections too.
    pub(crate) batches: Semaphore,
    /// This replica, as the holder of leases.
    pub holder: Uuid,
    /// What answers in WeChat's place, if the settings name no mini-program; it lives as long as the state.
    pub sandbox: Option<Sandbox>,
}

impl State {
    /// Opens everything that the settings name. What cannot work says in one sentence what to set.
    pub async fn open(config: Config, clock: Clock) -> Result<App, ConfigError> {
        let keys = KeyRing::load(&config)?;
        if config.development() {
            Database::migrate_for(&config.database_url(), &config.migration_url()).await?;
        }
        let database = open_database(&config).await?;
        check(&config, &keys, &database).await?;
        compare_clocks(&clock, &database).await?;
        let ahead = if config.development() { development_clock::ahead(&database.read()).await } else { Ok(0) };
        clock.set_ahead_seconds(ahead?);
        let key_value = match &config.redis.url {
            Some(url) => KeyValue::redis(url)
                .map_err(|error| ConfigError(format!("ZHIXIANG__REDIS__URL must be redis://…: {error}")))?,
            None => KeyValue::memory(),
        };
        let (wechat, wechat_app_id, sandbox) = wechat(&config)?;
        let callers =
            moka::sync::Cache::builder().max_capacity(200_000).time_to_live(std::time::Duration::from_secs(5)).build();
        let shown_offers = Gathering::new({
            let database = database.clone();
            move |ids: Vec<OfferId>| {
                let tx = database.read();
                async move { Ok(offers::find_shown(&tx, &ids).await?) }
            }
        });
        let balances = Gathering::new({
            let (database, clock) = (database.clone(), clock.clone());
            move |members: Vec<MemberId>| {
                let (tx, now) = (database.read(), clock.business());
                async move { Ok(accounts::balances(&tx, &members, now).await?) }
            }
        });
        let state = Self {
            config,
            database,
            key_value,
            clock,
            wechat,
            wechat_app_id,
            tokens: TokenSigner::new(&keys.token),
            refresh_key: keys.refresh,
            voucher_key: keys.voucher,
            code_key: keys.code,
            seal_key: SealKey::new(&keys.seal),
            vault: keys.vault,
            callers,
            offer_pages: PageCache::new(),
            shown_offers,
            balances,
            offer_gates: Gates::new(),
            hashing: Arc::new(Semaphore::new(2)),
            reports: Semaphore::new(2),
            batches: Semaphore::new(4),
            holder: Uuid::now_v7(),
            sandbox,
        };
        Ok(App::new(state))
    }
}

/// Opens the database of the settings.
pub async fn open_database(config: &Config) -> Result<Database, ConfigError> {
    let pools = Pools { read: config.database.read_connections, write: config.database.write_connections };
    Ok(Database::open(&config.database_url(), pools).await?)
}

async fn check(config: &Config, keys: &KeyRing, database: &Database) -> Result<(), ConfigError> {
    let pending = database.pending_migrations().await?;
    if !pending.is_empty() {
        return Err(ConfigError(format!("{} migrations are pending: run zhixiang migrate first", pending.len())));
    }
    if !config.development() && database.may_rewrite_ledger().await? {
        return Err(ConfigError(
            "production keeps the ledger from its own hands: set ZHIXIANG__DATABASE__URL to another role than the one that owns \
             the tables, and run zhixiang migrate with the owner's ZHIXIANG__DATABASE__MIGRATION_URL"
                .into(),
        ));
    }
    prove(keys, database).await?;
    let demo = admins::any_demo(&database.read()).await?;
    if demo && !config.development() {
        return Err(ConfigError(
            "production refuses a database with demo accounts: point ZHIXIANG__DATABASE__URL at another".into(),
        ));
    }
    Ok(())
}

/// Refuses a clock that the other replicas would contradict: leases go by the database's, tokens and codes by ours.
async fn compare_clocks(clock: &Clock, database: &Database) -> Result<(), ConfigError> {
    let asked = clock.wall();
    let apart = (leases::database_time(&database.read()).await? - asked).abs();
    if apart > CLOCKS_APART {
        let seconds = apart.num_seconds();
        return Err(ConfigError(format!(
            "this machine's clock and the database's are {seconds} seconds apart: set both by one time server"
        )));
    }
    Ok(())
}

/// Refuses keys that are not the database's own. Its first start keeps their fingerprints, a later one those of new keys.
async fn prove(keys: &KeyRing, database: &Database) -> Result<(), ConfigError> {
    // Fingerprints come before data: looked at in this order, another replica's first start is never half seen.
    let holds_data = organisations::root(&database.read()).await?.is_some();
    let kept = key_fingerprints::all(&database.read()).await?;
    if holds_data && kept.is_empty() {
        return Err(ConfigError(
            "this database holds data, but no fingerprints of its keys: point ZHIXIANG__DATABASE__URL at another"
                .into(),
        ));
    }
    own(keys, &kept)?;
    if keys.fingerprints.len() > kept.len() {
        let mut tx = database.write().await?;
        key_fingerprints::insert_missing(&mut tx, &keys.fingerprints).await?;
        own(keys, &key_fingerprints::all(&tx).await?)?;
        tx.commit().await?;
    }
    Ok(())
}

fn own(keys: &KeyRing, kept: &BTreeMap<String, Vec<u8>>) -> Result<(), ConfigError> {
    keys.unlike(kept).map_or(Ok(()), |name| {
        Err(ConfigError(format!(
            "{name} is not this database's: put its keys.toml back into the data directory, or its own into [keys]"
        )))
    })
}

fn wechat(config: &Config) -> Result<(wechat_auth::Client, String, Option<Sandbox>), ConfigError> {
    let (settings, sandbox) = if let (Some(app_id), Some(secret)) = (&config.wechat.app_id, &config.wechat.secret) {
        let base_url = config.wechat.base_url.clone().unwrap_or_else(|| "https://api.weixin.qq.com".into());
        (wechat_auth::Config { base_url, app_id: app_id.clone(), secret: secret.clone() }, None)
    } else {
        let sandbox = sandbox::start(([127, 0, 0, 1], 0).into())
            .map_err(|error| ConfigError(format!("cannot start the WeChat sandbox on loopback: {error}")))?;
        let settings = wechat_auth::Config {
            base_url: sandbox.base_url(),
            app_id: sandbox::APP_ID.into(),
            secret: sandbox::SECRET.into(),
        };
        (settings, Some(sandbox))
    };
    let app_id = settings.app_id.clone();
    let client =
        wechat_auth::Client::new(settings).map_err(|error| ConfigError(format!("ZHIXIANG__WECHAT__…: {error}")))?;
    Ok((client, app_id, sandbox))
}

impl From<StorageError> for ConfigError {
    fn from(error: StorageError) -> Self {
        let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(" ({cause})"));
        Self(format!("cannot use the database: {error}{cause}; set ZHIXIANG__DATABASE__URL"))
    }
}
