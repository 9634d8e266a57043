//! Who stands behind a person's name: the same ids in every run.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

/// The openid behind `login:<person>:…`, 28 characters as WeChat's are.
pub fn openid_of(person: &str) -> String {
    derive("oSIM", "openid", person)
}

/// The unionid behind `login:<person>:…`.
pub fn unionid_of(person: &str) -> String {
    derive("uSIM", "unionid", person)
}

/// What a session key looks like: 16 bytes in base64. It opens nothing.
pub(super) fn session_key_of(code: &str) -> String {
    data_encoding::BASE64.encode(&digest("session", code)[..16])
}

/// Whether the text could be one of these openids.
pub(super) fn is_openid(text: &str) -> bool {
    text.len() == 28 && text.starts_with("oSIM")
}

fn derive(prefix: &str, purpose: &str, person: &str) -> String {
    let tail = BASE64URL_NOPAD.encode(&digest(purpose, person)[..18]);
    format!("{prefix}{tail}")
}

fn digest(purpose: &str, subject: &str) -> [u8; 32] {
    Sha256::digest(format!("sandbox:{purpose}:{subject}")).into()
}
