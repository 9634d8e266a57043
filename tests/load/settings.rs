//! What `tests/bench` tells this program, as `--name value`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::Failure;
use crate::server::Server;

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The product.
    pub binary: String,
    /// The district.
    pub database_url: String,
    /// A copy of the district whose points go.
    pub expiry_url: String,
    /// Redis.
    pub redis_url: String,
    /// The product's data directory, where its keys are.
    pub data_directory: String,
    /// `pgbench`.
    pub pgbench: String,
    /// A copy of the district for the floor.
    pub floor_url: String,
    /// The floor's scripts.
    pub scripts: String,
    /// A directory for logs.
    pub scratch: PathBuf,
    /// How long each cell takes.
    pub time: Duration,
    /// How many phones there are, each with enrolments.
    pub phones: usize,
    /// In how many sessions each phone's member is enrolled.
    pub sessions: usize,
    /// The loads to measure, between commas; empty, all of them.
    pub only: String,
}

impl Settings {
    /// Starts the product on a database.
    pub fn serve(&self, database_url: &str) -> Result<Server, Failure> {
        Server::start("/healthz", Some(&self.scratch.join("zhixiang.log")), |address| {
            let mut command = self.command("serve", database_url);
            command.env("ZHIXIANG__SERVER__LISTEN", address.to_string());
            command
        })
    }

    /// The product, told to do something with a database.
    pub fn command(&self, what: &str, database_url: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .arg(what)
            .env("ZHIXIANG__SERVER__TRUSTED_PROXIES", r#"["127.0.0.1"]"#)
            .env("ZHIXIANG__DATABASE__URL", database_url)
            .env("ZHIXIANG__REDIS__URL", &self.redis_url)
            .env("ZHIXIANG__DATA_DIRECTORY", &self.data_directory)
            .env("ZHIXIANG__LOG__FORMAT", "json");
        command
    }

    /// Reads the arguments.
    pub fn read(arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let arguments: Vec<String> = arguments.collect();
        let pairs = arguments.chunks_exact(2);
        let named: HashMap<&str, &str> =
            pairs.filter_map(|pair| Some((pair[0].strip_prefix("--")?, pair[1].as_str()))).collect();
        let text = |name: &str| -> Result<String, Failure> {
            Ok((*named.get(name).ok_or_else(|| format!("--{name} is missing"))?).to_owned())
        };
        Ok(Self {
            binary: text("binary")?,
            database_url: text("database-url")?,
            expiry_url: text("expiry-url")?,
            redis_url: text("redis-url")?,
            data_directory: text("data-directory")?,
            pgbench: text("pgbench")?,
            floor_url: text("floor-url")?,
            scripts: text("scripts")?,
            scratch: text("scratch")?.into(),
            time: Duration::from_secs(text("seconds")?.parse()?),
            phones: text("phones")?.parse()?,
            sessions: text("sessions")?.parse()?,
            only: text("only")?,
        })
    }
}
