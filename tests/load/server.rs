//! Programs under load: the product, and the bare one beside it.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::http::{Connection, Request};

/// A program that serves; dropped, it is ended.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From its start to its first answer.
    pub first_answer: Duration,
    log: Option<File>,
}

impl Server {
    /// Starts a program and waits until it answers; `command` is told where to listen.
    pub fn start(path: &str, log: Option<&Path>, command: impl FnOnce(SocketAddr) -> Command) -> Result<Self, Failure> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = command(address);
        let log = log.map(|log| File::options().create(true).append(true).open(log)).transpose()?;
        if let Some(log) = &log {
            command.stdout(log.try_clone()?).stderr(log.try_clone()?);
        }
        let started = Instant::now();
        let mut child = command.spawn()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let request = Request { method: "GET", path, ..Request::default() }.to_text();
        while !runtime.block_on(answers(address, &request)) {
            if let Some(status) = child.try_wait()? {
                return Err(format!("the program under load ended: {status}").into());
            }
            if started.elapsed() > Duration::from_secs(30) {
                child.kill()?;
                return Err("the program under load does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(Self { child, address, first_answer: started.elapsed(), log })
    }

    /// Resident memory in MiB: now, and at most so far.
    pub fn memory(&self) -> io::Result<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            kib.unwrap_or_default() / 1024
        };
        Ok((of("VmRSS:"), of("VmHWM:")))
    }

    /// Throws the log away, which grows by gigabytes.
    pub fn forget_log(&self) -> io::Result<()> {
        self.log.as_ref().map_or(Ok(()), |log| log.set_len(0))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

async fn answers(address: SocketAddr, request: &str) -> bool {
    let asked = async { Ok::<_, io::Error>(Connection::open(address).await?.exchange(request).await?.status) };
    asked.await.is_ok_and(|status| status == 200)
}
