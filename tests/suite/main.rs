//! The suite: stories by feature, races, authorisation, contract, boundaries. It runs on both databases.

mod activity;
mod admin;
mod authorisation;
mod boundaries;
mod console;
mod contract;
mod demo;
mod enrolment;
mod enrolment_races;
mod points;
mod readme;
mod residency;
mod session;
mod settings;
