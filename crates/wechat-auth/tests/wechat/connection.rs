//! Where the client goes, what it lets out, and what the sandbox sounds like on the wire.

use std::{
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use wechat_auth::{
    Error,
    sandbox::{self, APP_ID, SECRET},
};

use crate::{client, start};

#[tokio::test]
async fn an_unreachable_wechat_is_busy_tried_twice_and_tells_no_secret() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it");
    let client = client(&format!("http://{port}/"), APP_ID, SECRET).expect("a client");
    let started = Instant::now();
    let error = client.code_to_session("login:secretive:n").await.expect_err("nobody there");
    assert!(started.elapsed() >= Duration::from_millis(200), "no pause, no second try");
    let text = format!("{error} {error:?} {client:?}");
    assert!(matches!(error, Error::Busy(_)), "{text}");
    assert!(text.contains("refused"), "the cause is named: {text}");
    assert!(!text.contains(SECRET) && !text.contains("secretive"), "{text}");
}

#[tokio::test]
async fn settings_that_would_give_the_secret_away_are_refused() {
    for url in [
        "http://api.weixin.qq.com",
        "http://10.0.0.1:1",
        "ftp://127.0.0.1",
        "https://u:p@api.weixin.qq.com",
        "api.weixin.qq.com",
    ] {
        let refused = client(url, APP_ID, SECRET);
        assert!(matches!(refused, Err(Error::InvalidConfig(_))), "{url}");
    }
    assert!(client("https://api.weixin.qq.com", APP_ID, "").is_err());
    if let Err(error) = client("https://api.weixin.qq.com", APP_ID, SECRET) {
        assert!(error.to_string().contains("root certificates"), "{error}");
    }
    client("http://[::1]:1", APP_ID, SECRET).expect("loopback");
    let open = sandbox::start(SocketAddr::from(([0, 0, 0, 0], 0)));
    assert_eq!(open.err().map(|e| e.kind()), Some(std::io::ErrorKind::InvalidInput));
}

#[tokio::test]
async fn the_sandbox_speaks_as_wechat_does() {
    let (sandbox, _) = start();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("http");
    let url = |path: &str| format!("{}{path}", sandbox.base_url());
    let question = json!({ "grant_type": "client_credential", "appid": APP_ID, "secret": SECRET });
    let token_url = url("/cgi-bin/stable_token");
    let first = http.post(&token_url).json(&question).send().await.expect("an answer");
    assert_eq!(first.headers()["content-type"], "text/plain");
    let first: Value = first.json().await.expect("json");
    assert_eq!(first["expires_in"], 7200);
    assert_eq!(first.get("errcode"), None);
    let second = http.post(&token_url).json(&question).send().await.expect("an answer");
    let second: Value = second.json().await.expect("json");
    assert_eq!(second["access_token"], first["access_token"]);
    assert!(second["expires_in"].as_u64() < Some(7200), "{second}");

    let phone = "/wxa/business/getuserphonenumber";
    for (path, body, expected) in [
        ("/cgi-bin/stable_token", "", 44002),
        ("/cgi-bin/stable_token", "a=b", 47001),
        ("/cgi-bin/stable_token", "{}", 40002),
        (phone, "{}", 41001),
        (&format!("{phone}?access_token=x"), "{}", 40014),
    ] {
        let answer = http.post(url(path)).body(body).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.expect("json");
        assert_eq!(answer["errcode"], expected, "{path} {body}: {answer}");
    }
    let answer = http.get(&token_url).send().await.expect("an answer");
    assert_eq!(answer.json::<Value>().await.expect("json")["errcode"], 43002);
    let unknown = http.get(url("/cgi-bin/token")).send().await.expect("an answer");
    assert_eq!(unknown.status(), 404);
}
