//! The suite: stories by feature, races, authorisation, contract, boundaries. It runs on both databases.

mod activity;
mod admin;
mod authorisation;
mod boundaries;
mod complaint;
mod console;
mod contract;
mod demo;
mod enrolment;
mod enrolment_races;
mod membership;
mod points;
mod readme;
mod residency;
mod roster;
mod session;
mod settings;
