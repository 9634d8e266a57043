//! The attendance code (签到码): what an activity's lead shows and members scan. It changes every thirty seconds and is
//! bound to one session and one direction, so a picture of it in a chat group is worth nothing a minute later.

use chrono::Duration;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;
use uuid::Uuid;

use crate::code::{Code, codes};
use crate::id::ActivitySessionId;
use crate::time::Instant;

codes! {
    /// Whether a code is for arriving or for leaving.
    Direction {
        In = "in", "签到";
        Out = "out", "签退";
    }
}

/// How long one code is shown; it is taken for one step longer.
pub const STEP: Duration = Duration::seconds(30);

const PREFIX: &str = "ZXA1";

/// Why a scanned text is no valid code. Codes live by the wall clock, whatever business time says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AttendanceCodeError {
    /// Not an attendance code at all.
    #[error("这不是活动签到码，请扫描负责人出示的二维码")]
    Foreign,
    /// It looks like one, but this service did not make it.
    #[error("签到码不正确，请扫描负责人当面出示的二维码")]
    Edited,
    /// It was shown too long ago.
    #[error("签到码已过期，请扫描负责人手机上最新的二维码")]
    Stale,
    /// It is for leaving and was used to arrive, or the other way round.
    #[error("这是{}码，请让负责人切换", .0.label())]
    WrongDirection(Direction),
}

/// A code as it is shown, and until when a new one need not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCode {
    /// The text in the QR code.
    pub text: String,
    /// When the next code takes its place.
    pub next_at: Instant,
}

/// The code of this moment.
pub fn show(key: &[u8], session: ActivitySessionId, direction: Direction, wall_now: Instant) -> ShownCode {
    let step = step_at(wall_now);
    let body = body(session, direction, step);
    let text = format!("{body}.{}", tag(key, &body).simple());
    let next_at = Instant::from_timestamp((step + 1) * STEP.num_seconds(), 0).unwrap_or(wall_now);
    ShownCode { text, next_at }
}

/// Reads a scanned code: the session whose lead showed it in this step or the one before.
pub fn read(
    key: &[u8],
    text: &str,
    wanted: Direction,
    wall_now: Instant,
) -> Result<ActivitySessionId, AttendanceCodeError> {
    use AttendanceCodeError::{Edited, Foreign, Stale, WrongDirection};

    let parts: Vec<&str> = text.trim().split('.').collect();
    let [PREFIX, session, direction, step, tag] = parts[..] else { return Err(Foreign) };
    let session: ActivitySessionId = session.parse().map_err(|_| Edited)?;
    let direction = Direction::from_code(direction).ok_or(Edited)?;
    let step: i64 = step.parse().map_err(|_| Edited)?;
    let tag = Uuid::parse_str(tag).map_err(|_| Edited)?;
    mac(key, &body(session, direction, step)).verify_truncated_left(tag.as_bytes()).map_err(|_| Edited)?;
    let now = step_at(wall_now);
    if step != now && step != now - 1 {
        return Err(Stale);
    }
    if direction != wanted {
        return Err(WrongDirection(direction));
    }
    Ok(session)
}

fn step_at(at: Instant) -> i64 {
    at.timestamp().div_euclid(STEP.num_seconds())
}

fn body(session: ActivitySessionId, direction: Direction, step: i64) -> String {
    format!("{PREFIX}.{}.{}.{step}", session.uuid().simple(), direction.code())
}

fn mac(key: &[u8], body: &str) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    mac.unwrap_or_else(|_| unreachable!("HMAC takes keys of any length")).chain_update(body)
}

/// The first half of the MAC, spelled like a UUID without hyphens.
fn tag(key: &[u8], body: &str) -> Uuid {
    let whole = mac(key, body).finalize().into_bytes();
    Uuid::from_slice(&whole[..16]).unwrap_or_else(|_| unreachable!("sixteen bytes were taken"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"a key for tests only";

    fn session(number: u128) -> ActivitySessionId {
        ActivitySessionId::new(Uuid::from_u128(number))
    }

    fn at(seconds: i64) -> Instant {
        Instant::UNIX_EPOCH + Duration::seconds(seconds)
    }

    #[test]
    fn a_code_is_good_in_its_step_and_the_next() {
        let shown = show(KEY, session(7), Direction::In, at(3000));
        assert_eq!(shown.next_at, at(3030));
        assert!(shown.text.len() < 100);
        for seconds in [3000, 3029, 3059] {
            assert_eq!(read(KEY, &shown.text, Direction::In, at(seconds)), Ok(session(7)), "{seconds}");
        }
        for seconds in [2999, 3060, 90_000] {
            let stale = read(KEY, &shown.text, Direction::In, at(seconds));
            assert_eq!(stale, Err(AttendanceCodeError::Stale), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_bound_to_session_and_direction() {
        let shown = show(KEY, session(7), Direction::Out, at(3000)).text;
        let wrong = read(KEY, &shown, Direction::In, at(3000));
        assert_eq!(wrong, Err(AttendanceCodeError::WrongDirection(Direction::Out)));
        let other = shown.replace(&session(7).uuid().simple().to_string(), &session(8).uuid().simple().to_string());
        assert_eq!(read(KEY, &other, Direction::Out, at(3000)), Err(AttendanceCodeError::Edited));
        let turned = shown.replace(".out.", ".in.");
        assert_eq!(read(KEY, &turned, Direction::In, at(3000)), Err(AttendanceCodeError::Edited));
        let renewed = shown.replace(".100.", ".101.");
        assert_eq!(read(KEY, &renewed, Direction::Out, at(3030)), Err(AttendanceCodeError::Edited));
    }

    #[test]
    fn every_edited_character_is_noticed() {
        let shown = show(KEY, session(7), Direction::In, at(3000)).text;
        for index in 0..shown.len() {
            let mut edited = shown.clone().into_bytes();
            edited[index] = if edited[index] == b'1' { b'2' } else { b'1' };
            let edited = String::from_utf8(edited).unwrap();
            if edited != shown {
                assert!(read(KEY, &edited, Direction::In, at(3000)).is_err(), "{edited}");
            }
        }
    }

    #[test]
    fn another_key_and_other_texts_are_told_apart() {
        let shown = show(b"another key", session(7), Direction::In, at(3000)).text;
        assert_eq!(read(KEY, &shown, Direction::In, at(3000)), Err(AttendanceCodeError::Edited));
        for text in ["", "https://weixin.qq.com/x", "ZXV1.a.b.c.d", "ZXA1", "ZXA1.a.b"] {
            assert_eq!(read(KEY, text, Direction::In, at(0)), Err(AttendanceCodeError::Foreign), "{text}");
        }
        for text in ["ZXA1.x.in.1.00", "ZXA1.00000000000000000000000000000007.in.99999999999999999999.00"] {
            assert_eq!(read(KEY, text, Direction::In, at(0)), Err(AttendanceCodeError::Edited), "{text}");
        }
    }
}
