//! Sessions (会话): a sign-in for one audience, and the rotation of its refresh token.

use chrono::Duration;
use thiserror::Error;

use crate::code::codes;
use crate::id::{AdminId, IdentityId, SessionId};
use crate::time::Instant;

codes! {
    /// Whom a token is for; a token of one audience opens nothing of another.
    Audience {
        Member = "member", "党员端";
        Merchant = "merchant", "商家端";
        Admin = "admin", "管理端";
    }
}

/// How long the same refresh token answers with the same successor, so that a phone's parallel calls agree.
pub const GRACE: Duration = Duration::seconds(10);

impl Audience {
    /// How long an access token lives.
    pub fn access_lifetime(self) -> Duration {
        if self == Self::Admin { Duration::minutes(10) } else { Duration::minutes(15) }
    }

    /// How long a session lives without being refreshed.
    pub fn idle_lifetime(self) -> Duration {
        if self == Self::Admin { Duration::minutes(30) } else { Duration::days(7) }
    }

    /// How long a session lives at most.
    pub fn absolute_lifetime(self) -> Duration {
        if self == Self::Admin { Duration::hours(12) } else { Duration::days(30) }
    }
}

/// Whose session it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A WeChat user, matched to a member or a shop's staff or not yet.
    Identity(IdentityId),
    /// An administrator.
    Admin(AdminId),
}

/// A sign-in. Access tokens carry its version; refresh tokens its counter.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id, which is also the refresh-token family.
    pub id: SessionId,
    /// Whom it is for.
    pub audience: Audience,
    /// Whose it is.
    pub holder: Holder,
    /// Raised when access tokens issued before must be looked at again.
    pub version: i64,
    /// The number of the current refresh token in the family.
    pub counter: i64,
    /// When the current refresh token was made.
    pub rotated_at: Instant,
    /// When the session ends whatever happens.
    pub expires_at: Instant,
    /// Until when a second factor given again counts, for admins.
    pub stepped_up_until: Option<Instant>,
    /// Whether it was ended.
    pub revoked: bool,
}

/// Why a refresh token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RefreshError {
    /// The session was ended or has expired.
    #[error("登录已失效")]
    Ended,
    /// The token was used before and its grace is over: somebody else may hold a copy, so the family must end.
    #[error("登录凭证已被使用过")]
    Reused,
}

impl Session {
    /// Begins a session.
    pub fn begin(id: SessionId, audience: Audience, holder: Holder, now: Instant) -> Self {
        let expires_at = now + audience.absolute_lifetime();
        Self {
            id,
            audience,
            holder,
            version: 1,
            counter: 0,
            rotated_at: now,
            expires_at,
            stepped_up_until: None,
            revoked: false,
        }
    }

    /// Whether the session still holds.
    pub fn alive(&self, now: Instant) -> bool {
        !self.revoked && now < self.expires_at && now < self.rotated_at + self.audience.idle_lifetime()
    }

    /// Takes the refresh token with this counter; afterwards `counter` names the token to hand out.
    pub fn refresh(&mut self, presented: i64, now: Instant) -> Result<(), RefreshError> {
        if !self.alive(now) {
            return Err(RefreshError::Ended);
        }
        if presented == self.counter {
            self.counter += 1;
            self.rotated_at = now;
            return Ok(());
        }
        if presented + 1 == self.counter && now < self.rotated_at + GRACE {
            return Ok(());
        }
        Err(RefreshError::Reused)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn session(now: Instant) -> Session {
        let holder = Holder::Identity(IdentityId::new(Uuid::from_u128(1)));
        Session::begin(SessionId::new(Uuid::from_u128(2)), Audience::Member, holder, now)
    }

    #[test]
    fn parallel_refreshes_get_one_successor_and_a_late_one_ends_the_family() {
        let now = Instant::UNIX_EPOCH;
        let mut session = session(now);
        assert_eq!(session.refresh(0, now), Ok(()));
        assert_eq!(session.refresh(0, now + Duration::seconds(9)), Ok(()));
        assert_eq!(session.counter, 1);
        assert_eq!(session.refresh(0, now + GRACE), Err(RefreshError::Reused));
    }

    #[test]
    fn the_grace_ends_when_the_successor_is_used() {
        let now = Instant::UNIX_EPOCH;
        let mut session = session(now);
        assert_eq!(session.refresh(0, now), Ok(()));
        assert_eq!(session.refresh(1, now), Ok(()));
        assert_eq!(session.refresh(0, now), Err(RefreshError::Reused));
    }

    #[test]
    fn a_session_ends_when_idle_and_at_its_latest() {
        let now = Instant::UNIX_EPOCH;
        let mut session = session(now);
        assert!(session.alive(now + Duration::days(7) - Duration::seconds(1)));
        assert_eq!(session.refresh(0, now + Duration::days(7)), Err(RefreshError::Ended));
        session.rotated_at = now + Duration::days(29);
        assert!(!session.alive(now + Duration::days(30)));
    }
}
