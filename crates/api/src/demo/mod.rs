//! The demo: what an empty development database is filled with, and how to sign in to it.

use std::net::SocketAddr;

use crate::commands::Failure;
use crate::state::App;

/// What the first lines of a start say.
pub struct Welcome {
    lines: Vec<String>,
}

impl Welcome {
    /// The text, for a server that listens here.
    pub fn at(&self, address: SocketAddr) -> String {
        let mut text = format!("智享平城 is serving at http://{address}\n");
        for line in &self.lines {
            text.push_str(&line.replace("{address}", &address.to_string()));
            text.push('\n');
        }
        text
    }
}

/// Fills an empty development database; leaves every other as it is.
#[expect(clippy::unused_async, reason = "the demo is loaded here")]
pub async fn settle(_app: &App) -> Result<Welcome, Failure> {
    Ok(Welcome { lines: vec!["console  http://{address}/console".into()] })
}
