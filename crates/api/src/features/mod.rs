//! One folder per noun, one file per act. Features never import each other.

pub mod admin;
pub mod development;
pub mod health;
pub mod member;
pub mod merchant;
pub mod offer;
pub mod points;
pub mod redemption;
pub mod session;
pub mod staff;
