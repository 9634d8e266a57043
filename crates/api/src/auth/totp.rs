//! The second factor: TOTP by RFC 6238, six digits every thirty seconds, no step accepted twice.

use domain::time::Instant;
use totp_rs::{Builder, Secret, Totp};

use crate::error::{ApiError, ApiResult};

/// A new seed, in base32.
pub fn new_secret() -> String {
    let bytes = crate::keys::random();
    data_encoding::BASE32_NOPAD.encode(&bytes[..20])
}

/// The code at this time.
pub fn code_at(secret: &str, at: Instant) -> ApiResult<String> {
    Ok(read(secret, "")?.generate(seconds(at)).to_string())
}

/// The step that the code belongs to, if it is the code of now and its step was not used before.
pub fn check(secret: &str, code: &str, last_step: i64, now: Instant) -> ApiResult<Option<i64>> {
    let step = read(secret, "")?.check(code, seconds(now));
    let step = step.and_then(|step| i64::try_from(step).ok());
    Ok(step.filter(|step| *step > last_step))
}

/// The address that an authenticator app reads.
pub fn enrolment_address(secret: &str, account: &str) -> ApiResult<String> {
    read(secret, account)?.to_url().map_err(|error| ApiError::internal(format!("{error:?}")))
}

fn read(secret: &str, account: &str) -> ApiResult<Totp> {
    let secret = Secret::try_from_base32(secret).map_err(|error| ApiError::internal(format!("{error:?}")))?;
    let name = if account.is_empty() { "admin" } else { account };
    Builder::new()
        .with_secret(secret)
        .with_skew(0)
        .with_account_name(name)
        .with_issuer(Some("智享平城"))
        .build()
        .map_err(|error| ApiError::internal(format!("{error:?}")))
}

fn seconds(at: Instant) -> u64 {
    u64::try_from(at.timestamp()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    #[test]
    fn a_code_is_accepted_once_and_only_in_its_step() {
        let secret = new_secret();
        let now = Instant::UNIX_EPOCH + Duration::seconds(1_700_000_010);
        let code = code_at(&secret, now).expect("a code");
        let step = check(&secret, &code, 0, now).expect("a check").expect("the code is right");
        assert_eq!(check(&secret, &code, step, now).expect("a check"), None, "twice");
        assert_eq!(check(&secret, &code, 0, now + Duration::seconds(30)).expect("a check"), None, "late");
        assert_eq!(check(&secret, "000000x", 0, now).expect("a check"), None, "garbage");
    }
}
