//! The hash chain (哈希链) of a member's account: each entry's hash covers the one before, so that history cannot be
//! changed in the middle without showing.
//!
//! The hash is SHA-256 over these bytes, in this order; numbers are big-endian, times are microseconds since 1970:
//!
//! | what | bytes |
//! |---|---|
//! | `zhixiang ledger entry v1` and a zero byte | 25 |
//! | previous hash | optional 32 |
//! | transfer id, kind, reversed transfer | 16, text, optional 16 |
//! | reason, source kind, source id | text, text, 16 |
//! | actor kind, actor id | text, optional 16 |
//! | business time, wall time | i64, i64 |
//! | leg, account id, amount, sequence, balance after | i32, 16, i64, i64, i64 |
//! | lots that the transfer grants to the account: count, then by id: id, granted, expiry | u32, (16, i64, optional i64) |
//! | uses that the transfer makes of the account's lots: count, then by lot id: id, amount | u32, (16, i64) |
//!
//! Text is its length in bytes as u32, then UTF-8. Optional is a byte 0, or a byte 1 and the value.
//! Another encoding would carry another version in its first line.

use sha2::{Digest, Sha256};

use super::{LotUse, NewLot, Transfer};
use crate::code::Code;
use crate::id::{AccountId, TransferId};
use crate::time::Instant;

/// The hash of an entry.
pub type Hash = [u8; 32];

/// What an entry's hash covers beside the transfer's head.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    /// The hash of the account's entry before.
    pub previous: Option<Hash>,
    /// The entry's number within the transfer.
    pub leg: i32,
    /// The account.
    pub account: AccountId,
    /// What comes in or goes out.
    pub amount: i64,
    /// The entry's number within the account.
    pub sequence: i64,
    /// The account's balance once the entry is posted.
    pub balance_after: i64,
    /// The lots that the transfer grants to this account.
    pub granted: &'a [NewLot],
    /// The uses that the transfer makes of this account's lots.
    pub uses: &'a [LotUse],
}

/// Hashes an entry.
pub fn hash(transfer: &Transfer, content: &Content<'_>) -> Hash {
    let mut bytes = Encoding(Vec::with_capacity(512));
    bytes.raw(b"zhixiang ledger entry v1\0");
    bytes.optional(content.previous, |bytes, hash| bytes.raw(&hash));
    bytes.head(transfer);
    bytes.raw(&content.leg.to_be_bytes());
    bytes.raw(content.account.uuid().as_bytes());
    bytes.number(content.amount);
    bytes.number(content.sequence);
    bytes.number(content.balance_after);
    let mut granted: Vec<_> = content.granted.iter().collect();
    granted.sort_by_key(|lot| lot.id);
    bytes.count(granted.len());
    for lot in granted {
        bytes.raw(lot.id.uuid().as_bytes());
        bytes.number(lot.granted);
        bytes.optional(lot.expires_at, Encoding::time);
    }
    let mut uses: Vec<_> = content.uses.iter().collect();
    uses.sort_by_key(|used| used.lot);
    bytes.count(uses.len());
    for used in uses {
        bytes.raw(used.lot.uuid().as_bytes());
        bytes.number(used.amount);
    }
    bytes.digest()
}

/// How what is hashed is written down, as the table above says.
pub(super) struct Encoding(pub(super) Vec<u8>);

impl Encoding {
    /// The transfer's rows of the table.
    pub(super) fn head(&mut self, transfer: &Transfer) {
        self.raw(transfer.id.uuid().as_bytes());
        self.text(transfer.kind.code());
        self.optional(transfer.reverses.map(TransferId::uuid), |bytes, id| bytes.raw(id.as_bytes()));
        let occasion = &transfer.occasion;
        self.text(&occasion.reason);
        self.text(occasion.source.kind.code());
        self.raw(occasion.source.id.as_bytes());
        self.text(occasion.actor.kind());
        self.optional(occasion.actor.id(), |bytes, id| bytes.raw(id.as_bytes()));
        self.time(occasion.business_at);
        self.time(occasion.posted_at);
    }

    pub(super) fn digest(&self) -> Hash {
        Sha256::digest(&self.0).into()
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, number: i64) {
        self.raw(&number.to_be_bytes());
    }

    pub(super) fn time(&mut self, at: Instant) {
        self.number(at.timestamp_micros());
    }

    pub(super) fn count(&mut self, count: usize) {
        self.raw(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.count(text.len());
        self.raw(text.as_bytes());
    }

    pub(super) fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Actor, Occasion, Source, SourceKind, TransferKind};
    use super::*;
    use crate::id::{LotId, MemberId};
    use chrono::DateTime;
    use uuid::Uuid;

    /// The expected hash was worked out by another program from the table at the top of this file.
    #[test]
    fn the_encoding_is_as_documented() {
        let at = |micros: i64| DateTime::from_timestamp_micros(1_700_000_000_123_456 + micros).unwrap_or_default();
        let id = Uuid::from_u128;
        let occasion = Occasion {
            reason: "兑换：理发券".into(),
            source: Source { kind: SourceKind::Redemption, id: id(5) },
            actor: Actor::Member(MemberId::new(id(1))),
            business_at: at(0) + chrono::Duration::nanoseconds(999),
            posted_at: at(1),
        };
        let transfer = Transfer::new(TransferId::new(id(4)), TransferKind::Redeem, None, occasion);
        let account = AccountId::new(id(3));
        let granted = [NewLot { id: LotId::new(id(6)), account, granted: 3, expires_at: Some(at(0)) }];
        let uses = [LotUse { lot: LotId::new(id(9)), amount: 5 }, LotUse { lot: LotId::new(id(8)), amount: 10 }];
        let content = Content {
            previous: Some([7; 32]),
            leg: 0,
            account,
            amount: -12,
            sequence: 2,
            balance_after: 8,
            granted: &granted,
            uses: &uses,
        };
        let hash = hash(&transfer, &content);
        let halves = hash.chunks(16).map(|half| Uuid::from_slice(half).unwrap_or_default().simple().to_string());
        assert_eq!(halves.collect::<String>(), "d67e119d8a7f22269488469d85e0544303a52f08b65208acf146514b608a2708");
    }
}
