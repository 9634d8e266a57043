//! `/wxa/business/getuserphonenumber`

use std::{
    sync::atomic::Ordering,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer,
    code::Fault,
    credentials::APP_ID,
    identity,
    refused::Refused,
    stable_token::read_json,
    state::{State, read_code},
};

#[derive(Deserialize)]
pub(super) struct Access {
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Question {
    code: Option<String>,
    openid: Option<String>,
}

pub(super) async fn answer(
    state: web::Data<State>,
    access: web::Query<Access>,
    body: web::Bytes,
) -> Result<HttpResponse, Refused> {
    state.phone_numbers_asked.fetch_add(1, Ordering::Relaxed);
    let token = access.access_token.as_deref();
    state.tokens().check(token, Instant::now())?;
    let question: Question = read_json(&body)?;
    if question.openid.is_some_and(|id| !identity::is_openid(&id)) {
        return Err(Refused(40003, "invalid openid"));
    }
    let code = read_code("phone", question.code.as_deref().unwrap_or_default())?;
    let (country, number) = split(code.subject).ok_or(Refused(40029, "invalid code"))?;
    if code.fault == Some(Fault::Stale) {
        return Err(Refused(40001, "access_token is invalid or not latest"));
    }
    state.use_up(&code, 40029)?;

    let shown = if country == "86" { number.to_owned() } else { format!("+{country}{number}") };
    let country = match code.fault {
        Some(Fault::Bare) => country.parse::<u64>().map_or(Value::Null, Value::from),
        _ => country.into(),
    };
    let appid = match code.fault {
        Some(Fault::Foreign) => "wxsim00000000002",
        _ => APP_ID,
    };
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let found = json!({
        "errcode": 0,
        "errmsg": "ok",
        "phone_info": {
            "phoneNumber": shown,
            "purePhoneNumber": number,
            "countryCode": country,
            "watermark": { "timestamp": seconds, "appid": appid },
        },
    });
    Ok(answer::send(code.fault, found).await)
}

/// `13000000001` is a mainland number, `+852-61234567` one from elsewhere.
fn split(subject: &str) -> Option<(&str, &str)> {
    let (country, number) = match subject.strip_prefix('+') {
        Some(abroad) => abroad.split_once('-')?,
        None => ("86", subject),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (digits(country) && digits(number)).then_some((country, number))
}
