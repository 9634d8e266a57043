//! One folder per noun, one file per act. Features never import each other.

pub mod activity;
pub mod admin;
pub mod budget;
pub mod complaint;
pub mod console;
pub mod development;
pub mod enrolment;
pub mod health;
pub mod ledger_finding;
pub mod liability;
pub mod member;
pub mod merchant;
pub mod notice;
pub mod offer;
pub mod organisation;
pub mod points;
pub mod redemption;
pub mod residency;
pub mod roster;
pub mod rulebook;
pub mod seal;
pub mod session;
pub mod staff;
pub mod unit_pairing;
