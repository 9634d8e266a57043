//! One folder per noun, one file per act. Features never import each other.

pub mod activity;
pub mod adjustment;
pub mod admin;
pub mod complaint;
pub mod console;
pub mod development;
pub mod donation;
pub mod enrolment;
pub mod health;
pub mod member;
pub mod merchant;
pub mod misconduct;
pub mod offer;
pub mod organisation;
pub mod points;
pub mod redemption;
pub mod residency;
pub mod roster;
pub mod session;
pub mod staff;
pub mod unit_pairing;
