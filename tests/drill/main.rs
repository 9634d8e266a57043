//! What `tests/faults` runs: a crowd asks the true binary for things, something is killed in the middle of it and started
//! again, the crowd goes on, and then everything it was told must be in the database, once. Again and again.

mod drill;
mod report;
mod settings;

use std::process::ExitCode;

use drill::Drill;
use settings::Settings;

/// How much of what is wrong is shown; the line counts all of it.
const SHOWN: usize = 20;

#[tokio::main(worker_threads = 4)]
async fn main() -> ExitCode {
    let Some(settings) = Settings::read(std::env::args().skip(1)) else {
        eprintln!("drill: tests/faults starts this program");
        return ExitCode::from(2);
    };
    let cycles = settings.cycles;
    let mut drill = Drill::prepare(settings).await;
    for cycle in 1..=cycles {
        drill.cycle().await;
        eprintln!("{cycle}/{cycles}: {}", drill.report().line());
    }
    let report = drill.report();
    println!("{}", report.line());
    for (wrong, cycle) in report.wrong.iter().take(SHOWN) {
        println!("WRONG since cycle {cycle}: {wrong}");
    }
    if report.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
