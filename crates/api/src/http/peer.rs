//! Where a request came from. `X-Forwarded-For` is believed only from a proxy that the settings name.

use std::net::IpAddr;

use actix_web::HttpRequest;

/// The client's network address.
pub fn address(request: &HttpRequest, trusted: &[IpAddr]) -> Option<String> {
    let peer = request.peer_addr()?.ip();
    if !trusted.contains(&peer) {
        return Some(peer.to_string());
    }
    let forwarded = request.headers().get("x-forwarded-for").and_then(|list| list.to_str().ok());
    let client = forwarded.and_then(|list| {
        list.rsplit(',').filter_map(|entry| entry.trim().parse::<IpAddr>().ok()).find(|entry| !trusted.contains(entry))
    });
    Some(client.unwrap_or(peer).to_string())
}
