//! Reads WeChat's answers: HTTP 200 with any content type, refusals inside.

use reqwest::Response;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Failure, Refusal};

const BODY_LIMIT: usize = 64 * 1024;

/// The answer as `T`, or the refusal it carries instead.
pub(crate) async fn read<T: DeserializeOwned>(mut response: Response) -> Result<T, Failure> {
    let status = response.status();
    if status.is_server_error() {
        return Err(Failure::Lost(format!("HTTP {status}")));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(Failure::Lost(format!("answer longer than {BODY_LIMIT} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    decode(body)
}

fn decode<T: DeserializeOwned>(body: Vec<u8>) -> Result<T, Failure> {
    let value = parse(body)?;
    let errcode = value.get("errcode").and_then(Value::as_i64).unwrap_or(0);
    if errcode != 0 {
        let errmsg = value.get("errmsg").and_then(Value::as_str);
        return Err(Failure::Refused(Refusal { errcode, rid: errmsg.and_then(rid) }));
    }
    // serde's message could quote a value, and a value could be a session key.
    serde_json::from_value(value).map_err(|_| Failure::Lost("answer lacks its fields".into()))
}

fn parse(mut body: Vec<u8>) -> Result<Value, Failure> {
    if let Ok(value) = serde_json::from_slice(&body) {
        return Ok(value);
    }
    // WeChat has been seen to leave raw control characters in strings.
    body.retain(|byte| *byte >= 0x20);
    serde_json::from_slice(&body).map_err(|_| Failure::Lost(format!("answer of {} bytes is not JSON", body.len())))
}

/// The request id at the end of an errmsg: `…, rid: 6f00-…`, formerly `hints: [ req_id: … ]`.
fn rid(errmsg: &str) -> Option<String> {
    let (_, rest) = errmsg.rsplit_once("rid: ").or_else(|| errmsg.rsplit_once("req_id: "))?;
    let id: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).take(64).collect();
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::{decode, rid};
    use crate::error::Failure;

    #[derive(Debug, serde::Deserialize)]
    struct Named {
        name: String,
    }

    #[test]
    fn both_spellings_of_the_request_id_are_found() {
        assert_eq!(rid("code been used, rid: 6f00aa11-22bb33cc-44dd55ee"), Some("6f00aa11-22bb33cc-44dd55ee".into()));
        assert_eq!(rid("invalid code, hints: [ req_id: a1_B2 ]"), Some("a1_B2".into()));
        assert_eq!(rid("ok"), None);
        assert_eq!(rid("rid: \n\u{1b}[31m"), None);
    }

    #[test]
    fn success_needs_the_fields_not_just_a_missing_errcode() {
        let named: Named = decode(br#"{"errcode":0,"name":"a","new":1}"#.to_vec()).expect("named");
        assert_eq!(named.name, "a");
        for body in [&b"{}"[..], b"", b"[]", b"\"x\"", b"{\"name\":1}"] {
            let failure = decode::<Named>(body.to_vec()).expect_err("not an answer");
            assert!(matches!(failure, Failure::Lost(_)), "{failure:?}");
        }
    }
}
