//! What `tests/faults` tells this program.

use std::path::PathBuf;

/// What is killed in the middle of the load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server.
    Server,
    /// PostgreSQL, whose data are in this directory; the words start it again.
    Postgres {
        /// The directory.
        data: PathBuf,
        /// The program and its arguments.
        start: Vec<String>,
    },
}

/// How the drill goes.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is killed.
    pub fault: Fault,
    /// How often.
    pub cycles: usize,
    /// At which moment of the load, in milliseconds.
    pub moment: std::ops::Range<u64>,
}

impl Settings {
    /// Reads `server CYCLES FROM TO` or `postgres CYCLES FROM TO DATA START…`.
    pub fn read(arguments: impl Iterator<Item = String>) -> Option<Self> {
        let arguments: Vec<String> = arguments.collect();
        let [fault, cycles, from, to, rest @ ..] = arguments.as_slice() else { return None };
        let fault = match (fault.as_str(), rest) {
            ("server", []) => Fault::Server,
            ("postgres", [data, start @ ..]) if !start.is_empty() => {
                Fault::Postgres { data: data.into(), start: start.to_vec() }
            }
            _ => return None,
        };
        let moment = from.parse().ok()?..to.parse().ok()?;
        (!moment.is_empty()).then_some(Self { fault, cycles: cycles.parse().ok()?, moment })
    }
}
