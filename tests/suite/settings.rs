//! Settings: the example is complete, and what contradicts itself does not start.

use std::path::Path;
use std::process::Command;

use api::clock::Clock;
use api::config::{Config, Profile};
use api::state::State;
use storage::Database;
use storage::database::Pools;
use tests::binary::zhixiang;

fn example() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/settings.example.toml")
}

#[test]
fn the_example_is_read_and_names_every_setting() {
    let config = Config::load(Some(&example())).expect("the example is consistent");
    assert_eq!(config.profile, Profile::Production);
    assert!(config.server.management_listen.is_some());
    let text = std::fs::read_to_string(example()).expect("the example");
    for setting in [
        "profile",
        "data_directory",
        "listen",
        "management_listen",
        "workers",
        "trusted_proxies",
        "url",
        "migration_url",
        "read_connections",
        "write_connections",
        "app_id",
        "secret",
        "base_url",
        "token",
        "refresh",
        "voucher",
        "code",
        "seal",
        "index",
        "format",
        "level",
    ] {
        assert!(
            text.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{setting} ="))),
            "{setting}"
        );
    }
}

/// What `zhixiang serve` says when it refuses to start with these variables.
fn refusal(variables: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let output = Command::new(zhixiang())
        .arg("serve")
        .env_clear()
        .env("ZHIXIANG__DATA_DIRECTORY", directory.path())
        .envs(variables.iter().copied())
        .current_dir(directory.path())
        .output()
        .expect("zhixiang runs");
    let sentence = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{variables:?}: {sentence}");
    assert_eq!(sentence.trim().lines().count(), 1, "{sentence}");
    sentence
}

const KEYS: [(&str, &str); 7] = [
    ("ZHIXIANG__KEYS__TOKEN", "uWPoaqbx0qUb5J6L8Qm6Wb1Yv2rZkq1c0p9n3tHs7Kk="),
    ("ZHIXIANG__KEYS__REFRESH", "Qe7m3ZlX9cYtV0b2nR5sW8uA1dF4gH6jK3lP0oI9yTs="),
    ("ZHIXIANG__KEYS__VOUCHER", "Zx1c2vB3n4M5a6S7d8F9g0Hq1W2e3R4t5Y6u7I8o9Po="),
    ("ZHIXIANG__KEYS__CODE", "aL0kJ9hG8fD7sA6pO5iU4yT3rE2wQ1mN0bV9cX8zLlo="),
    ("ZHIXIANG__KEYS__SEAL", "dX5kW1pQ8vR3nT7yB2mZ6cF0hJ4gL9sAoE1uI5xK8wM="),
    ("ZHIXIANG__KEYS__INDEX", "bN1mQ2wE3rT4yU5iO6pA7sD8fG9hJ0kL1zX2cV3bNms="),
    ("ZHIXIANG__KEYS__SEALING__1", "cM9nB8vC7xZ6lK5jH4gF3dS2aP1oI0uY9tR8eW7qMns="),
];

/// All that production asks for, at this database.
fn production_like(database: &str) -> Vec<(&str, &str)> {
    let rest = [
        ("ZHIXIANG__PROFILE", "production"),
        ("ZHIXIANG__DATABASE__URL", database),
        ("ZHIXIANG__WECHAT__APP_ID", "wx1"),
        ("ZHIXIANG__WECHAT__SECRET", "s"),
        ("ZHIXIANG__SERVER__MANAGEMENT_LISTEN", "127.0.0.1:0"),
    ];
    rest.into_iter().chain(KEYS).collect()
}

#[tokio::test]
async fn production_does_not_run_as_a_role_that_may_rewrite_the_ledger() {
    let Some((owner, application)) = tests::database::owned().await else {
        println!("skipped: SQLite has no roles");
        return;
    };
    Database::migrate_for(&application, &owner).await.expect("the tables and the grants");
    assert!(refusal(&production_like(&owner)).contains("ZHIXIANG__DATABASE__MIGRATION_URL"));
    let pools = Pools { read: 1, write: 1 };
    let database = Database::open(&application, pools).await.expect("a database");
    assert!(!database.may_rewrite_ledger().await.expect("an answer"));
}

