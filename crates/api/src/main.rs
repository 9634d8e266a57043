//! `zhixiang`: the one binary.

use std::process::ExitCode;

use api::commands::{CommandLine, run};
use clap::Parser;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let line = CommandLine::parse();
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("zhixiang: another TLS provider is installed");
        return ExitCode::from(2);
    }
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(line)),
        Err(error) => {
            eprintln!("zhixiang: cannot start the runtime: {error}");
            ExitCode::from(2)
        }
    }
}
