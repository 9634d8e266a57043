//! `GET /sns/jscode2session`: a login code becomes an identity.

use serde::Deserialize;

use crate::{Client, Error};

/// Who logged in. An identifier, not a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Stable per person and app.
    pub openid: String,
    /// Stable across the owner's apps; absent when the app is bound to no open-platform account.
    pub unionid: Option<String>,
}

/// The session key is left unread: nothing here needs it, and what is not kept cannot leak.
#[derive(Deserialize)]
struct Session {
    openid: String,
    #[serde(default)]
    unionid: Option<String>,
}

impl Client {
    /// Trades a `wx.login` code, valid five minutes and once, for the identity behind it.
    pub async fn code_to_session(&self, code: &str) -> Result<Identity, Error> {
        let config = &self.shared.config;
        let session: Session = self
            .call(|| {
                self.get("/sns/jscode2session").query(&[
                    ("appid", config.app_id.as_str()),
                    ("secret", config.secret.as_str()),
                    ("js_code", code),
                    ("grant_type", "authorization_code"),
                ])
            })
            .await?;
        if session.openid.is_empty() {
            return Err(Error::Busy("answer has an empty openid".into()));
        }
        Ok(Identity { openid: session.openid, unionid: session.unionid.filter(|id| !id.is_empty()) })
    }
}
