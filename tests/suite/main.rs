//! The suite: stories by feature, races, authorisation, contract, boundaries. It runs on both databases.

mod admin;
mod authorisation;
mod boundaries;
mod contract;
mod session;
mod settings;
