//! Writes the contracts as they are committed under `openapi/`.

use std::path::PathBuf;

use clap::Args;
use domain::code::Code;
use domain::session::Audience;

use crate::failure::Failure;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder to write into.
    #[arg(default_value = "openapi")]
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    for audience in Audience::ALL {
        let file = arguments.folder.join(format!("{}.json", audience.code()));
        std::fs::write(&file, crate::openapi::text(*audience))
            .map_err(|error| Failure::Usage(format!("cannot write {}: {error}", file.display())))?;
        println!("{}", file.display());
    }
    Ok(())
}