#[test]
fn wrong_settings_end_the_start_with_one_sentence_that_says_what_to_set() {
    let production = ("ZHIXIANG__PROFILE", "production");
    let database = ("ZHIXIANG__DATABASE__URL", "postgres://x@127.0.0.1:1/y");
    let production_like = production_like(database.1);
    let but = |name: &'static str, value: &'static str| {
        let others = production_like.iter().copied().filter(|(other, _)| *other != name);
        others.chain([(name, value)]).collect::<Vec<_>>()
    };
    let base = "ZHIXIANG__WECHAT__BASE_URL";
    let cases: [(&[(&str, &str)], &str); 20] = [
        (&[("ZHIXIANG__PROFILE", "staging")], "ZHIXIANG__PROFILE"),
        (&[("ZHIXIANG__SERVER__LISTEN", "everywhere")], "ZHIXIANG__SERVER__LISTEN"),
        (&[("ZHIXIANG__SERVER__LISTEN", "0.0.0.0:0")], "loopback"),
        (&[("ZHIXIANG__SERVER__PORT", "80")], "`port`"),
        (&[("ZHIXIANG__DATABASE__URL", "mysql://x/y")], "ZHIXIANG__DATABASE__URL"),
        (&[("ZHIXIANG__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none")], "ZHIXIANG__DATABASE__URL"),
        (&[("ZHIXIANG__WECHAT__APP_ID", "wx1")], "ZHIXIANG__WECHAT__SECRET"),
        (&[production], "PostgreSQL"),
        (&[production, database], "[keys]"),
        (&[("ZHIXIANG__SERVER__WORKERS", "0")], "ZHIXIANG__SERVER__WORKERS"),
        (&[("ZHIXIANG__SERVER__WORKERS", "100000")], "ZHIXIANG__SERVER__WORKERS"),
        (&[("ZHIXIANG__DATABASE__MIGRATION_URL", "sqlite://other.db")], "ZHIXIANG__DATABASE__MIGRATION_URL"),
        (&[("ZHIXIANG__DATABASE__MIGRATION_URL", "postgres://x@127.0.0.1:1/y")], "ZHIXIANG__DATABASE__MIGRATION_URL"),
        (&but("ZHIXIANG__DATABASE__MIGRATION_URL", "sqlite://other.db"), "ZHIXIANG__DATABASE__MIGRATION_URL"),
        (&but(base, "http://api.weixin.qq.com"), base),
        (&but(base, "https://api.weixin.qq.com.evil.example"), base),
        (&but(base, "https://evil.example/api.weixin.qq.com"), base),
        (&but(base, "https://api.weixin.qq.com@evil.example"), base),
        (&but("ZHIXIANG__KEYS__VOUCHER", KEYS[5].1), "keys.index and keys.voucher"),
        // Nothing is wrong with one of WeChat's other hosts: only the database is not there.
        (&but(base, "https://sh.api.weixin.qq.com"), "ZHIXIANG__DATABASE__URL"),
    ];
    for (variables, word) in cases {
        let sentence = refusal(variables);
        assert!(sentence.contains(word), "{variables:?}: {sentence}");
    }
}

#[tokio::test]
async fn a_clock_that_the_databases_contradicts_does_not_start() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut config = Config { data_directory: directory.path().into(), ..Config::default() };
    config.database.url = Some(tests::database::fresh(directory.path()).await);
    let clock = Clock::default();
    clock.advance_wall(chrono::Duration::seconds(30));
    let Err(refusal) = State::open(config, clock).await else { panic!("it started") };
    let sentence = refusal.to_string();
    assert!(sentence.contains("clock") && sentence.contains("seconds apart"), "{sentence}");
}

#[test]
fn the_examples_placeholders_are_no_keys() {
    let output = Command::new(zhixiang())
        .args(["--config", example().to_str().expect("a path"), "serve"])
        .env_clear()
        .output()
        .expect("zhixiang runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("openssl rand -base64 32"));
}

#[test]
fn a_code_from_nowhere_says_which_database_was_asked() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let output = Command::new(zhixiang())
        .args(["totp", "district-1"])
        .env_clear()
        .env("ZHIXIANG__DATA_DIRECTORY", directory.path())
        .output()
        .expect("zhixiang runs");
    let sentence = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{sentence}");
    assert!(sentence.contains("/zhixiang.db") && sentence.contains("ZHIXIANG__DATABASE__URL"), "{sentence}");
}
