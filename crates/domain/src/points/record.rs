//! Records behind a credit (入账依据): the event that earned it and the service that was verified, hashed so that a seal
//! covers why points were given as well as that they were.
//!
//! Encoded as [`super::chain`] says. An event: `zhixiang ledger event v1` and a zero byte, member 16, source kind, source id 16,
//! rulebook 16, rule, then as i64 timed, made-up and counted minutes, base points, coefficient, uncapped points, points and
//! debt paid, the cap as optional text, and the business time. Service: `zhixiang ledger service v1` and a zero byte, id 16,
//! member 16, source kind, source id 16, timed and made-up minutes, nature, time of service and of verification.

use uuid::Uuid;

use super::chain::{Encoding, Hash};
use super::{CreditDecision, Source};
use crate::code::Code;
use crate::id::{MemberId, RulebookId};
use crate::service::ServiceNature;
use crate::time::Instant;

/// The event that earned a credit, as a seal covers it.
#[derive(Clone, Copy, Debug)]
pub struct SealedEvent<'a> {
    /// Who earned.
    pub member: MemberId,
    /// By what.
    pub source: Source,
    /// The version of the rules that decided.
    pub rulebook: RulebookId,
    /// What was decided.
    pub decision: &'a CreditDecision,
    /// What the debt took.
    pub debt_paid: i64,
    /// When it was earned.
    pub business_at: Instant,
}

/// Verified service, as a seal covers it.
#[derive(Clone, Copy, Debug)]
pub struct SealedService {
    /// The record.
    pub id: Uuid,
    /// Who served.
    pub member: MemberId,
    /// By what.
    pub source: Source,
    /// Minutes by the clock.
    pub timed_minutes: i64,
    /// Minutes made up.
    pub made_up_minutes: i64,
    /// As a volunteer or on party duty.
    pub nature: ServiceNature,
    /// When it was served.
    pub served_at: Instant,
    /// When it was verified.
    pub verified_at: Instant,
}

impl SealedEvent<'_> {
    /// Its hash.
    pub fn hash(&self) -> Hash {
        let mut bytes = Encoding(b"zhixiang ledger event v1\0".to_vec());
        let decision = self.decision;
        about(&mut bytes, self.member, self.source);
        bytes.raw(self.rulebook.uuid().as_bytes());
        bytes.text(&decision.rule.key());
        for number in [
            decision.timed_minutes,
            decision.made_up_minutes,
            decision.counted_minutes,
            decision.base_points,
            i64::from(decision.coefficient_bp),
            decision.uncapped_points,
            decision.points,
            self.debt_paid,
        ] {
            bytes.number(number);
        }
        bytes.optional(decision.cap, |bytes, cap| bytes.text(cap.code()));
        bytes.time(self.business_at);
        bytes.digest()
    }
}

impl SealedService {
    /// Its hash.
    pub fn hash(&self) -> Hash {
        let mut bytes = Encoding(b"zhixiang ledger service v1\0".to_vec());
        bytes.raw(self.id.as_bytes());
        about(&mut bytes, self.member, self.source);
        bytes.number(self.timed_minutes);
        bytes.number(self.made_up_minutes);
        bytes.text(self.nature.code());
        bytes.time(self.served_at);
        bytes.time(self.verified_at);
        bytes.digest()
    }
}

fn about(bytes: &mut Encoding, member: MemberId, source: Source) {
    bytes.raw(member.uuid().as_bytes());
    bytes.text(source.kind.code());
    bytes.raw(source.id.as_bytes());
}
