//! The least that this HTTP library can do: the same bytes for everybody, from memory.

use std::net::SocketAddr;

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};

use crate::Failure;

/// Serves the file's bytes until it is ended.
pub fn serve(address: SocketAddr, file: &str) -> Result<(), Failure> {
    let bytes = Bytes::from(std::fs::read(file)?);
    let server = HttpServer::new(move || {
        let bytes = bytes.clone();
        let answer = move || {
            let bytes = bytes.clone();
            async move { HttpResponse::Ok().content_type("application/json").body(bytes) }
        };
        App::new().default_service(web::to(answer))
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(async { server.bind(address)?.run().await })?)
}
