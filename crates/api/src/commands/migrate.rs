//! Brings the schema up to date, with the role that may.

use storage::Database;

use crate::config::Config;
use crate::failure::Failure;

pub(super) async fn run(config: &Config) -> Result<(), Failure> {
    Database::migrate_for(&config.database_url(), &config.migration_url()).await.map_err(|error| {
        Failure::Usage(format!("cannot migrate: {error}; set ZHIXIANG__DATABASE__MIGRATION_URL to a role that may"))
    })?;
    println!("the schema is up to date");
    Ok(())
}
