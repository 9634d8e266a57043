//! Writes and loads realistic data of any size: the demo, the district, or anything between and beyond.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::clock::Clock;
use crate::config::Config;
use crate::demo::{self, Size};
use crate::failure::Failure;
use crate::state::State;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How much: the demo, or the district of 134,000 members.
    #[arg(long, value_enum, default_value_t = Preset::Demo)]
    size: Preset,
    /// Members, instead of the size's number.
    #[arg(long)]
    members: Option<u64>,
    /// Estates, instead of the size's number.
    #[arg(long)]
    estates: Option<usize>,
    /// Paired units, instead of the size's number.
    #[arg(long)]
    units: Option<usize>,
    /// Offers, instead of the size's number.
    #[arg(long)]
    offers: Option<usize>,
    /// Activities, instead of the size's number.
    #[arg(long)]
    activities: Option<usize>,
    /// How many members beside the demo's people have served and hold points.
    #[arg(long)]
    credited: Option<u64>,
    /// Write roster files into this folder instead of loading anything.
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Preset {
    Demo,
    District,
}

impl Arguments {
    fn size(&self) -> Size {
        let preset = match self.size {
            Preset::Demo => Size::DEMO,
            Preset::District => Size::DISTRICT,
        };
        Size {
            members: self.members.unwrap_or(preset.members),
            estates: self.estates.unwrap_or(preset.estates),
            units: self.units.unwrap_or(preset.units).max(1),
            offers: self.offers.unwrap_or(preset.offers),
            activities: self.activities.unwrap_or(preset.activities),
            credited: self.credited.unwrap_or(preset.credited),
        }
    }
}

/// Writes roster files, for which no database is needed.
pub(super) fn write(arguments: &Arguments, folder: &std::path::Path) -> Result<(), Failure> {
    let files = demo::write_roster_files(folder, arguments.size(), say)?;
    println!("{} files in {}, the whole district in district.csv", files.len(), folder.display());
    Ok(())
}

/// The folder to write into, if nothing is to be loaded.
pub(super) fn folder(arguments: &Arguments) -> Option<PathBuf> {
    arguments.write.clone()
}

pub(super) async fn run(config: Config, arguments: &Arguments) -> Result<(), Failure> {
    if !config.development() {
        return Err(Failure::Usage(
            "demo data belongs into the development profile only: unset ZHIXIANG__PROFILE".into(),
        ));
    }
    let state = State::open(config, Clock::default()).await?;
    demo::load(&state, arguments.size(), say).await?;
    let accounts = state.config.data_directory.join("demo-accounts.txt");
    println!("loaded; how to sign in stands in {}", accounts.display());
    Ok(())
}

fn say(what: &str, done: u64, of: u64) {
    eprintln!("{what} {done}/{of}");
}
