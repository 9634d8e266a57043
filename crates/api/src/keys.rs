//! The secrets: from settings in production, from `keys.toml` in development, where the first start makes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use data_encoding::BASE64;
use storage::Vault;

use crate::config::{Config, ConfigError, Keys};

/// The secrets, ready for use.
pub struct KeyRing {
    /// The seed of the key that signs access tokens.
    pub token: [u8; 32],
    /// From which refresh tokens are derived.
    pub refresh: [u8; 32],
    /// From which voucher codes and their lookup hashes are derived.
    pub voucher: [u8; 32],
    /// With which QR and attendance codes are signed.
    pub code: [u8; 32],
    /// The seed of the key that signs the ledger's seals.
    pub seal: [u8; 32],
    /// Seals personal data.
    pub vault: Vault,
    /// By which a database knows its keys again, by the setting's name: `keys.index`, `keys.sealing.1`.
    pub fingerprints: BTreeMap<String, Vec<u8>>,
}

impl KeyRing {
    /// Takes the secrets from settings, or in development from the data directory, making them if there are none.
    pub fn load(config: &Config) -> Result<Self, ConfigError> {
        if let Some(keys) = &config.keys {
            let keys = Self::read(keys)?;
            return if config.development() { Ok(keys) } else { keys.distinct() };
        }
        let file = file(config);
        if file.exists() {
            let text = std::fs::read_to_string(&file)
                .map_err(|error| ConfigError(format!("cannot read {}: {error}", file.display())))?;
            let keys: Keys = toml::from_str(&text)
                .map_err(|error| ConfigError(format!("{} is broken: {}", file.display(), error.message())))?;
            return Self::read(&keys);
        }
        let keys = generate();
        let text = toml::to_string(&keys).map_err(|error| ConfigError(format!("cannot write keys: {error}")))?;
        write_private(&file, &text)
            .map_err(|error| ConfigError(format!("cannot write {}: {error}", file.display())))?;
        Self::read(&keys)
    }

    /// Whether there are secrets without making any.
    pub fn is_there(config: &Config) -> bool {
        config.keys.is_some() || file(config).exists()
    }

    fn read(keys: &Keys) -> Result<Self, ConfigError> {
        let mut fingerprints = BTreeMap::new();
        let mut take = |name: &str, text: &str| {
            let key = decode(name, text)?;
            fingerprints.insert(format!("keys.{name}"), fingerprint(&key));
            Ok::<_, ConfigError>(key)
        };
        let mut sealing = BTreeMap::new();
        for (id, key) in &keys.sealing {
            let id: u8 = id.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
                ConfigError(format!("keys.sealing.{id}: a sealing key's id is a number from 1 to 255"))
            })?;
            sealing.insert(id, take(&format!("sealing.{id}"), key)?);
        }
        let vault = Vault::new(&sealing, &take("index", &keys.index)?)
            .ok_or_else(|| ConfigError("keys.sealing must hold at least one key".into()))?;
        Ok(Self {
            token: take("token", &keys.token)?,
            refresh: take("refresh", &keys.refresh)?,
            voucher: take("voucher", &keys.voucher)?,
            code: take("code", &keys.code)?,
            seal: take("seal", &keys.seal)?,
            vault,
            fingerprints,
        })
    }

    /// Refuses one secret in two places: who learns one of them would know the other.
    fn distinct(self) -> Result<Self, ConfigError> {
        let mut seen = BTreeMap::new();
        for (name, fingerprint) in &self.fingerprints {
            if let Some(other) = seen.insert(fingerprint, name) {
                return Err(ConfigError(format!(
                    "{other} and {name} are the same secret: make each with openssl rand -base64 32"
                )));
            }
        }
        Ok(self)
    }

    /// The name of the first key that is not the one that left its fingerprint, or of which only a fingerprint is left.
    pub fn unlike(&self, kept: &BTreeMap<String, Vec<u8>>) -> Option<String> {
        let other = |(name, fingerprint): &(&String, &Vec<u8>)| self.fingerprints.get(*name) != Some(*fingerprint);
        kept.iter().find(other).map(|(name, _)| name.clone())
    }
}

fn file(config: &Config) -> PathBuf {
    config.data_directory.join("keys.toml")
}

/// 256 random bits.
pub fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).unwrap_or_else(|_| unreachable!("the system has no randomness"));
    bytes
}

/// Writes a file that only its owner may read.
pub fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn fingerprint(key: &[u8; 32]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"zhixiang key fingerprint").as_ref().to_vec()
}

fn generate() -> Keys {
    let key = || BASE64.encode(&random());
    Keys {
        token: key(),
        refresh: key(),
        voucher: key(),
        code: key(),
        seal: key(),
        index: key(),
        sealing: BTreeMap::from([("1".into(), key())]),
    }
}

fn decode(name: &str, text: &str) -> Result<[u8; 32], ConfigError> {
    let sentence = || ConfigError(format!("keys.{name} must be 32 random bytes in base64 (openssl rand -base64 32)"));
    let bytes: [u8; 32] =
        BASE64.decode(text.trim().as_bytes()).ok().and_then(|b| b.try_into().ok()).ok_or_else(sentence)?;
    let distinct = bytes.iter().collect::<std::collections::BTreeSet<_>>().len();
    if distinct < 12 {
        Err(ConfigError(format!("keys.{name} is too regular to be random; make one with openssl rand -base64 32")))
    } else {
        Ok(bytes)
    }
}
