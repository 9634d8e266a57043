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
mod journey;
mod mall_races;
mod membership;
mod merchant;
mod offer;
mod points;
mod readme;
mod redemption;
mod replicas;
mod residency;
mod restart;
mod roster;
mod session;
mod settings;
mod voucher;
