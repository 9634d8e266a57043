//! A slow wire that can be cut: it stands between the application and its database.

use std::io;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinHandle};

/// Passes connections on. Dropped, it cuts them all.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    wires: Arc<Mutex<Vec<AbortHandle>>>,
    listening: JoinHandle<()>,
}

impl Proxy {
    /// Passes on to `upstream`, a host and its port; each message on the way there takes a random number of milliseconds.
    pub async fn before(upstream: &str, milliseconds: RangeInclusive<u64>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a spare port");
        let address = listener.local_addr().expect("its address");
        let wires = Arc::<Mutex<Vec<AbortHandle>>>::default();
        let (upstream, laid) = (upstream.to_owned(), Arc::clone(&wires));
        let listening = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let wire = tokio::spawn(carry(near, upstream.clone(), milliseconds.clone()));
                let mut laid = laid.lock().expect("the wires");
                laid.retain(|wire| !wire.is_finished());
                laid.push(wire.abort_handle());
            }
        });
        Self { address, wires, listening }
    }

    /// Cuts one of the connections, whatever is on its way there or back.
    pub fn cut_one(&self) {
        let mut wires = self.wires.lock().expect("the wires");
        wires.retain(|wire| !wire.is_finished());
        if !wires.is_empty() {
            let unlucky = fastrand::usize(..wires.len());
            wires.swap_remove(unlucky).abort();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.wires.lock().expect("the wires").iter().for_each(AbortHandle::abort);
    }
}

async fn carry(near: TcpStream, upstream: String, milliseconds: RangeInclusive<u64>) -> io::Result<()> {
    let far = TcpStream::connect(upstream).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let ((mut from_near, mut to_near), (mut from_far, mut to_far)) = (near.into_split(), far.into_split());
    let there = async {
        let mut message = Vec::with_capacity(16 * 1024);
        while from_near.read_buf(&mut message).await? > 0 {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(milliseconds.clone()))).await;
            to_far.write_all(&message).await?;
            message.clear();
        }
        Ok(())
    };
    tokio::select! {
        ended = there => ended,
        ended = tokio::io::copy(&mut from_far, &mut to_near) => ended.map(drop),
    }
}
