//! What `tests/bench` runs once servers, binary and district are there: loads, measures, compares, checks, reports.

#[path = "../support/balances.rs"]
mod balances;
mod bare;
mod bench;
mod books;
mod drive;
mod floor;
mod histories;
mod http;
mod jobs;
mod machine;
mod phones;
mod reads;
mod report;
mod server;
mod settings;
mod writes;

use std::process::ExitCode;

use bench::Bench;
use report::Report;
use settings::Settings;

/// What is measured, in this order: whoever confirms needs what was redeemed.
const LOADS: [(&str, Load); 14] = [
    ("login", writes::sign_in),
    ("redeem", writes::redeem),
    ("redeem-one", writes::redeem_one),
    ("redeem-beside", writes::redeem_beside),
    ("verify", writes::verify),
    ("check-in", writes::check_in),
    ("catalogue", reads::catalogue),
    ("search", reads::search),
    ("offer", reads::offer),
    ("balance", reads::balance),
    ("entries", reads::entries),
    ("histories", histories::compare),
    ("earn", jobs::earn),
    ("expire", jobs::expire),
];

type Load = fn(&mut Bench) -> Result<(), Failure>;

/// What broke the run off.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let done = match arguments.next().as_deref() {
        Some("bare") => serve_bare(arguments).map(|()| true),
        Some("measure") => measure(arguments).map(|report| {
            print!("{}", report.print());
            report.wrong.is_empty()
        }),
        _ => Err("tests/bench starts this program".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::from(2)
        }
    }
}

/// `bare ADDRESS FILE`
fn serve_bare(mut arguments: impl Iterator<Item = String>) -> Result<(), Failure> {
    let (Some(address), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("bare ADDRESS FILE".into());
    };
    bare::serve(address.parse()?, &file)
}

fn measure(arguments: impl Iterator<Item = String>) -> Result<Report, Failure> {
    let settings = Settings::read(arguments)?;
    let only: Vec<String> = settings.only.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if let Some(unknown) = only.iter().find(|only| LOADS.iter().all(|(name, _)| name != only)) {
        return Err(format!("no load is called {unknown}").into());
    }
    let mut bench = Bench::start(settings)?;
    for (name, load) in LOADS {
        if only.is_empty() || only.iter().any(|only| only == name) {
            // One that breaks off does not take the others with it.
            if let Err(failure) = load(&mut bench) {
                bench.report.wrong.push(format!("{name} broke off: {failure}"));
            }
        }
    }
    bench.finish()
}
