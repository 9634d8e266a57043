//! What is true, with no machine attached: the field's things, their states, and the rules that move them.
//!
//! The module list is the glossary; each module's first line carries the Chinese term.

pub mod activity;
pub mod adjustment;
pub mod application;
pub mod attendance_code;
pub mod audit;
pub mod budget;
pub mod code;
pub mod complaint;
pub mod consent;
pub mod desk;
pub mod donation;
pub mod enrolment;
pub mod exclusion;
pub mod id;
pub mod ledger_finding;
pub mod liability;
pub mod member;
pub mod merchant;
pub mod misconduct;
pub mod notice;
pub mod objection;
pub mod offer;
pub mod official;
pub mod organisation;
pub mod page;
pub mod personal;
pub mod points;
pub mod reconciliation;
pub mod redemption;
pub mod residency;
pub mod reversal;
pub mod reward;
pub mod role;
pub mod roster;
pub mod service;
pub mod session;
pub mod text;
pub mod time;
pub mod typed_code;
pub mod voucher;
