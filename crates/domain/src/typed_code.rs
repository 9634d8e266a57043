//! Typed codes (输入码): 80 bits that a person reads aloud and another types, as four groups of Crockford's base 32.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS: usize = 16;

/// A code of sixteen characters. It says nothing by itself; whoever made it knows what it opens.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TypedCode([u8; 10]);

/// The text is no such code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("应为 16 位字母和数字")]
pub struct TypedCodeError;

impl TypedCode {
    /// A code of these bits.
    pub const fn new(bits: [u8; 10]) -> Self {
        Self(bits)
    }

    /// A code of the first bits of what a generator of random numbers or a keyed hash gave.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        let mut bits = [0; 10];
        bits.copy_from_slice(&bytes[..10]);
        Self(bits)
    }

    /// Reads a code as people type it: in any case, with blanks and dashes, O for 0 and I or L for 1.
    pub fn parse(text: &str) -> Result<Self, TypedCodeError> {
        let characters = text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}' | '\u{3000}'));
        let mut bits: u128 = 0;
        let mut count = 0;
        for character in characters {
            let read = match character.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let five = ALPHABET.iter().zip(0_u128..).find(|(c, _)| char::from(**c) == read);
            let (_, five) = five.ok_or(TypedCodeError)?;
            count += 1;
            if count > CHARACTERS {
                return Err(TypedCodeError);
            }
            bits = bits << 5 | five;
        }
        if count != CHARACTERS {
            return Err(TypedCodeError);
        }
        let mut code = [0; 10];
        code.copy_from_slice(&bits.to_be_bytes()[6..]);
        Ok(Self(code))
    }

    /// What storage keeps instead of the code: a keyed hash, so that a copy of the database opens nothing.
    pub fn lookup_hash(&self, key: &[u8; 32], purpose: &str) -> [u8; 32] {
        keyed_hash(key, purpose, &[&self.0])
    }
}

impl fmt::Display for TypedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 16];
        bytes[6..].copy_from_slice(&self.0);
        let bits = u128::from_be_bytes(bytes);
        for place in 0..CHARACTERS {
            if place > 0 && place % 4 == 0 {
                f.write_str("-")?;
            }
            let five = bits >> (5 * (CHARACTERS - 1 - place)) & 31;
            let index = usize::try_from(five).unwrap_or_default();
            write!(f, "{}", char::from(ALPHABET[index]))?;
        }
        Ok(())
    }
}

impl fmt::Debug for TypedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedCode(…)")
    }
}

/// HMAC-SHA256 over a purpose and parts of fixed length.
pub(crate) fn keyed_hash(key: &[u8; 32], purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    keyed(key, purpose, parts).finalize().into_bytes().into()
}

pub(crate) fn keyed(key: &[u8; 32], purpose: &str, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key)
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of every length"));
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    for part in parts {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_written_and_as_people_type_it() {
        let code = TypedCode::new([0x00, 0x44, 0x32, 0x14, 0xC7, 0x42, 0x54, 0xB6, 0x35, 0xCF]);
        let written = code.to_string();
        assert_eq!(written, "0123-4567-89AB-CDEF");
        for typed in [&*written, "0123456789abcdef", " o I23 4567-89ab-cdef ", "OL23 4567 89AB CDEF"] {
            assert_eq!(TypedCode::parse(typed), Ok(code), "{typed}");
        }
        assert_eq!(TypedCode::new([0xFF; 10]).to_string(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        assert_eq!(TypedCode::parse("zzzz-zzzz-zzzz-zzzz"), Ok(TypedCode::new([0xFF; 10])));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "0123-4567-89AB-CDE", "0123-4567-89AB-CDEF-0", "U123-4567-89AB-CDEF", "０123456789ABCDEF", "券"]
        {
            assert_eq!(TypedCode::parse(text), Err(TypedCodeError), "{text}");
        }
    }

    #[test]
    fn a_code_does_not_show_itself_in_logs() {
        assert!(!format!("{:?}", TypedCode::new([7; 10])).contains('7'));
    }

    #[test]
    fn hashes_differ_by_key_and_purpose() {
        let code = TypedCode::new([1; 10]);
        let hash = code.lookup_hash(&[1; 32], "voucher");
        assert_ne!(hash, code.lookup_hash(&[2; 32], "voucher"));
        assert_ne!(hash, code.lookup_hash(&[1; 32], "invitation"));
    }
}
