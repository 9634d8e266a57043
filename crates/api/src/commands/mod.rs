//! What `zhixiang` can be told to do on the command line. Exit codes: 0 done, 1 a check found something, 2 wrong usage
//! or configuration.

mod create_admin;
mod demo_data;
mod import_roster;
mod migrate;
mod openapi;
mod serve;
mod totp;
mod verify_ledger;
mod verify_receipt;

use std::io::BufWriter;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};
use crate::failure::Failure;
use crate::features::health;

/// How many lines of the log may wait to be written; those beyond are lost, and counted.
const LOG_LINES_WAITING: usize = 10_000;

/// 智享平城 backend. Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "zhixiang", version)]
pub struct CommandLine {
    /// A TOML file of settings; `ZHIXIANG__…` variables win over it.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (what happens without a command).
    Serve,
    /// Bring the database's schema up to date.
    Migrate,
    /// Write the three OpenAPI documents into a folder.
    Openapi(openapi::Arguments),
    /// Create an admin account with a one-time password.
    CreateAdmin(create_admin::Arguments),
    /// Write roster files, or load realistic data of any size into an empty database.
    DemoData(demo_data::Arguments),
    /// Import the district's roster from a CSV or Excel file.
    ImportRoster(import_roster::Arguments),
    /// Print an admin's current TOTP code.
    Totp(totp::Arguments),
    /// Check that the books are right: every invariant, the hash of every entry, and the seals.
    VerifyLedger(verify_ledger::Arguments),
    /// Verify a member's receipt offline, against the public key that signs seals.
    VerifyReceipt(verify_receipt::Arguments),
}

/// Does what the command line says.
pub async fn run(line: CommandLine) -> ExitCode {
    match dispatch(line).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Found(sentence)) => {
            eprintln!("zhixiang: {sentence}");
            ExitCode::from(1)
        }
        Err(Failure::Usage(sentence)) => {
            eprintln!("zhixiang: {sentence}");
            ExitCode::from(2)
        }
    }
}

async fn dispatch(line: CommandLine) -> Result<(), Failure> {
    let command = line.command.unwrap_or(Command::Serve);
    if let Command::Openapi(arguments) = command {
        return openapi::run(&arguments);
    }
    if let Command::VerifyReceipt(arguments) = &command {
        return verify_receipt::run(arguments);
    }
    if let Command::DemoData(arguments) = &command
        && let Some(folder) = demo_data::folder(arguments)
    {
        return demo_data::write(arguments, &folder);
    }
    let config = Config::load(line.config.as_deref())?;
    let _log = log_to_stderr(&config)?;
    match command {
        Command::Serve => serve::run(config).await,
        Command::Migrate => migrate::run(&config).await,
        Command::CreateAdmin(arguments) => create_admin::run(config, arguments).await,
        Command::DemoData(arguments) => demo_data::run(config, &arguments).await,
        Command::ImportRoster(arguments) => import_roster::run(config, arguments).await,
        Command::Totp(arguments) => totp::run(config, &arguments).await,
        Command::VerifyLedger(arguments) => verify_ledger::run(&config, &arguments).await,
        Command::Openapi(_) | Command::VerifyReceipt(_) => Ok(()),
    }
}

/// A thread of its own writes the log, as many lines at once as there are: one write for each would take a third of what a
/// busy service can do. The guard, dropped, gives it a second for what is left.
fn log_to_stderr(config: &Config) -> Result<WorkerGuard, Failure> {
    let filter = EnvFilter::try_new(&config.log.level)
        .map_err(|error| Failure::Usage(format!("ZHIXIANG__LOG__LEVEL is no filter: {error}")))?;
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LOG_LINES_WAITING)
        .finish(BufWriter::with_capacity(64 * 1024, std::io::stderr()));
    health::watch_log(writer.error_counter());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match config.log.format {
        LogFormat::Json => log.json().init(),
        LogFormat::Text => log.compact().init(),
    }
    Ok(guard)
}
