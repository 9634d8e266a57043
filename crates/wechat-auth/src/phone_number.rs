//! `POST /wxa/business/getuserphonenumber`: a phone code becomes a verified number.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Client, Error};

#[derive(Serialize)]
struct Request<'a> {
    code: &'a str,
    openid: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    phone_info: PhoneInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhoneInfo {
    pure_phone_number: String,
    country_code: Value,
    watermark: Watermark,
}

#[derive(Deserialize)]
struct Watermark {
    appid: String,
}

impl Client {
    /// The number behind a `getPhoneNumber` code (not a login code), which must belong to `openid`:
    /// 11 digits for the mainland, `+<country><number>` elsewhere.
    pub async fn phone_number(&self, code: &str, openid: &str) -> Result<String, Error> {
        let body = Request { code, openid };
        let answer: Answer = self
            .call_with_token(|token| {
                self.post("/wxa/business/getuserphonenumber").query(&[("access_token", token)]).json(&body)
            })
            .await?;
        if answer.phone_info.watermark.appid != self.shared.config.app_id {
            return Err(Error::ForeignWatermark);
        }
        spell(&answer.phone_info).ok_or_else(|| Error::Busy("answer holds no phone number".into()))
    }
}

fn spell(info: &PhoneInfo) -> Option<String> {
    // Declared a string, shown as a number in WeChat's own sample.
    let country = match &info.country_code {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let number = &info.pure_phone_number;
    let digits = |text: &str, from, to| (from..=to).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if country == "86" {
        return digits(number, 11, 11).then(|| number.clone());
    }
    (digits(&country, 1, 4) && digits(number, 4, 14)).then(|| format!("+{country}{number}"))
}
