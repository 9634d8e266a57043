//! `/sns/jscode2session`

use std::sync::atomic::Ordering;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::{
    answer,
    code::Fault,
    credentials, identity,
    refused::Refused,
    state::{State, read_code},
};

#[derive(Deserialize)]
pub(super) struct Question {
    appid: Option<String>,
    secret: Option<String>,
    js_code: Option<String>,
    grant_type: Option<String>,
}

pub(super) async fn answer(state: web::Data<State>, question: web::Query<Question>) -> Result<HttpResponse, Refused> {
    state.logins_asked.fetch_add(1, Ordering::Relaxed);
    credentials::check(question.appid.as_deref(), question.secret.as_deref())?;
    if question.grant_type.as_deref() != Some("authorization_code") {
        return Err(Refused(40002, "invalid grant_type"));
    }
    let Some(text) = question.js_code.as_deref().filter(|t| !t.is_empty()) else {
        return Err(Refused(41008, "missing code"));
    };
    let code = read_code("login", text)?;
    if !state.allow_login(code.subject) {
        return Err(Refused(45011, "api minute-quota reach limit, must slower"));
    }
    state.use_up(&code, 40163)?;
    if code.subject == "risk" {
        return Err(Refused(40226, "code blocked"));
    }
    let mut session = json!({
        "openid": identity::openid_of(code.subject),
        "session_key": identity::session_key_of(code.text),
    });
    if code.fault != Some(Fault::Alone) {
        session["unionid"] = identity::unionid_of(code.subject).into();
    }
    Ok(answer::send(code.fault, session).await)
}
