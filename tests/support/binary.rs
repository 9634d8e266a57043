//! The true binary, as a process of its own that can be killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::app::TestApp;

/// A running `zhixiang serve`. Dropped, it is killed.
pub struct Binary {
    /// `http://127.0.0.1:port`
    pub base: String,
    process: Child,
}

/// The binary beside this test's.
pub fn zhixiang() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    test.parent().and_then(Path::parent).expect("target/debug").join("zhixiang")
}

impl Binary {
    /// Serves the application's database with its keys, on a spare port.
    pub fn serve(app: &TestApp) -> Self {
        let mut command = Command::new(zhixiang());
        command
            .arg("serve")
            .env_clear()
            .env("ZHIXIANG__DATA_DIRECTORY", app.data_directory())
            .env("ZHIXIANG__DATABASE__URL", &app.database_url)
            .env("ZHIXIANG__SERVER__LISTEN", "127.0.0.1:0")
            .env("ZHIXIANG__SERVER__WORKERS", "2")
            .env("ZHIXIANG__LOG__LEVEL", "error")
            .stdout(Stdio::piped());
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
