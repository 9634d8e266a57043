//! HTTP/1.1 over one kept connection, as little of it as the load needs: the client shares its cores with what it measures.

use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request to be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The whole path with its query.
    pub path: &'a str,
    /// The caller's access token.
    pub token: Option<&'a str>,
    /// The idempotency key.
    pub key: Option<&'a str>,
    /// Where the caller is, said as a proxy says it.
    pub from: Option<Ipv4Addr>,
    /// A JSON body.
    pub body: Option<&'a str>,
}

impl Request<'_> {
    /// Writes the request as it goes over the wire.
    pub fn write_to(&self, text: &mut String) {
        let written = (|| {
            write!(text, "{} {} HTTP/1.1\r\nhost: bench\r\n", self.method, self.path)?;
            if let Some(token) = self.token {
                write!(text, "authorization: Bearer {token}\r\n")?;
            }
            if let Some(key) = self.key {
                write!(text, "idempotency-key: {key}\r\n")?;
            }
            if let Some(from) = self.from {
                write!(text, "x-forwarded-for: {from}\r\n")?;
            }
            if let Some(body) = self.body {
                write!(text, "content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
            } else if self.method == "GET" {
                text.write_str("\r\n")
            } else {
                text.write_str("content-length: 0\r\n\r\n")
            }
        })();
        debug_assert!(written.is_ok(), "a string takes everything");
    }

    /// The request as text.
    pub fn to_text(self) -> String {
        let mut text = String::new();
        self.write_to(&mut text);
        text
    }
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

/// A connection that is used again and again.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and waits for its answer.
    pub async fn exchange(&mut self, request: &str) -> io::Result<Answer<'_>> {
        self.stream.write_all(request.as_bytes()).await?;
        self.received.clear();
        let head = loop {
            let seen = self.received.len().saturating_sub(3);
            self.receive().await?;
            let end = self.received[seen..].windows(4).position(|bytes| bytes == b"\r\n\r\n");
            if let Some(end) = end {
                break seen + end + 4;
            }
        };
        let (status, length) = read_head(&self.received[..head]).ok_or_else(|| unreadable(&self.received[..head]))?;
        while self.received.len() < head + length {
            self.receive().await?;
        }
        Ok(Answer { status, body: &self.received[head..head + length] })
    }

    async fn receive(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The status, and how long the body is.
fn read_head(head: &[u8]) -> Option<(u16, usize)> {
    const LENGTH: &[u8] = b"content-length:";
    let status = std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()?;
    let length = head.split(|byte| *byte == b'\n').find_map(|line| {
        let value = line.split_at_checked(LENGTH.len()).filter(|(name, _)| name.eq_ignore_ascii_case(LENGTH))?.1;
        std::str::from_utf8(value).ok()?.trim().parse().ok()
    });
    Some((status, length.unwrap_or(0)))
}

fn unreadable(head: &[u8]) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, String::from_utf8_lossy(head).into_owned())
}
