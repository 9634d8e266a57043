//! The floor: what PostgreSQL itself does on the same machine, with the same statements, driven by `pgbench`.

use std::process::Command;
use std::time::Duration;

use crate::Failure;

/// `pgbench` on a copy of the district, so that it can write without touching the books.
pub struct Floor {
    /// The program.
    pub pgbench: String,
    /// The copy.
    pub database_url: String,
    /// The scripts' folder.
    pub scripts: String,
    /// Members who take part.
    pub phones: usize,
    /// Sessions in which each has a seat.
    pub sessions: usize,
    /// Batches of service that are credited again and again.
    pub batches: i64,
}

impl Floor {
    /// Transactions a second of a script; `offers` says how many are redeemed, the one that everybody wants first.
    pub fn measure(&self, script: &str, offers: usize, connections: usize, time: Duration) -> Result<f64, Failure> {
        let seconds = time.as_secs().max(1).to_string();
        let output = Command::new(&self.pgbench)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={connections}"))
            .arg(format!("--time={seconds}"))
            .arg(format!("--define=phones={}", self.phones))
            .arg(format!("--define=sessions={}", self.sessions))
            .arg(format!("--define=offers={offers}"))
            .arg(format!("--define=batches={}", self.batches))
            // Which batch is whose turn, each client reckons by itself: asking for it would be a round trip of its own.
            .args(["--define=round=0".to_owned(), format!("--define=clients={connections}")])
            .arg(format!("--file={}/{script}.sql", self.scripts))
            .arg(&self.database_url)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        match rate {
            Some(rate) if output.status.success() => Ok(rate),
            _ => Err(format!("pgbench {script}: {text}{}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    }
}
