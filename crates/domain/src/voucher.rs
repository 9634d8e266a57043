//! Vouchers (兑换券): the code a member shows or reads out, and the QR code that dies within a minute.
//!
//! Both are derived from the redemption's id by keyed hashes; nothing that opens a voucher is stored.

use chrono::Duration;
use hmac::Mac;
use thiserror::Error;
use uuid::Uuid;

use crate::id::RedemptionId;
use crate::time::Instant;
use crate::typed_code::{TypedCode, keyed, keyed_hash};

/// How long a QR code is good for.
pub const QR_LIFETIME: Duration = Duration::seconds(60);

/// How far the clocks of two replicas may differ.
const SKEW: Duration = Duration::seconds(5);

const CODE: &str = "voucher code";
const LOOKUP: &str = "voucher lookup";
const QR: &str = "voucher qr";

/// Hexadecimal digits of the QR code's signature: 96 bits.
const MAC_DIGITS: usize = 24;

/// The voucher's code.
pub fn code(key: &[u8; 32], redemption: RedemptionId) -> TypedCode {
    TypedCode::from_random(keyed_hash(key, CODE, &[redemption.uuid().as_bytes()]))
}

/// What storage keeps of a voucher's code, and looks it up by.
pub fn lookup_hash(key: &[u8; 32], code: &TypedCode) -> [u8; 32] {
    code.lookup_hash(key, LOOKUP)
}

/// Why a scanned QR code is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum QrError {
    /// It is no voucher of ours, or was changed.
    #[error("这不是有效的兑换券二维码")]
    Foreign,
    /// It was good once; a screenshot, perhaps.
    #[error("二维码已过期，请顾客刷新后再出示")]
    Stale,
}

/// The QR code's text, `ZX1.<redemption>.<expiry>.<signature>`, and the instant it dies. It uses only the characters of
/// a QR code's denser alphabet.
pub fn qr(key: &[u8; 32], redemption: RedemptionId, now: Instant) -> (String, Instant) {
    let expires_at = now + QR_LIFETIME;
    let seconds = expires_at.timestamp();
    let mac = keyed_hash(key, QR, &[redemption.uuid().as_bytes(), &seconds.to_be_bytes()]);
    let text = format!("ZX1.{:X}.{seconds}.{}", redemption.uuid().as_simple(), hex(&mac[..MAC_DIGITS / 2]));
    (text, expires_at)
}

/// Whether the text claims to be a voucher's QR code.
pub fn is_qr(text: &str) -> bool {
    text.starts_with("ZX1.")
}

/// The redemption that a scanned QR code names.
pub fn read_qr(key: &[u8; 32], text: &str, now: Instant) -> Result<RedemptionId, QrError> {
    let mut parts = text.split('.');
    let (Some("ZX1"), Some(id), Some(seconds), Some(mac), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(QrError::Foreign);
    };
    let id = Uuid::try_parse(id).map_err(|_| QrError::Foreign)?;
    let expires_at = seconds.parse().ok().and_then(|seconds| Instant::from_timestamp(seconds, 0));
    let expires_at = expires_at.ok_or(QrError::Foreign)?;
    let signature = unhex(mac).ok_or(QrError::Foreign)?;
    let expected = keyed(key, QR, &[id.as_bytes(), &expires_at.timestamp().to_be_bytes()]);
    expected.verify_truncated_left(&signature).map_err(|_| QrError::Foreign)?;
    // one spelling only: what was signed is what is written
    if qr(key, id.into(), expires_at - QR_LIFETIME).0 != text {
        return Err(QrError::Foreign);
    }
    if now >= expires_at || expires_at > now + QR_LIFETIME + SKEW {
        return Err(QrError::Stale);
    }
    Ok(id.into())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != MAC_DIGITS || !text.is_ascii() {
        return None;
    }
    (0..MAC_DIGITS).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn redemption(number: u128) -> RedemptionId {
        RedemptionId::new(Uuid::from_u128(number))
    }

    fn noon() -> Instant {
        Instant::from_timestamp(1_795_500_000, 0).unwrap_or_default()
    }

    #[test]
    fn codes_differ_by_redemption_and_by_key() {
        let first = code(&KEY, redemption(1));
        assert_eq!(first, code(&KEY, redemption(1)));
        assert_ne!(first, code(&KEY, redemption(2)));
        assert_ne!(first, code(&[8; 32], redemption(1)));
        assert_eq!(TypedCode::parse(&first.to_string()), Ok(first));
        assert_eq!(lookup_hash(&KEY, &first), lookup_hash(&KEY, &code(&KEY, redemption(1))));
    }

    #[test]
    fn ten_thousand_codes_are_distinct_and_even() {
        let mut seen = std::collections::HashSet::new();
        let mut counts = [0_u32; 256];
        for number in 0..10_000 {
            let code = code(&KEY, redemption(number)).to_string();
            counts[usize::from(code.as_bytes()[0])] += 1;
            assert!(seen.insert(code));
        }
        let used: Vec<u32> = counts.into_iter().filter(|count| *count > 0).collect();
        assert_eq!(used.len(), 32);
        assert!(used.iter().all(|count| (220..410).contains(count)), "{used:?}");
    }

    #[test]
    fn a_qr_code_is_read_as_it_was_written_for_a_minute() {
        let (text, expires_at) = qr(&KEY, redemption(5), noon());
        assert!(is_qr(&text) && text.len() < 80, "{text}");
        assert!(text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.'), "{text}");
        assert_eq!(expires_at, noon() + QR_LIFETIME);
        assert_eq!(read_qr(&KEY, &text, noon()), Ok(redemption(5)));
        assert_eq!(read_qr(&KEY, &text, noon() + Duration::seconds(59)), Ok(redemption(5)));
        assert_eq!(read_qr(&KEY, &text, noon() + Duration::seconds(60)), Err(QrError::Stale));
        assert_eq!(read_qr(&KEY, &text, noon() - Duration::seconds(6)), Err(QrError::Stale));
        assert_eq!(read_qr(&[8; 32], &text, noon()), Err(QrError::Foreign));
    }

    #[test]
    fn one_changed_byte_is_noticed() {
        let (text, _) = qr(&KEY, redemption(0x0123_4567_89AB_CDEF_0123_4567_89AB_CDEF), noon());
        for at in 0..text.len() {
            for byte in 0..=0x7F_u8 {
                let mut changed = text.clone().into_bytes();
                if changed[at] == byte {
                    continue;
                }
                changed[at] = byte;
                let changed = String::from_utf8(changed).unwrap_or_default();
                assert_eq!(read_qr(&KEY, &changed, noon()), Err(QrError::Foreign), "{changed}");
            }
            let (before, after) = text.split_at(at);
            assert_eq!(read_qr(&KEY, &format!("{before}{}", &after[1..]), noon()), Err(QrError::Foreign));
            assert_eq!(read_qr(&KEY, &format!("{before}0{after}"), noon()), Err(QrError::Foreign));
        }
    }

    #[test]
    fn garbage_is_foreign() {
        for text in ["", "ZX1", "ZX1...", "ZX1.1.2.3", "ZX2.0.0.0", "https://example.cn", "ZX1.é.é.éééééééééééé"]
        {
            assert_eq!(read_qr(&KEY, text, noon()), Err(QrError::Foreign), "{text}");
        }
    }
}
