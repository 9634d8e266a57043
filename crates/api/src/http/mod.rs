//! The shape of requests and answers, the same for every feature.

pub mod answer;
pub mod coded;
pub mod exact;
pub mod front;
pub mod idempotency_key;
pub mod input;
pub mod json;
pub mod page;
pub mod peer;
pub mod qr;
pub mod query;
pub mod request_id;
pub mod tagged;
pub mod time;
pub mod unasked;
