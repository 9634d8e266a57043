//! Refresh tokens: opaque, derived from a key, the session and a counter, so that a retry gets the same successor.

use aws_lc_rs::{constant_time, digest, hmac};
use data_encoding::BASE64URL_NOPAD;
use domain::id::SessionId;
use uuid::Uuid;

/// The token with this number in a session's family.
pub fn derive(key: &[u8; 32], session: SessionId, counter: i64) -> String {
    let mut bytes = session.uuid().as_bytes().to_vec();
    bytes.extend_from_slice(&counter.to_be_bytes());
    let secret = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &[b"refresh\0".as_slice(), &bytes].concat());
    bytes.extend_from_slice(secret.as_ref());
    BASE64URL_NOPAD.encode(&bytes)
}

/// Which session and number a genuine token names.
pub fn read(key: &[u8; 32], token: &str) -> Option<(SessionId, i64)> {
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
    let (session, rest) = bytes.split_first_chunk::<16>()?;
    let (counter, _) = rest.split_first_chunk::<8>()?;
    let session = SessionId::new(Uuid::from_bytes(*session));
    let counter = i64::from_be_bytes(*counter);
    let genuine = derive(key, session, counter);
    constant_time::verify_slices_are_equal(genuine.as_bytes(), token.as_bytes()).ok()?;
    Some((session, counter))
}

/// The hash under which the current token is stored.
pub fn hash(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_session_and_number_and_cannot_be_edited() {
        let session = SessionId::new(Uuid::from_u128(5));
        let token = derive(&[3; 32], session, 7);
        assert_eq!(read(&[3; 32], &token), Some((session, 7)));
        assert_eq!(read(&[4; 32], &token), None);
        for position in 0..token.len() {
            let mut edited = token.clone().into_bytes();
            edited[position] = if edited[position] == b'A' { b'B' } else { b'A' };
            assert_eq!(read(&[3; 32], &String::from_utf8(edited).expect("ascii")), None, "byte {position}");
        }
    }
}
