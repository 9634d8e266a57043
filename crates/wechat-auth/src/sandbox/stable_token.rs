//! `/cgi-bin/stable_token`

use std::{sync::atomic::Ordering, time::Instant};

use actix_web::{HttpResponse, web};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use super::{answer, credentials, refused::Refused, state::State};

#[derive(Deserialize)]
struct Question {
    grant_type: Option<String>,
    appid: Option<String>,
    secret: Option<String>,
    #[serde(default)]
    force_refresh: bool,
}

pub(super) async fn answer(state: web::Data<State>, body: web::Bytes) -> Result<HttpResponse, Refused> {
    state.tokens_asked.fetch_add(1, Ordering::Relaxed);
    let question: Question = read_json(&body)?;
    if question.grant_type.as_deref() != Some("client_credential") {
        return Err(Refused(40002, "invalid grant_type"));
    }
    credentials::check(question.appid.as_deref(), question.secret.as_deref())?;
    let (token, expires_in) = state.tokens().stable(question.force_refresh, Instant::now());
    let issued = json!({ "access_token": token, "expires_in": expires_in });
    Ok(answer::plain(issued.to_string()))
}

/// A POST body as WeChat reads it: JSON, whatever the header says.
pub(super) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    if body.is_empty() {
        return Err(Refused(44002, "empty post data"));
    }
    serde_json::from_slice(body).map_err(|_| Refused(47001, "data format error"))
}
