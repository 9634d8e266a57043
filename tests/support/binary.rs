//! The true binary, as a process of its own that can be killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::app::TestApp;

/// A running `zhixiang serve`. Dropped, it is killed.
pub struct Binary {
    /// `http://127.0.0.1:port`
    pub base: String,
    process: Child,
}

/// The binary beside this program's, or in the folder above, where tests have theirs.
pub fn zhixiang() -> PathBuf {
    let this = std::env::current_exe().expect("this program has a path");
    let mut found = this.ancestors().map(|folder| folder.join("zhixiang"));
    found.find(|program| program.is_file()).expect("cargo build -p api, first")
}

/// The binary with the application's database and keys, told to do something.
fn command(app: &TestApp, what: &str) -> Command {
    let mut command = Command::new(zhixiang());
    command
        .arg(what)
        .env_clear()
        .env("ZHIXIANG__DATA_DIRECTORY", app.data_directory())
        .env("ZHIXIANG__DATABASE__URL", &app.database_url)
        .env("ZHIXIANG__LOG__LEVEL", "error");
    command
}

/// What `zhixiang verify-ledger` prints of the application's database, if the books are wrong.
pub fn wrong_books(app: &TestApp) -> Option<String> {
    let Output { status, stdout, stderr } = command(app, "verify-ledger").output().expect("zhixiang runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (!status.success()).then(|| text(stdout) + &text(stderr))
}

/// What `zhixiang verify-receipt` says of this file, where there is neither a database nor settings.
pub fn verify_receipt(file: &Path, key: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(zhixiang());
    command.arg("verify-receipt").arg(file).args(["--seal-key", key]).args(more);
    let nowhere = file.parent().expect("a folder").join("nowhere");
    std::fs::create_dir_all(&nowhere).expect("an empty folder");
    let Output { status, stdout, stderr } = command.env_clear().current_dir(&nowhere).output().expect("zhixiang runs");
    assert_eq!(std::fs::read_dir(&nowhere).expect("the folder").count(), 0, "verifying makes nothing");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

impl Binary {
    /// Serves the application's database with its keys, on a spare port.
    pub fn serve(app: &TestApp) -> Self {
        Self::serve_and_log(app, Stdio::inherit())
    }

    /// The same; what it logs goes there.
    pub fn serve_and_log(app: &TestApp, log: Stdio) -> Self {
        let mut command = command(app, "serve");
        command
            .env("ZHIXIANG__SERVER__LISTEN", "127.0.0.1:0")
            .env("ZHIXIANG__SERVER__WORKERS", "2")
            .stdout(Stdio::piped())
            .stderr(log);
        if let Ok(redis) = std::env::var("ZHIXIANG_TEST_REDIS_URL") {
            command.env("ZHIXIANG__REDIS__URL", redis);
        }
        let mut process = command.spawn().expect("zhixiang starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let base = lines.find_map(|line| {
            let line = line.expect("a line");
            line.split_once(" is serving at ").map(|(_, address)| address.trim().to_owned())
        });
        // What else it says is read to the end, so that it never waits to be heard.
        std::thread::spawn(move || lines.for_each(drop));
        Self { base: base.expect("it says where it serves"), process }
    }

    /// Ends it between two instructions, as a power cut would.
    pub fn kill(&mut self) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it is gone");
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
