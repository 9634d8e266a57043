//! Settings: the example is complete, and what contradicts itself does not start.

use std::path::Path;
use std::process::Command;

use api::config::{Config, Profile};
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

#[test]
fn wrong_settings_end_the_start_with_one_sentence_that_says_what_to_set() {
    let production = ("ZHIXIANG__PROFILE", "production");
    let cases: [(&[(&str, &str)], &str); 9] = [
        (&[("ZHIXIANG__PROFILE", "staging")], "ZHIXIANG__PROFILE"),
        (&[("ZHIXIANG__SERVER__LISTEN", "everywhere")], "ZHIXIANG__SERVER__LISTEN"),
        (&[("ZHIXIANG__SERVER__LISTEN", "0.0.0.0:0")], "loopback"),
        (&[("ZHIXIANG__SERVER__PORT", "80")], "`port`"),
        (&[("ZHIXIANG__DATABASE__URL", "mysql://x/y")], "ZHIXIANG__DATABASE__URL"),
        (&[("ZHIXIANG__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none")], "ZHIXIANG__DATABASE__URL"),
        (&[("ZHIXIANG__WECHAT__APP_ID", "wx1")], "ZHIXIANG__WECHAT__SECRET"),
        (&[production], "PostgreSQL"),
        (&[production, ("ZHIXIANG__DATABASE__URL", "postgres://x@127.0.0.1:1/y")], "[keys]"),
    ];
    for (variables, word) in cases {
        let sentence = refusal(variables);
        assert!(sentence.contains(word), "{variables:?}: {sentence}");
    }
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
