//! The arrows between the rooms, and what no room may bring in.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

const ARROWS: [(&str, &[&str]); 6] = [
    ("api", &["domain", "storage", "wechat-auth"]),
    ("domain", &[]),
    ("migrations", &[]),
    ("storage", &["domain", "migrations"]),
    ("tests", &["api", "domain", "migrations", "storage", "wechat-auth"]),
    ("wechat-auth", &[]),
];

/// Crates that only these rooms may name.
const KEPT: [(&str, &[&str]); 6] = [
    ("sea-orm", &["storage", "tests"]),
    ("sea-orm-migration", &["migrations"]),
    ("sqlx", &["storage"]),
    ("redis", &["storage"]),
    ("reqwest", &["wechat-auth", "tests"]),
    ("actix-web", &["api", "wechat-auth", "tests"]),
];

const BANNED: [&str; 5] = ["openssl-sys", "native-tls", "ring", "h2", "rsa"];

fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let version = Command::new("rustc").arg("-vV").output().expect("rustc runs").stdout;
    let version = String::from_utf8_lossy(&version).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
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
    let metadata = metadata();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        let source = package["source"].as_str().unwrap_or("");
        assert!(!source.starts_with("git+"), "{name} comes from git");
    }
    let nodes = metadata["resolve"]["nodes"].as_array().expect("the resolved graph");
    for node in nodes {
        let id = node["id"].as_str().expect("an id");
        let package = metadata["packages"].as_array().expect("packages").iter().find(|one| one["id"] == id);
        let name = package.and_then(|one| one["name"].as_str()).unwrap_or("");
        assert!(!BANNED.contains(&name), "{name} is banned");
    }
}
