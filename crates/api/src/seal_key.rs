//! The key that signs the ledger's seals, and whoever checks them.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use data_encoding::{BASE64, HEXLOWER};
use domain::points::seal::Seal;
use storage::seal_keys::PublicSealKey;
use storage::seals::Signed;

/// Signs seals.
pub struct SealKey(Ed25519KeyPair);

/// Checks the signatures of one key.
#[derive(Clone, Debug)]
pub struct SealChecker {
    id: String,
    public: Vec<u8>,
}

impl SealKey {
    /// The key that grows from this seed.
    pub fn new(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        Self(pair.unwrap_or_else(|_| unreachable!("any 32 bytes are an Ed25519 seed")))
    }

    /// Signs a seal.
    pub fn sign(&self, seal: Seal) -> Signed {
        let signature = self.0.sign(&seal.message()).as_ref().to_vec();
        Signed { seal, key_id: self.checker().id, signature }
    }

    /// Who can check what this key signs.
    pub fn checker(&self) -> SealChecker {
        SealChecker::new(self.0.public_key().as_ref())
    }
}

impl SealChecker {
    /// Reads a public key in base64; none if it is not 32 bytes.
    pub fn read(text: &str) -> Option<Self> {
        let public = BASE64.decode(text.trim().as_bytes()).ok().filter(|bytes| bytes.len() == 32)?;
        Some(Self::new(&public))
    }

    /// Who can check what the key of now signed, and those before it.
    pub fn of_all(now: &SealKey, before: &[PublicSealKey]) -> Vec<Self> {
        before.iter().map(|key| Self::new(&key.public)).chain([now.checker()]).collect()
    }

    fn new(public: &[u8]) -> Self {
        let id = HEXLOWER.encode(&digest(&SHA256, public).as_ref()[..8]);
        Self { id, public: public.to_vec() }
    }

    /// The key's id, as seals name it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public key.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// Whether this key signed the seal.
    pub fn accepts(&self, signed: &Signed) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.public);
        signed.key_id == self.id && key.verify(&signed.seal.message(), &signed.signature).is_ok()
    }
}
