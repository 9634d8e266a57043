//! The keys belong to the database: with others it does not start.

use std::path::Path;

use api::clock::Clock;
use api::config::{Config, Keys};
use api::keys::KeyRing;
use api::state::State;
use tests::TestApp;
use tests::database;

/// The keys that a first start made in this directory.
fn keys_in(directory: &Path) -> Keys {
    let text = std::fs::read_to_string(directory.join("keys.toml")).expect("the keys");
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} = ")));
        line.expect(name).trim_matches('"').to_owned()
    };
    Keys {
        token: value("token"),
        refresh: value("refresh"),
        voucher: value("voucher"),
        code: value("code"),
        seal: value("seal"),
        index: value("index"),
        sealing: [("1".into(), value("1"))].into(),
    }
}

/// Puts one of other keys among these.
type Change = fn(&mut Keys, Keys);

/// Keys of nobody.
fn other_keys() -> Keys {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let config = Config { data_directory: directory.path().into(), ..Config::default() };
    KeyRing::load(&config).expect("the keys are made");
    keys_in(directory.path())
}

/// What a start with these keys says, if it is refused.
async fn refusal(config: &Config, keys: Keys) -> Option<String> {
    let config = Config { keys: Some(keys), ..config.clone() };
    State::open(config, Clock::default()).await.err().map(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_starts_with_its_own_keys_only() {
    let app = TestApp::start().await;
    let (config, own) = (app.state.config.clone(), keys_in(app.data_directory()));
    assert_eq!(refusal(&config, own.clone()).await, None);
    let changes: [(&str, Change); 7] = [
        ("keys.token", |keys, other| keys.token = other.token),
        ("keys.refresh", |keys, other| keys.refresh = other.refresh),
        ("keys.voucher", |keys, other| keys.voucher = other.voucher),
        ("keys.code", |keys, other| keys.code = other.code),
        ("keys.seal", |keys, other| keys.seal = other.seal),
        ("keys.index", |keys, other| keys.index = other.index),
        ("keys.sealing.1", |keys, other| keys.sealing = other.sealing),
    ];
    for (name, change) in changes {
        let mut keys = own.clone();
        change(&mut keys, other_keys());
        let sentence = refusal(&config, keys).await.expect(name);
        assert!(sentence.starts_with(&format!("{name} is not this database's")), "{sentence}");
    }

    let mut more = own.clone();
    more.sealing.insert("2".into(), other_keys().sealing["1"].clone());
    assert_eq!(refusal(&config, more).await, None, "a higher sealing key may be added");
    let sentence = refusal(&config, own).await.expect("and then is needed");
    assert!(sentence.starts_with("keys.sealing.2 is not"), "{sentence}");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_without_fingerprints_is_refused() {
    let app = TestApp::start().await;
    let (config, own) = (app.state.config.clone(), keys_in(app.data_directory()));
    let connection = database::connect(&app.database_url).await;
    database::run(&connection, "DELETE FROM key_fingerprint").await;
    let sentence = refusal(&config, own).await.expect("a refusal");
    assert!(sentence.contains("no fingerprints"), "{sentence}");
    assert_eq!(app.number("SELECT count(*) FROM key_fingerprint").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_replicas_that_start_at_once_all_agree_on_one_set_of_keys() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut config = Config { data_directory: directory.path().into(), ..Config::default() };
    config.database.url = Some(database::fresh(directory.path()).await);
    if config.database_url().starts_with("sqlite:") {
        println!("skipped: there are no replicas on SQLite");
        return;
    }
    KeyRing::load(&config).expect("the keys are made");
    let start = |config: &Config| tokio::spawn(State::open(config.clone(), Clock::default()));
    for started in [start(&config), start(&config), start(&config)] {
        started.await.expect("no panic").map(drop).expect("it starts");
    }

    let stranger = tempfile::tempdir().expect("a temporary directory");
    config.database.url = Some(database::fresh(stranger.path()).await);
    let other = Config { data_directory: stranger.path().into(), ..config.clone() };
    KeyRing::load(&other).expect("other keys are made");
    let outcomes = [start(&config), start(&other)];
    let mut started = 0;
    for outcome in outcomes {
        started += u32::from(outcome.await.expect("no panic").is_ok());
    }
    assert_eq!(started, 1, "of two with different keys only the first one starts");
}
