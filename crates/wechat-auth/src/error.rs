//! What can go wrong, sorted by what the caller must do about it.

use std::{error::Error as _, fmt};

/// A failed call. No variant carries a secret, a token, a code or WeChat's free text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The code is unknown, used, expired or of another app: the phone must fetch a new one.
    #[error("the code is not valid, a new one is needed ({0})")]
    CodeInvalid(Refusal),
    /// WeChat holds the user for risky: refuse, do not retry.
    #[error("WeChat blocks this user ({0})")]
    UserBlocked(Refusal),
    /// A quota is spent: answer "later", do not loop.
    #[error("too many requests for WeChat ({0})")]
    TooManyRequests(Refusal),
    /// WeChat is away, slow or talks nonsense. It may have consumed the code all the same.
    #[error("WeChat is busy: {0}")]
    Busy(String),
    /// App id, secret, whitelist, permission or account: wake the operator, do not retry.
    #[error("WeChat refuses this app's configuration ({0})")]
    Misconfigured(Refusal),
    /// An answer that correct code does not get.
    #[error("unexpected answer from WeChat ({0})")]
    Unexpected(Refusal),
    /// The answer speaks for another app: never believe it.
    #[error("the answer carries the watermark of another app")]
    ForeignWatermark,
    /// The client's own settings cannot work.
    #[error("WeChat client settings: {0}")]
    InvalidConfig(&'static str),
}

/// WeChat's refusal: the code, and the request id under which WeChat can look it up for 7 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The number that names the refusal.
    pub errcode: i64,
    /// WeChat's request id.
    pub rid: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rid = self.rid.as_deref().unwrap_or("-");
        write!(f, "errcode {}, rid {rid}", self.errcode)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal.errcode {
            -1 => Self::Busy(refusal.to_string()),
            40029 | 40163 => Self::CodeInvalid(refusal),
            40226 => Self::UserBlocked(refusal),
            44990 | 44991 | 45009 | 45011 => Self::TooManyRequests(refusal),
            // The first three: a fresh token was refused as well, so app id and secret do not
            // belong together or somebody keeps forcing new tokens.
            40001 | 40014 | 42001 | 40002 | 40013 | 40125 | 40164 | 40243 | 41002 | 41004 | 48001 | 50002 | 50004
            | 50007 | 89503 | 89506 | 89507 => Self::Misconfigured(refusal),
            _ => Self::Unexpected(refusal),
        }
    }
}

/// How one attempt ended; decides whether another is allowed.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// No connection came about, so WeChat has seen nothing.
    Unreached(String),
    /// Sent, but no usable answer: WeChat may have acted on it.
    Lost(String),
    /// WeChat answered no.
    Refused(Refusal),
}

impl Failure {
    /// True only where a code cannot have been consumed.
    pub(crate) fn may_be_repeated(&self) -> bool {
        match self {
            Self::Unreached(_) => true,
            Self::Lost(_) => false,
            Self::Refused(refusal) => refusal.errcode == -1,
        }
    }

    pub(crate) fn is_bad_token(&self) -> bool {
        matches!(self, Self::Refused(r) if matches!(r.errcode, 40001 | 40014 | 42001))
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        // The URL holds the secret, the login code or the token.
        let error = error.without_url();
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        if error.is_connect() { Self::Unreached(text) } else { Self::Lost(text) }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreached(text) | Failure::Lost(text) => Self::Busy(text),
            Failure::Refused(refusal) => refusal.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, Refusal};

    #[test]
    fn refusals_are_sorted_by_what_to_do() {
        for (class, errcodes) in [
            ("Busy", &[-1][..]),
            ("CodeInvalid", &[40029, 40163]),
            ("UserBlocked", &[40226]),
            ("TooManyRequests", &[45009, 45011, 44991]),
            ("Misconfigured", &[40013, 40125, 40164, 40243, 48001, 50002, 40001]),
            ("Unexpected", &[40097, 47001, 41001]),
        ] {
            for errcode in errcodes.iter().copied() {
                let error = Error::from(Refusal { errcode, rid: Some("6f00".into()) });
                assert!(format!("{error:?}").starts_with(class), "{errcode}: {error:?}");
                let logged = error.to_string();
                assert!(logged.contains(&errcode.to_string()) && logged.contains("6f00"));
            }
        }
    }
}
