//! The true client against the true sandbox, over loopback.

mod connection;
mod login;
mod phone_number;

use std::net::SocketAddr;

use wechat_auth::{
    Client, Config, Error, Refusal,
    sandbox::{self, APP_ID, SECRET, Sandbox},
};

fn start() -> (Sandbox, Client) {
    let sandbox = sandbox::start(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let client = client(&sandbox.base_url(), APP_ID, SECRET).expect("a client");
    (sandbox, client)
}

fn client(base_url: &str, app_id: &str, secret: &str) -> Result<Client, Error> {
    Client::new(Config { base_url: base_url.into(), app_id: app_id.into(), secret: secret.into() })
}

/// The errcode of a refusal, which must bring its request id along.
fn errcode(error: Error) -> (&'static str, i64) {
    let (class, Refusal { errcode, rid }) = match error {
        Error::CodeInvalid(refusal) => ("code", refusal),
        Error::UserBlocked(refusal) => ("user", refusal),
        Error::TooManyRequests(refusal) => ("rate", refusal),
        Error::Misconfigured(refusal) => ("config", refusal),
        Error::Unexpected(refusal) => ("unexpected", refusal),
        other => panic!("no refusal: {other:?}"),
    };
    assert_eq!(rid.expect("a request id").len(), 26);
    (class, errcode)
}
