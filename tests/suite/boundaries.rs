//! The arrows between the rooms, and what no room may bring in.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

const ARROWS: [(&str, &[&str]); 7] = [
    ("api", &["domain", "storage", "wechat-auth"]),
    ("domain", &[]),
    ("load", &["wechat-auth"]),
    ("migrations", &[]),
    ("storage", &["domain", "migrations"]),
    ("tests", &["api", "domain", "migrations", "storage", "wechat-auth"]),
    ("wechat-auth", &[]),
];

/// Crates that only these rooms may name.
const KEPT: [(&str, &[&str]); 6] = [
    ("sea-orm", &["load", "storage", "tests"]),
    ("sea-orm-migration", &["migrations"]),
    ("sqlx", &["storage"]),
    ("redis", &["storage"]),
    ("reqwest", &["wechat-auth", "tests"]),
    ("actix-web", &["api", "load", "wechat-auth", "tests"]),
];

const BANNED: [&str; 5] = ["openssl-sys", "native-tls", "ring", "h2", "rsa"];

fn metadata() -> Value {
    let version = run(Command::new("rustc").arg("-vV"));
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    let arguments = ["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host];
    serde_json::from_str(&run(cargo().args(arguments))).expect("cargo metadata is JSON")
}

fn own_packages(metadata: &Value) -> Vec<&Value> {
    let members = metadata["workspace_members"].as_array().expect("members");
    let packages = metadata["packages"].as_array().expect("packages");
    packages.iter().filter(|package| members.contains(&package["id"])).collect()
}

fn dependencies(package: &Value) -> BTreeSet<&str> {
    let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
    dependencies.filter(|one| one["kind"].is_null()).map(|one| one["name"].as_str().expect("a name")).collect()
}

#[test]
fn the_arrows_are_those_of_the_map() {
    let metadata = metadata();
    let rooms: BTreeSet<_> = ARROWS.iter().map(|(room, _)| *room).collect();
    let packages = own_packages(&metadata);
    assert_eq!(packages.len(), ARROWS.len());
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let found: BTreeSet<_> = dependencies(package).intersection(&rooms).copied().collect();
        let (_, allowed) = ARROWS.iter().find(|(room, _)| *room == name).expect("a room of the map");
        assert_eq!(found, allowed.iter().copied().collect(), "the arrows of {name}");
    }
}

#[test]
fn machines_stay_in_their_rooms() {
    let metadata = metadata();
    for package in own_packages(&metadata) {
        let name = package["name"].as_str().expect("a name");
        for (machine, rooms) in KEPT {
            assert!(rooms.contains(&name) || !dependencies(package).contains(machine), "{name} uses {machine}");
        }
    }
}

#[test]
fn nothing_banned_is_built() {
    // `cargo metadata` also lists what no chosen feature turns on; `cargo tree` lists what is built.
    let arguments = ["tree", "--workspace", "-e", "normal,build", "--prefix", "none", "--offline", "--locked"];
    let tree = run(cargo().args(arguments));
    let built: BTreeSet<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(built.contains("aws-lc-rs"), "cargo tree lists no crypto library: {tree}");
    for name in BANNED {
        assert!(!built.contains(name), "{name} is banned");
    }
}

#[test]
fn nothing_comes_from_git() {
    for package in metadata()["packages"].as_array().expect("packages") {
        let source = package["source"].as_str().unwrap_or("");
        assert!(!source.starts_with("git+"), "{} comes from git", package["name"]);
    }
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("the command runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the output is text")
}
