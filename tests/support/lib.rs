//! What the stories stand on: the true application on a true database, clients that speak HTTP, a small seeded world.

pub mod app;
mod balances;
pub mod binary;
pub mod books;
pub mod browser;
pub mod client;
pub mod contract;
pub mod crowd;
pub mod database;
pub mod forger;
pub mod history;
pub mod hold;
mod kept;
pub mod mall;
pub mod points;
pub mod proxy;
pub mod publicity;
pub mod reset;
pub mod service;
pub mod world;

pub use app::TestApp;
pub use browser::Browser;
pub use client::{Client, Reply};
pub use world::World;
