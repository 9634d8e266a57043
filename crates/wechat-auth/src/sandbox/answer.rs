//! Answers as WeChat sends them, JSON called text/plain, and as a bad day spoils them.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpResponse,
    body::{BodySize, MessageBody},
    web::Bytes,
};
use serde_json::Value;

use super::code::Fault;

/// A body as WeChat labels it.
pub(super) fn plain(body: String) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body(body)
}

/// The answer, spoilt as the code asked.
pub(super) async fn send(fault: Option<Fault>, answer: Value) -> HttpResponse {
    let body = answer.to_string();
    match fault {
        Some(Fault::Slow) => {
            tokio::time::sleep(Duration::from_secs(10)).await;
            plain(body)
        }
        Some(Fault::Garbage) => HttpResponse::Ok().content_type("text/html").body("<html><body>系统繁忙</body></html>"),
        Some(Fault::Http502) => HttpResponse::BadGateway().body("<html>Bad Gateway</html>"),
        Some(Fault::Reset) => HttpResponse::Ok().body(TornOff),
        Some(Fault::Control) => plain(body.replace(":\"", ":\"\u{1}\n")),
        // Sound JSON: only a client that reads no further than its limit refuses it.
        Some(Fault::Huge) => plain(body + &" ".repeat(128 * 1024)),
        _ => plain(body),
    }
}

/// Promises a body and closes the connection instead.
struct TornOff;

impl MessageBody for TornOff {
    type Error = std::io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(100)
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }
}
