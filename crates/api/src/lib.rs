//! HTTP, and the order in which things happen: routes, use cases, jobs, wiring.

pub mod app;
pub mod auth;
pub mod clock;
pub mod commands;
pub mod config;
pub mod crediting;
pub mod demo;
pub mod error;
pub mod error_code;
mod example_ids;
pub mod failure;
pub mod features;
mod fraud_stop;
mod gate;
mod gathering;
pub mod http;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod openapi;
mod page_cache;
pub mod receipt_file;
mod refunding;
pub mod roster_file;
pub mod roster_import;
pub mod routes;
pub mod seal_file;
pub mod seal_key;
pub mod state;
pub mod use_case;

pub use app::{Running, start};
pub use config::Config;
pub use error::{ApiError, ApiResult};
pub use error_code::ErrorCode;
pub use state::State;
