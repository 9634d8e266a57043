//! Prints an admin's current TOTP code: for demo accounts, and for whoever holds the keys and lost a phone.

use clap::Args;
use storage::admins;

use crate::auth::totp;
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::failure::Failure;
use crate::keys::KeyRing;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The account.
    account: String,
}

pub(super) async fn run(config: Config, arguments: &Arguments) -> Result<(), Failure> {
    let keys = KeyRing::load(&config)?;
    let database = crate::state::open_database(&config).await?;
    if !database.pending_migrations().await.map_err(ConfigError::from)?.is_empty() {
        return Err(Failure::Usage(format!(
            "no accounts are in {}: set ZHIXIANG__DATABASE__URL to the database of the server that runs",
            config.database_place()
        )));
    }
    let admin = admins::find_by_account(&database.read(), &keys.vault, &arguments.account).await?;
    let admin = admin.ok_or_else(|| Failure::Usage(format!("there is no account {}", arguments.account)))?;
    println!("{}", totp::code_at(&admin.totp_secret, Clock::default().wall())?);
    Ok(())
}
