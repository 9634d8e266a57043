//! Asks WeChat: who holds this login code, which phone number stands behind that one.
//! With the feature `sandbox`, also answers in WeChat's place.

mod access_token;
mod answer;
mod client;
mod code_to_session;
mod error;
mod phone_number;
#[cfg(feature = "sandbox")]
pub mod sandbox;

pub use client::{Client, Config};
pub use code_to_session::Identity;
pub use error::{Error, Refusal};
