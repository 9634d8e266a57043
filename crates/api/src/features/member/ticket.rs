//! The ticket: a phone number that WeChat verified, sealed for the one WeChat user who may apply with it.

use chrono::Duration;
use data_encoding::BASE64URL_NOPAD;
use domain::id::IdentityId;
use domain::personal::Phone;
use domain::time::Instant;
use storage::Vault;
use storage::vault::Field;

use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;

const FIELD: Field = Field { table: "membership_ticket", column: "phone" };
const LIFETIME: Duration = Duration::minutes(30);

/// Seals the number for this user; nobody can read, change or pass on what comes of it.
pub(super) fn issue(vault: &Vault, identity: IdentityId, phone: &Phone, now: Instant) -> String {
    let text = format!("{}\n{}", (now + LIFETIME).timestamp(), phone.reveal());
    BASE64URL_NOPAD.encode(&vault.seal(FIELD, identity.uuid(), &text))
}

/// The number in a ticket that was issued to this user within the last half hour.
pub(super) fn read(vault: &Vault, identity: IdentityId, ticket: &str, now: Instant) -> ApiResult<Phone> {
    try_read(vault, identity, ticket, now)
        .ok_or_else(|| ApiError::new(ErrorCode::PhoneTicketInvalid, "手机号凭据无效或已过期，请重新绑定手机号"))
}

fn try_read(vault: &Vault, identity: IdentityId, ticket: &str, now: Instant) -> Option<Phone> {
    let sealed = BASE64URL_NOPAD.decode(ticket.as_bytes()).ok().filter(|sealed| sealed.len() < 256)?;
    let text = vault.open(FIELD, identity.uuid(), &sealed).ok()?;
    let (ends, phone) = text.split_once('\n')?;
    let timely = now.timestamp() < ends.parse().ok()?;
    Phone::parse(phone).ok().filter(|_| timely)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_ticket_is_good_for_its_user_and_half_an_hour() {
        let vault = Vault::new(&BTreeMap::from([(1, [7; 32])]), &[8; 32]).expect("a vault");
        let (mine, other) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let phone = Phone::parse("13800001234").expect("a phone number");
        let now = Instant::UNIX_EPOCH;
        let ticket = issue(&vault, mine, &phone, now);
        assert!(!ticket.contains("13800001234"));
        assert_eq!(try_read(&vault, mine, &ticket, now), Some(phone.clone()));
        assert_eq!(try_read(&vault, mine, &ticket, now + LIFETIME - Duration::seconds(1)), Some(phone));
        assert_eq!(try_read(&vault, mine, &ticket, now + LIFETIME), None);
        assert_eq!(try_read(&vault, other, &ticket, now), None);
        assert_eq!(try_read(&vault, mine, &format!("{ticket}A"), now), None);
    }
}
