//! The demo: what an empty development database is filled with, and how to sign in to it. A district of any size comes
//! out of the same generator.

mod admins;
mod books;
mod cast;
mod corrections;
mod crowd;
mod desks;
mod draw;
pub mod ids;
mod journey;
mod load;
mod misconduct;
mod objection;
mod outings;
mod people;
mod places;
mod purchases;
mod reports;
mod roster_files;
mod services;
mod shops;
mod sign_in;
mod size;

use std::net::SocketAddr;
use std::time::Duration;

pub use roster_files::write as write_roster_files;
pub use size::Size;
use storage::organisations;

use crate::failure::Failure;
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

/// Fills an empty development database; leaves every other as it is. Later starts say again how to sign in.
pub async fn settle(app: &App) -> Result<Welcome, Failure> {
    if app.config.development() && is_empty(app).await? {
        load_or_wait(app).await?;
    }
    let mut lines = vec!["console   http://{address}/console".to_owned()];
    lines.extend(sign_in::read(app).await?);
    Ok(Welcome { lines })
}

/// Loads a district of this size; the database must be empty.
pub async fn load(app: &App, size: Size, progress: impl Fn(&str, u64, u64)) -> Result<(), Failure> {
    if !is_empty(app).await? {
        let sentence = "the database is not empty: demo data goes into a fresh one only; set ZHIXIANG__DATABASE__URL";
        return Err(Failure::Usage(sentence.into()));
    }
    load::load(app, size, progress, |accounts, journey| sign_in::write(app, accounts, journey)).await
}

/// Of two that start on the same database at once, one loads and the other finds it loaded.
async fn load_or_wait(app: &App) -> Result<(), Failure> {
    let Err(failure) = load(app, Size::DEMO, |_, _, _| {}).await else { return Ok(()) };
    for _ in 0..50 {
        if !is_empty(app).await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(failure)
}

async fn is_empty(app: &App) -> Result<bool, Failure> {
    Ok(organisations::root(&app.database.read()).await?.is_none())
}
