//! Field encryption (字段加密): AES-256-GCM with the algorithm and the key's id in the envelope, and keyed blind indexes.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use uuid::Uuid;

use crate::error::{Result, StorageError};

const ALGORITHM_AES_256_GCM: u8 = 1;

/// Where an encrypted field stands; a ciphertext moved anywhere else does not open.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
}

/// Holds the keys that seal personal data. New fields use the newest key; old ones open with the key they name.
pub struct Vault {
    keys: BTreeMap<u8, RandomizedNonceKey>,
    index: hmac::Key,
}

impl Vault {
    /// Takes 256-bit sealing keys by id, and the key of the blind indexes. `None` if there is no sealing key.
    pub fn new(sealing: &BTreeMap<u8, [u8; 32]>, index: &[u8; 32]) -> Option<Self> {
        let mut keys = BTreeMap::new();
        for (id, key) in sealing {
            keys.insert(*id, RandomizedNonceKey::new(&AES_256_GCM, key).ok()?);
        }
        if keys.is_empty() {
            return None;
        }
        Some(Self { keys, index: hmac::Key::new(hmac::HMAC_SHA256, index) })
    }

    /// Seals a text for one field of one row.
    pub fn seal(&self, field: Field, row: Uuid, text: &str) -> Vec<u8> {
        self.seal_bytes(field, row, text.as_bytes())
    }

    /// Seals bytes for one field of one row.
    pub fn seal_bytes(&self, field: Field, row: Uuid, bytes: &[u8]) -> Vec<u8> {
        let (id, key) = self.keys.last_key_value().unwrap_or_else(|| unreachable!("a vault holds at least one key"));
        let mut sealed = bytes.to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(associated(field, row)), &mut sealed)
            .unwrap_or_else(|_| unreachable!("AES-GCM seals any text of this size"));
        let mut envelope = vec![ALGORITHM_AES_256_GCM, *id];
        envelope.extend_from_slice(nonce.as_ref());
        envelope.append(&mut sealed);
        envelope
    }

    /// Opens what [`Vault::seal`] made for the same field of the same row.
    pub fn open(&self, field: Field, row: Uuid, envelope: &[u8]) -> Result<String> {
        let text = self.open_bytes(field, row, envelope).map(String::from_utf8)?;
        text.map_err(|_| StorageError::corrupt(field.table, field.column, row))
    }

    /// Opens what [`Vault::seal_bytes`] made for the same field of the same row.
    pub fn open_bytes(&self, field: Field, row: Uuid, envelope: &[u8]) -> Result<Vec<u8>> {
        self.try_open(field, row, envelope).ok_or_else(|| StorageError::corrupt(field.table, field.column, row))
    }

    fn try_open(&self, field: Field, row: Uuid, envelope: &[u8]) -> Option<Vec<u8>> {
        let (&[ALGORITHM_AES_256_GCM, id], rest) = envelope.split_first_chunk::<2>()? else {
            return None;
        };
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut sealed = sealed.to_vec();
        let opened = self.keys.get(&id)?.open_in_place(nonce, Aad::from(associated(field, row)), &mut sealed).ok()?;
        let length = opened.len();
        sealed.truncate(length);
        Some(sealed)
    }

    /// A keyed hash by which an encrypted value can be looked up and kept unique.
    pub fn index(&self, purpose: &str, value: &str) -> Vec<u8> {
        hmac::sign(&self.index, format!("{purpose}\0{value}").as_bytes()).as_ref().to_vec()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

fn associated(field: Field, row: Uuid) -> Vec<u8> {
    format!("{}|{}|{row}", field.table, field.column).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: Field = Field { table: "member", column: "phone_cipher" };

    #[test]
    fn a_ciphertext_opens_only_where_it_was_sealed() {
        let vault = Vault::new(&BTreeMap::from([(1, [7; 32])]), &[9; 32]).expect("one key");
        let (row, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = vault.seal(PHONE, row, "13800001234");
        assert_eq!(vault.open(PHONE, row, &sealed).ok().as_deref(), Some("13800001234"));
        assert!(vault.open(PHONE, other, &sealed).is_err());
        assert!(vault.open(Field { table: "member", column: "x" }, row, &sealed).is_err());
        assert!(!sealed.windows(5).any(|window| window == b"13800"));
    }

    #[test]
    fn an_older_key_still_opens() {
        let old = Vault::new(&BTreeMap::from([(1, [7; 32])]), &[9; 32]).expect("one key");
        let new = Vault::new(&BTreeMap::from([(1, [7; 32]), (2, [8; 32])]), &[9; 32]).expect("two keys");
        let row = Uuid::from_u128(1);
        assert!(new.open(PHONE, row, &old.seal(PHONE, row, "x")).is_ok());
        assert!(old.open(PHONE, row, &new.seal(PHONE, row, "x")).is_err());
    }
}
