//! The second factor: TOTP by RFC 6238, six digits every thirty seconds, no step accepted twice.

use domain::time::Instant;
use totp_rs::{Builder, Secret, Totp};

use crate::error::{ApiError, ApiResult};

/// How long one code is shown.
const STEP_SECONDS: u64 = 30;

/// A new seed, in base32.
pub fn new_secret() -> String {
    let bytes = crate::keys::random();
    data_encoding::BASE32_NOPAD.encode(&bytes[..20])
}

/// The code at this time.
pub fn code_at(secret: &str, at: Instant) -> ApiResult<String> {
    Ok(read(secret, "")?.generate(seconds(at)).to_string())
}

/// The step that the code belongs to, if it is the code of now or, for those who type slowly (RFC 6238 §5.2), of the step
/// before, and no code of its step or a later one was used before.
pub fn check(secret: &str, code: &str, last_step: i64, now: Instant) -> ApiResult<Option<i64>> {
    let (totp, now) = (read(secret, "")?, seconds(now));
    let step = totp.check(code, now).or_else(|| totp.check(code, now.checked_sub(STEP_SECONDS)?));
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
        .with_step_duration(STEP_SECONDS)
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
    fn a_code_is_accepted_once_in_its_step_or_the_next() {
        let secret = new_secret();
        let now = Instant::UNIX_EPOCH + Duration::seconds(1_700_000_010);
        let later = |steps: i64| now + Duration::seconds(30 * steps);
        let code = code_at(&secret, now).expect("a code");
        let accepted = |last_step, at| check(&secret, &code, last_step, at).expect("a check");
        let step = accepted(0, now).expect("the code is right");
        assert_eq!(accepted(0, later(1)), Some(step), "a little late");
        assert_eq!(accepted(0, later(2)), None, "late");
        assert_eq!(accepted(0, later(-1)), None, "early");
        assert_eq!((accepted(step, now), accepted(step, later(1))), (None, None), "twice");
        assert_eq!(accepted(step + 1, later(1)), None, "after a later one");
        assert_eq!(check(&secret, "000000x", 0, now).expect("a check"), None, "garbage");
    }
}
