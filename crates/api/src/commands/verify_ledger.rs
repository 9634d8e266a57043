//! Checks that the books are right and prints a line for each thing that must hold. It repairs nothing.

use std::io::{IsTerminal, stdout};

use clap::Args;
use domain::points::chain::Hash;
use storage::invariants::{self, Violations};
use storage::{Database, StorageError, answers, chains, owners, seals};

use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::failure::Failure;
use crate::http::exact::HexHash;
use crate::keys::KeyRing;
use crate::seal_key::{SealChecker, SealKey};

/// One thing that must hold, and whether it does.
struct Finding {
    name: &'static str,
    rule: &'static str,
    violations: Violations,
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A public key that signed seals, in base64; may be given several times. Without one, the key of these settings.
    #[arg(long)]
    seal_key: Vec<String>,
    /// The number and root of a seal as it was published, such as 7:d67e…2708; may be given several times. An older copy
    /// of the books, however right by itself, lacks it.
    #[arg(long)]
    expect_seal: Vec<String>,
}

pub(super) async fn run(config: &Config, arguments: &Arguments) -> Result<(), Failure> {
    let checkers = checkers(config, &arguments.seal_key)?;
    let published = arguments.expect_seal.iter().map(|seal| published(seal)).collect::<Result<Vec<_>, _>>()?;
    let database = Database::open_to_verify(&config.database_url()).await.map_err(ConfigError::from)?;
    let pending = database.pending_migrations().await.map_err(ConfigError::from)?;
    if !pending.is_empty() {
        let place = config.database_place();
        return Err(Failure::Usage(format!(
            "{place} holds no books of this version: set ZHIXIANG__DATABASE__URL to a database that is up to date"
        )));
    }
    let mut findings = look(&database, &checkers).await?;
    if !published.is_empty() {
        findings.push(compare(&database, &published).await?);
    }
    let wrong = findings.iter().filter(|finding| finding.violations.count > 0).count();
    for finding in &findings {
        print(finding);
    }
    if wrong == 0 {
        println!("the books are right: {} of {} hold", findings.len(), findings.len());
        return Ok(());
    }
    Err(Failure::Found(format!("the books are wrong: {wrong} of {} do not hold", findings.len())))
}

/// Who signed the seals. Looking makes no keys where there are none.
fn checkers(config: &Config, given: &[String]) -> Result<Vec<SealChecker>, Failure> {
    if given.is_empty() && KeyRing::is_there(config) {
        return Ok(vec![SealKey::new(&KeyRing::load(config)?.seal).checker()]);
    }
    let read = |key: &String| {
        let sentence = || Failure::Usage(format!("--seal-key {key} is no Ed25519 public key in base64"));
        SealChecker::read(key).ok_or_else(sentence)
    };
    given.iter().map(read).collect()
}

/// Reads `number:root`.
fn published(text: &str) -> Result<(i64, Hash), Failure> {
    let read = |text: &str| {
        let (number, root) = text.split_once(':')?;
        Some((number.parse().ok()?, HexHash::from_hex(root)?.0))
    };
    read(text).ok_or_else(|| Failure::Usage(format!("--expect-seal {text} is no number, colon and root in hex")))
}

async fn compare(database: &Database, published: &[(i64, Hash)]) -> Result<Finding, StorageError> {
    let (tx, mut violations) = (database.read(), Violations::default());
    for (number, root) in published {
        let kept = seals::find(&tx, *number).await?;
        if kept.is_none_or(|kept| kept.seal.root != *root) {
            violations.count += 1;
            violations.subjects.push(format!("seal {number}"));
        }
    }
    Ok(Finding { name: "expected_seal", rule: "the seals that were published are still these", violations })
}

async fn look(database: &Database, checkers: &[SealChecker]) -> Result<Vec<Finding>, StorageError> {
    let tx = database.read();
    let now = Clock::default().wall();
    let mut findings = Vec::new();
    for invariant in invariants::all() {
        let violations = invariants::check(&tx, &invariant, now).await?;
        findings.push(Finding { name: invariant.name, rule: invariant.rule, violations });
    }
    let (name, rule) = chains::RULE;
    let violations = chains::check(&tx, |_| ()).await?;
    findings.push(Finding { name, rule, violations });
    let (name, rule) = owners::RULE;
    let violations = owners::check(&tx).await?;
    findings.push(Finding { name, rule, violations });
    let (name, rule) = answers::RULE;
    let violations = answers::check(&tx).await?;
    findings.push(Finding { name, rule, violations });
    let (name, rule) = seals::RULE;
    let violations = seals::check(&tx, |signed| checkers.iter().any(|checker| checker.accepts(signed))).await?;
    findings.push(Finding { name, rule, violations });
    Ok(findings)
}

fn print(Finding { name, rule, violations }: &Finding) {
    let holds = violations.count == 0;
    let mark = match (holds, stdout().is_terminal()) {
        (true, true) => "\u{1b}[32mok\u{1b}[0m ",
        (true, false) => "ok ",
        (false, true) => "\u{1b}[31mRED\u{1b}[0m",
        (false, false) => "RED",
    };
    println!("{mark}  {name:<18} {rule}");
    if !holds {
        let named: Vec<String> = violations.subjects.iter().map(ToString::to_string).collect();
        println!("     {} violation(s): {}", violations.count, named.join(", "));
    }
}
