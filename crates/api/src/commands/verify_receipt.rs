//! Verifies a receipt with nothing but a public key: no database, no settings, no network.

use std::path::{Path, PathBuf};

use clap::Args;
use domain::code::Code;
use domain::points::receipt::{self, Receipt};
use domain::time::spoken;
use serde::de::DeserializeOwned;
use storage::seals::Signed;

use crate::failure::Failure;
use crate::receipt_file::ReceiptView;
use crate::seal_file::SealView;
use crate::seal_key::SealChecker;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The receipt, as it was downloaded.
    file: PathBuf,
    /// The public key that signs seals, in base64, from where it is published.
    #[arg(long)]
    seal_key: String,
    /// The seal as it was published, to see that the receipt is under that very one.
    #[arg(long)]
    seal: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let key = SealChecker::read(&arguments.seal_key).ok_or_else(|| {
        Failure::Usage(format!("--seal-key {} is no Ed25519 public key in base64", arguments.seal_key))
    })?;
    let view: ReceiptView = read(&arguments.file, "receipt")?;
    let signed = Signed::from(view.seal().clone());
    if let Some(file) = &arguments.seal {
        let published: SealView = read(file, "seal")?;
        if *view.seal() != published {
            return Err(refused("its seal is not the one that was published"));
        }
    }
    let receipt = view.read().map_err(refused)?;
    receipt::check(&receipt).map_err(refused)?;
    if !key.accepts(&signed) {
        return Err(refused(format!("seal {} was not signed by this key", signed.seal.number)));
    }
    println!("{}", proven(&receipt, &signed.key_id));
    Ok(())
}

fn proven(receipt: &Receipt, key_id: &str) -> String {
    let occasion = &receipt.transfer.occasion;
    let own = receipt.legs.iter().filter_map(|leg| {
        let link = leg.entry.link.as_ref()?;
        let kind = leg.account_kind(receipt.member)?;
        let (amount, number, balance) = (leg.entry.amount, link.sequence, link.balance_after);
        Some(format!("entry {number} of the {kind} account moved {amount:+} and left {balance}"))
    });
    format!(
        "the receipt holds: transfer {} ({}, {}) of member {} was posted at {}; {}.\n\
         It is one of the {} transfers under seal {}, signed at {} by key {key_id}.",
        receipt.transfer.id,
        receipt.transfer.kind.label(),
        occasion.reason,
        receipt.member,
        spoken(occasion.posted_at),
        own.collect::<Vec<_>>().join(", "),
        receipt.seal.transfers,
        receipt.seal.number,
        spoken(receipt.seal.signed_at),
    )
}

fn refused(why: impl std::fmt::Display) -> Failure {
    Failure::Found(format!("the receipt proves nothing: {why}"))
}

fn read<T: DeserializeOwned>(file: &Path, what: &str) -> Result<T, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", file.display())))?;
    serde_json::from_str(&text).map_err(|error| refused(format!("{} is no {what}: {error}", file.display())))
}
