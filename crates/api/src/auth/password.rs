//! Passwords: argon2id, hashed off the request threads, a bounded number at once.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::OwnedSemaphorePermit;

use crate::error::{ApiError, ApiResult};
use crate::state::State;

/// The shortest password an admin may choose, in characters.
pub const SHORTEST: usize = 12;

const LONGEST: usize = 128;
const WEAK: [&str; 12] = [
    "password",
    "123456",
    "qwerty",
    "abc123",
    "iloveyou",
    "pingcheng",
    "zhixiang",
    "平城",
    "智享",
    "admin",
    "zaizhi",
    "111111",
];

/// Refuses passwords that are short, endless, or built around a word everybody tries first.
pub fn check(password: &str, account: &str) -> ApiResult<()> {
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(ApiError::field("new_password", format!("密码应为 {SHORTEST} 到 {LONGEST} 个字符")));
    }
    let lower = password.to_lowercase();
    let mut kinds: Vec<char> = lower.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    let guessable =
        kinds.len() < 6 || lower.contains(&account.to_lowercase()) || WEAK.iter().any(|weak| lower.contains(weak));
    if guessable {
        return Err(ApiError::field("new_password", "密码太容易猜到，请不要包含账号、地名、常用词或重复字符"));
    }
    Ok(())
}

/// Hashes a password, as a PHC string.
pub fn hash(password: &str) -> ApiResult<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(|error| ApiError::internal(error.to_string()))?.to_string())
}

/// Hashes a password off the request threads, in its turn.
pub async fn hash_aside(state: &State, password: String) -> ApiResult<String> {
    let turn = Arc::clone(&state.hashing).acquire_owned().await.map_err(ApiError::internal)?;
    aside(turn, move || hash(&password)).await?
}

/// Works off the request threads. The turn lasts as long as the work, even if nobody waits for its end any more.
async fn aside<T: Send + 'static>(
    turn: OwnedSemaphorePermit,
    work: impl FnOnce() -> T + Send + 'static,
) -> ApiResult<T> {
    let worked = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    worked.await.map_err(ApiError::internal)
}

/// A hash that no password has, for accounts that do not exist: an unknown name must cost the same as a wrong password.
pub fn nobody() -> String {
    use std::sync::LazyLock;
    static NOBODY: LazyLock<String> = LazyLock::new(|| {
        let secret = data_encoding::BASE64.encode(&crate::keys::random());
        hash(&secret).unwrap_or_default()
    });
    NOBODY.clone()
}

/// Whether the password has this hash. Waits for its turn; too many waiting is a refusal, not a queue.
pub async fn verify(state: &State, password: String, stored: String) -> ApiResult<bool> {
    let turn = Arc::clone(&state.hashing).acquire_owned();
    let Ok(Ok(turn)) = tokio::time::timeout(std::time::Duration::from_secs(3), turn).await else {
        return Err(ApiError::unavailable("too many passwords are being checked"));
    };
    aside(turn, move || {
        PasswordHash::new(&stored)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn a_turn_lasts_as_long_as_the_work_though_nobody_waits_for_it() {
        let turns = Arc::new(Semaphore::new(1));
        let turn = Arc::clone(&turns).acquire_owned().await.expect("a turn");
        let (begun, begins) = tokio::sync::oneshot::channel();
        let (end, ends) = mpsc::channel::<()>();
        let request = tokio::spawn(aside(turn, move || {
            begun.send(()).expect("somebody listens");
            ends.recv().expect("an end");
        }));
        begins.await.expect("it began");
        request.abort();
        assert!(request.await.is_err(), "the request is gone");
        assert_eq!(turns.available_permits(), 0);
        end.send(()).expect("the work goes on");
        turns.acquire().await.expect("the next turn").forget();
    }
}
