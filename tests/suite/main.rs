//! The suite: stories by feature, races, authorisation, contract, boundaries. It runs on both databases.

mod authorisation;
mod boundaries;
mod contract;
mod points;
mod session;
mod settings;
